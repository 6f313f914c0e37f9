//! The real binary on real operations: what is typed, what comes out, and with which exit code.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests; what could not run is told")]

mod code;
mod completion;
mod events;
mod harness;
mod help;
mod operations;
mod platform;
#[cfg(unix)]
mod terminal;
mod tour;
mod usage;
