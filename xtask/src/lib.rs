//! The chores of Heptad, as a library so that they are tested like everything else.
//!
//! | verb | what it does | where |
//! |---|---|---|
//! | `test` | runs every part of the test suite, sums over all languages | `test`, its table in [`test::parts`] |
//! | `check` | proves the invariants of the architecture by code | [`check`], one file per rule |
//! | `codegen` | writes what is made from the operation registry | [`codegen`] |
//! | `bench` | criterion benches, and the peers beside them | `bench` |
//! | `cost` | measures what each feature costs to build | [`cost`] |
//!
//! [`surface`] is the API as data and the generators of its typed surfaces.
//! [`workspace`] reads the manifests, [`graph`] what they resolve to, [`source`] the Rust files, [`shell`] runs children.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to the person at the terminal")]

pub mod bench;
pub mod check;
pub mod codegen;
pub mod cost;
pub mod graph;
pub mod shell;
pub mod source;
pub mod surface;
pub mod test;
pub mod workspace;

/// What a chore fails with: a sentence for the person who ran it.
pub type Result<T, E = String> = std::result::Result<T, E>;
