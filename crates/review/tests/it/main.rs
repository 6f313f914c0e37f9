//! The review system through its public interface.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests; what could not run is told")]

mod hostile;
mod laws;
mod pattern;
mod platform;
mod report;
mod rules;
mod sarif;
mod scan;
mod schema;
mod suppression;
