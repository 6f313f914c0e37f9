//! Local language models on the processor: GGUF and safetensors files, tokenizers, constrained sampling.

pub mod decoder;
pub mod error;
pub mod file;
pub mod gguf;
mod matrix;
mod threads;

pub use self::error::{Error, Result};
