//! GGUF: the file format of llama.cpp's models, versions 2 and 3, little-endian.
//!
//! A file is metadata (typed values by key), then descriptions of tensors, then their data. All of it is checked when it is parsed, so
//! that a hostile or cut file is refused here and what uses a [`Gguf`] can rely on every range in it. Nothing is copied: strings, arrays
//! and tensors stay where they are in the file until they are asked for.
//!
//! Source: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. Begin with [`Gguf::open`]; `reader.rs` is the bounds-checked cursor.

mod metadata;
mod parse;
mod reader;
mod tensor;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, path::Path};

use self::metadata::Value;
pub use self::tensor::{Tensor, TensorType};
use crate::{
    error::{Error, Result},
    file::Bytes,
};

/// A parsed model file.
#[derive(Debug)]
pub struct Gguf {
    bytes: Bytes,
    version: u32,
    metadata: HashMap<String, Value>,
    tensors: HashMap<String, Tensor>,
}

impl Gguf {
    /// Maps a file and parses it.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be opened, else as [`Gguf::parse`].
    pub fn open(path: &Path) -> Result<Self> {
        Self::parse(Bytes::map(path)?)
    }

    /// Parses a file's bytes. Takes time and memory in proportion to the number of keys and tensors, not to the size of the file.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the place, when the bytes are not a whole and sound GGUF file; [`Error::Unsupported`] for another
    /// version of the format; [`Error::Tensor`] for a tensor whose type is not known or whose data is not all there.
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self> {
        parse::parse(bytes.into())
    }

    /// The version of the format: 2 or 3.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The keys of the metadata, sorted.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.metadata.keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    /// All tensors, sorted by name.
    pub fn tensors(&self) -> Vec<&Tensor> {
        let mut tensors: Vec<&Tensor> = self.tensors.values().collect();
        tensors.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        tensors
    }

    /// The tensor of this name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// The tensor of this name.
    ///
    /// # Errors
    /// [`Error::Tensor`] when the file has none.
    pub fn tensor(&self, name: &str) -> Result<&Tensor> {
        self.find(name).ok_or_else(|| Error::tensor(name, "the file has no such tensor"))
    }
}
