//! The event bus, from outside.

mod cost;
#[cfg(feature = "sqlite")]
mod crash;
mod envelope;
mod local;
mod operations;
mod random;
mod unreadable;
