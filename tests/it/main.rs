//! End to end, through the facade.

#![allow(clippy::unwrap_used, reason = "tests")]

mod hostile;
mod platform;
