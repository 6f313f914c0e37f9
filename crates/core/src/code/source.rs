//! The text of a file as it is parsed.

use std::sync::Arc;

use super::{language::is_binary, lines::line_ends};

/// The text of a file, byte for byte: offsets into it are offsets into the file. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(Arc<str>);

/// Why bytes are not text. They are refused rather than mended: mended text would have other offsets than the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There are NUL bytes at the beginning.
    #[error("the file is binary (it has a NUL byte in its first 8 KiB)")]
    Binary,
    /// The bytes are UTF-16, going by their byte order mark.
    #[error("the file is UTF-16; only UTF-8 is read")]
    Utf16,
    /// The bytes are not UTF-8.
    #[error("line {line} is not UTF-8 (byte offset {offset})")]
    NotUtf8 {
        /// Offset of the first wrong byte.
        offset: usize,
        /// Its line, from 1.
        line: usize,
    },
}

impl Source {
    /// The text of these bytes. A byte order mark stays where it is: it is part of the file, though of no line.
    ///
    /// # Errors
    /// [`SourceError`] where the bytes are not UTF-8 text.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SourceError> {
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(SourceError::Utf16);
        }
        if is_binary(&bytes) {
            return Err(SourceError::Binary);
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            let before = &error.as_bytes()[..offset];
            SourceError::NotUtf8 { offset, line: line_ends(before).count() + 1 }
        })?;
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<Source> for Arc<str> {
    fn from(source: Source) -> Self {
        source.0
    }
}

impl std::ops::Deref for Source {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
