//! End to end, through the facade.

#![allow(clippy::unwrap_used, reason = "tests")]

#[cfg(feature = "encryption")]
mod encryption;
mod hostile;
mod platform;
