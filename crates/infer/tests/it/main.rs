//! Integration tests of heptad-infer, one binary for all: what the crate promises, beside reference implementations.

mod decoder;
mod gguf;
mod hostile;
mod mask;
mod template;
mod tokenizer;
