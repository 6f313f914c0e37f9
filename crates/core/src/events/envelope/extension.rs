//! Values of extension attributes.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::clock::Timestamp;

/// The value of an extension attribute, as far as JSON tells the types of CloudEvents apart.
///
/// Binary, URI, URI-reference and Timestamp values are strings in JSON: they are written from their types here and read back as
/// [`String`](Self::String); [`as_binary`](Self::as_binary) and [`as_timestamp`](Self::as_timestamp) read them as what they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extension {
    /// A Boolean.
    Boolean(bool),
    /// A whole number from -2,147,483,648 to 2,147,483,647.
    Integer(i32),
    /// A string, or what is written as one.
    String(String),
}

impl Extension {
    /// The base64 form of `bytes`.
    pub fn binary(bytes: &[u8]) -> Self {
        Self::String(STANDARD.encode(bytes))
    }

    /// The text, where this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Boolean(_) | Self::Integer(_) => None,
        }
    }

    /// The Boolean, where this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Integer(_) | Self::String(_) => None,
        }
    }

    /// The integer, where this is one.
    pub fn as_i32(&self) -> Option<i32> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Boolean(_) | Self::String(_) => None,
        }
    }

    /// The instant, where this is the RFC 3339 text of one.
    pub fn as_timestamp(&self) -> Option<Timestamp> {
        super::json::parse_time(self.as_str()?)
    }

    /// The bytes, where this is base64.
    pub fn as_binary(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.as_str()?).ok()
    }
}

impl From<bool> for Extension {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i32> for Extension {
    fn from(value: i32) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Extension {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Extension {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<Timestamp> for Extension {
    fn from(value: Timestamp) -> Self {
        Self::String(value.to_string())
    }
}
