//! The review system through its public interface.

#![allow(clippy::unwrap_used, reason = "tests")]

mod hostile;
mod laws;
mod pattern;
mod platform;
mod report;
mod rules;
mod sarif;
mod scan;
mod suppression;
