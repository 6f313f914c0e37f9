//! Local language models on the processor: GGUF and safetensors files, tokenizers, constrained sampling.

pub mod bert;
pub mod decoder;
pub mod error;
pub mod file;
pub mod gguf;
pub mod mask;
mod matrix;
pub mod sample;
pub mod template;
mod threads;
pub mod tokenizer;

pub use self::error::{Error, Result};
