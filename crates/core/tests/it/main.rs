//! The kernel through its public interface. One binary, one module per room.

#![allow(clippy::unwrap_used, reason = "tests")]

#[cfg(feature = "code")]
mod code;
mod config;
mod events;
mod operation;
mod platform;
mod search;
mod store;
mod telemetry;
