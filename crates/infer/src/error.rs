//! What can go wrong with a model: its file, its metadata, or what it was asked.

use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a model cannot be loaded, or cannot do what it was asked.
///
/// A message says what is wrong, where, and what would be right. None of them holds a prompt or an answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be opened or mapped.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file breaks the rules of its format: it is cut, damaged, or of another kind.
    #[error("{format}, byte {at}: {problem}")]
    Malformed {
        /// The format it should have, as `GGUF`.
        format: &'static str,
        /// Where, in bytes from the beginning.
        at: usize,
        /// What is wrong there.
        problem: String,
    },
    /// An entry of the metadata is missing, of another type, or out of range.
    #[error("metadata `{key}`: {problem}")]
    Metadata {
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A tensor is missing, of another shape, or of a type that cannot be used there.
    #[error("tensor `{name}`: {problem}")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The file is fine, but asks for what is not built.
    #[error("{0}")]
    Unsupported(String),
    /// A request that does not fit the model: a token outside the vocabulary, a full cache, a cache of another model.
    #[error("{0}")]
    Input(String),
}

impl Error {
    /// A metadata entry and what is wrong with it.
    pub(crate) fn metadata(key: &str, problem: impl Into<String>) -> Self {
        Error::Metadata { key: key.to_owned(), problem: problem.into() }
    }

    /// A tensor and what is wrong with it.
    pub(crate) fn tensor(name: &str, problem: impl Into<String>) -> Self {
        Error::Tensor { name: name.to_owned(), problem: problem.into() }
    }
}
