//! The event bus, from outside.

mod cost;
#[cfg(feature = "sqlite")]
pub(crate) mod crash;
mod envelope;
mod local;
mod memory;
mod operations;
mod random;
mod unreadable;
