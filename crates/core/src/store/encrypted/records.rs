//! What the encryption keeps in the store itself: its state, the wrapped data keys, and where each data key was used.
//!
//! ```text
//! state                        plain    which store this is; its version changes whenever another data key becomes the current one
//! key/0000000002               plain    data key 2, wrapped by the key ring; the greatest number is the current one
//! place/0000000002/c/users     sealed   records of `users` were written with key 2; how far they have been encrypted anew
//! place/0000000002/s/log       sealed   entries of `log` were
//! ```

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    clock::Timestamp,
    crypto::{Fault, WrappedKey},
    error::{Error, ErrorKind, Result},
    store::{Key, KeyRange, Record, StreamId, Value, Version},
};

/// The collection, which nobody else may use.
pub(super) const COLLECTION: &str = "heptad.encryption";
const FORMAT: u32 = 1;

/// Which store this is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    format: u32,
    pub(super) store: String,
}

impl State {
    pub(super) fn new(store: String) -> Self {
        Self { format: FORMAT, store }
    }

    pub(super) fn key() -> Result<Key> {
        Key::new(COLLECTION, "state")
    }

    pub(super) fn read(value: &Value) -> Result<Self> {
        let state: Self =
            canonical(value).map_err(|error| tampered("the state of the encryption is damaged", error))?;
        if state.format != FORMAT {
            let message =
                format!("the store is encrypted in format {}; this build knows {FORMAT}", state.format);
            return Err(Fault::NewerFormat.error(message));
        }
        Ok(state)
    }
}

/// A wrapped data key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataKey {
    pub(super) number: u32,
    pub(super) created: Timestamp,
    pub(super) wrapped_by: String,
    wrapped: String,
}

impl DataKey {
    pub(super) fn new(number: u32, created: Timestamp, wrapped: WrappedKey) -> Self {
        Self { number, created, wrapped: BASE64_STANDARD.encode(wrapped.bytes), wrapped_by: wrapped.by }
    }

    pub(super) fn key(number: u32) -> Result<Key> {
        Key::new(COLLECTION, format!("key/{number:010}"))
    }

    pub(super) fn all() -> KeyRange {
        KeyRange::prefix(COLLECTION, "key/")
    }

    pub(super) fn read(record: &Record) -> Result<Self> {
        let damaged = |error| tampered("the record of a data key is damaged", error).with("key", &record.key);
        let key: Self = canonical(&record.value).map_err(damaged)?;
        if Self::key(key.number)? != record.key {
            let message = "the record of a data key was moved";
            return Err(Fault::Tampered.error(message).with("key", &record.key));
        }
        Ok(key)
    }

    pub(super) fn wrapped(&self) -> Result<WrappedKey> {
        let bytes = BASE64_STANDARD.decode(&self.wrapped).map_err(|error| {
            tampered(
                "a wrapped data key is damaged",
                Error::new(ErrorKind::Corrupt, "not base64").because(error),
            )
        })?;
        Ok(WrappedKey { by: self.wrapped_by.clone(), bytes })
    }

    /// What the wrap is bound to: a wrapped key is worth nothing in another store, or under another number.
    pub(super) fn context(store: &str, number: u32, created: Timestamp) -> String {
        format!("heptad store {store}, data key {number}, created {created}")
    }
}

/// Reads what was written in the one way we write it: a changed byte is noticed even where JSON does not care.
fn canonical<T: Serialize + DeserializeOwned>(value: &Value) -> Result<T> {
    let read: T = value.decode()?;
    if Value::json(&read)? == *value {
        return Ok(read);
    }
    Err(Error::new(ErrorKind::Corrupt, "it is not written as it would be"))
}

fn tampered(message: &'static str, cause: Error) -> Error {
    // The fault is the source; what exactly does not parse is for the log.
    tracing::debug!(target: "heptad::store", %cause, "{message}");
    Fault::Tampered.error(message)
}

/// Where a data key was used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Used {
    Collection(String),
    Stream(StreamId),
}

/// A record of where a data key was used, as it was read.
pub(super) struct Place {
    /// The number of the data key; 0 for records that were never encrypted.
    pub(super) number: u32,
    pub(super) used: Used,
    pub(super) key: Key,
    pub(super) cursor: Cursor,
    pub(super) version: Version,
}

/// How far the records of a collection have been encrypted anew.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
}

impl Used {
    pub(super) fn key(&self, number: u32) -> Result<Key> {
        let (kind, name) = match self {
            Self::Collection(name) => ('c', name.as_str()),
            Self::Stream(stream) => ('s', stream.as_str()),
        };
        Key::new(COLLECTION, format!("place/{number:010}/{kind}/{name}"))
    }
}

impl Place {
    pub(super) fn all() -> KeyRange {
        KeyRange::prefix(COLLECTION, "place/")
    }

    /// Reads an opened record.
    pub(super) fn read(record: Record) -> Result<Self> {
        let mut parts = record.key.id().splitn(4, '/').skip(1);
        let number = parts.next().and_then(|number| number.parse().ok());
        let used = match (parts.next(), parts.next()) {
            (Some("c"), Some(name)) => Some(Used::Collection(name.to_owned())),
            (Some("s"), Some(name)) => Some(Used::Stream(StreamId::new(name)?)),
            _ => None,
        };
        let (Some(number), Some(used)) = (number, used) else {
            return Err(Fault::Tampered
                .error("a record of the encryption was moved")
                .with("key", &record.key));
        };
        Ok(Self { number, used, cursor: record.value.decode()?, version: record.version, key: record.key })
    }
}
