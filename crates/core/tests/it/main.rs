//! The kernel through its public interface. One binary, one module per room.

#[cfg(feature = "code")]
mod code;
mod config;
mod events;
mod operation;
mod search;
mod store;
mod telemetry;
