//! Integration tests of heptad-infer, one binary for all.

mod decoder;
mod gguf;
