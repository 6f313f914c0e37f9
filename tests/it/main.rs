//! End to end, through the facade.

#![allow(clippy::unwrap_used, reason = "tests")]

mod auth;
#[cfg(feature = "encryption")]
mod encryption;
mod hostile;
mod platform;
