//! The chores, tested: every rule sees its violation, every closing line is read right, no child outlives its limit.

#![allow(clippy::unwrap_used, reason = "tests")]

mod bench;
mod choice;
mod facts;
mod fixture;
mod invariants;
mod outcome;
mod shell;
