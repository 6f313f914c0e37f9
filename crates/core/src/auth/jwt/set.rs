//! All keys of an issuer (RFC 7517, section 5).

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Algorithm, Refusal, VerifyingKey, json};
use crate::error::{Error, Result};

/// A longer set is none.
pub const MAX_SET_BYTES: usize = 256 << 10;
/// A set has at most so many keys.
const MAX_KEYS: usize = 256;

/// The keys of an issuer. Keys that verify nothing here (of another type, for encryption, too short, known to be weak) are passed over, as the RFC wants.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
    passed_over: Vec<&'static str>,
    /// Ids that two keys of one type have, whether they can be used or not.
    twice: BTreeSet<String>,
}

impl KeySet {
    /// The keys of a JSON Web Key Set, or of one JSON Web Key.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is neither, where a member occurs twice, where it is larger than 256 KiB or has more than 256
    /// keys, and where it has secrets beside public keys: a set that was published, or one that was not, but never both.
    pub fn parse(text: &[u8]) -> Result<Self> {
        if text.len() > MAX_SET_BYTES {
            let (length, most) = (text.len(), MAX_SET_BYTES);
            return Err(Error::invalid(format!("a set of keys has at most {most} bytes, this one {length}")));
        }
        let wrong = || {
            Error::invalid("this is no JSON Web Key Set: it is `{\"keys\": [{…}]}`, with every member once")
        };
        let set = json::object(text).map_err(|_| wrong())?;
        let one = set.contains_key("kty").then(|| vec![Value::Object(set.clone())]);
        let keys = match (one, set.get("keys")) {
            (Some(one), _) => one,
            (None, Some(Value::Array(keys))) => keys.clone(),
            (None, _) => return Err(wrong()),
        };
        if keys.len() > MAX_KEYS {
            return Err(Error::invalid(format!(
                "a set has at most {MAX_KEYS} keys, this one {}",
                keys.len()
            )));
        }
        let mut read = Self { keys: Vec::new(), passed_over: Vec::new(), twice: BTreeSet::new() };
        let mut seen = BTreeSet::new();
        for key in &keys {
            if let (Some(id), Some(kind)) = (key["kid"].as_str(), key["kty"].as_str())
                && key["use"] != "enc"
                && !seen.insert((id, kind))
            {
                read.twice.insert(id.to_owned());
            }
            match VerifyingKey::read(key.as_object().ok_or_else(wrong)?) {
                Ok(key) => read.keys.push(key),
                Err(why) => read.passed_over.push(why),
            }
        }
        let secrets = read.keys.iter().filter(|key| key.is_secret()).count();
        if secrets != 0 && secrets != read.keys.len() {
            return Err(Error::invalid("a set has secrets (`oct`) or public keys, never both"));
        }
        Ok(read)
    }

    /// The same for a set that anybody can fetch.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and where it has a secret: whoever can read it could sign with it.
    pub fn parse_published(text: &[u8]) -> Result<Self> {
        let set = Self::parse(text)?;
        if set.keys.iter().any(VerifyingKey::is_secret) {
            return Err(Error::invalid("a set of keys that is published has a secret (`oct`)"));
        }
        Ok(set)
    }

    /// The keys that can be used.
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// Why each of the others cannot.
    pub fn passed_over(&self) -> &[&'static str] {
        &self.passed_over
    }

    /// Whether both have keys of the same ids.
    pub(super) fn has_ids_of(&self, other: &Self) -> bool {
        let ids =
            |set: &Self| set.keys.iter().map(|key| key.id().map(str::to_owned)).collect::<BTreeSet<_>>();
        ids(self) == ids(other)
    }

    /// The one key with this id, or without an id the one key of all, that fits `algorithm`.
    ///
    /// # Errors
    /// [`UnknownKey`](Refusal::UnknownKey) where there is none, [`AmbiguousKey`](Refusal::AmbiguousKey) where there are several: none is tried by luck.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&VerifyingKey, Refusal> {
        if id.is_some_and(|id| self.twice.contains(id)) {
            return Err(Refusal::AmbiguousKey);
        }
        let mut fitting =
            self.keys.iter().filter(|key| key.fits(algorithm) && (id.is_none() || key.id() == id));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(Refusal::AmbiguousKey),
            (None, _) => Err(Refusal::UnknownKey),
        }
    }
}
