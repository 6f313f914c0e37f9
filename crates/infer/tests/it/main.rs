//! Integration tests of heptad-infer, one binary for all: what the crate promises, beside reference implementations.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests; what could not run is told")]

mod decoder;
mod gguf;
mod hostile;
mod mask;
mod template;
mod tokenizer;
