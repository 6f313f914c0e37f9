//! The kernel through its public interface. One binary, one module per room.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests; what could not run is told")]

mod auth;
mod backup;
#[cfg(feature = "code")]
mod code;
mod config;
#[cfg(all(feature = "sqlite", feature = "tantivy", unix))]
mod crash;
mod events;
mod llm;
mod operation;
mod platform;
mod search;
mod store;
mod telemetry;
