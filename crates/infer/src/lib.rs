//! Local language models on the processor: GGUF and safetensors files, tokenizers, constrained sampling.

pub mod decoder;
pub mod error;
pub mod file;
pub mod gguf;

pub use self::error::{Error, Result};
