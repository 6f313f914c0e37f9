//! End to end, through the facade.

#![allow(clippy::unwrap_used, reason = "tests")]

mod auth;
mod conformance;
#[cfg(feature = "encryption")]
mod encryption;
mod hostile;
mod platform;
