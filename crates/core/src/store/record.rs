//! What a key holds.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use super::Key;
use crate::error::{Error, ErrorKind, Result};

/// The number of the commit that wrote a record. No two commits have the same one, and a commit that comes after another has the
/// greater one; an adapter may leave numbers out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

/// Bytes as they are kept. JSON stays text, so that an operator can read it with the shell of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A JSON document.
    Json(Arc<str>),
    /// Anything else: compressed, encrypted or binary.
    Bytes(Arc<[u8]>),
}

impl Value {
    /// The JSON form of `value`.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where `value` has no JSON form (a map whose keys are not strings, say).
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        let text = serde_json::to_string(value)
            .map_err(|error| Error::invalid("the value has no JSON form").because(error))?;
        Ok(Self::Json(text.into()))
    }

    /// Reads a JSON value.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt) where the value is not JSON of this type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(self.as_bytes()).map_err(|error| {
            Error::new(ErrorKind::Corrupt, format!("a stored value is not a {}", std::any::type_name::<T>()))
                .because(error)
        })
    }

    /// The bytes, whatever they are.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Json(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// A key, what it holds, and the commit that put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it lives.
    pub key: Key,
    /// What it holds.
    pub value: Value,
    /// The commit that wrote it.
    pub version: Version,
}
