//! The real binary on real operations: what is typed, what comes out, and with which exit code.

#![allow(clippy::unwrap_used, reason = "tests")]

mod completion;
mod harness;
mod help;
mod operations;
mod platform;
mod usage;
