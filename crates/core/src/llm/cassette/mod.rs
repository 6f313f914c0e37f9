//! Records exchanges with models and replays them, so that tests and notebooks run offline.
//!
//! A cassette is a file of JSON lines, one exchange each: the request, and the answer or the error. What the built-in rules of
//! [`Redaction`] find is taken out of both before they are written, and out of a request before it is looked up, so that a key that once was
//! pasted into a prompt is not in the file and does not matter for finding the answer. A request is found by the hash of its JSON with sorted keys; the same request
//! recorded several times is answered in that order, the last answer then again and again. An unknown request is an error that names the file.

mod play;
mod record;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{play::Player, record::Recorder};
use super::{ChatRequest, Delta, EmbedRequest, Embeddings, layers::Redaction};
use crate::{
    error::{Error, ErrorKind, Result, Retry},
    store,
};

/// The version of the form of a line.
const FORMAT: u32 = 1;

/// A line of a cassette.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    format: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chat: Option<ChatRequest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    embed: Option<EmbedRequest>,
    /// What came of a chat, up to its end or the error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    answer: Vec<Delta>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vectors: Option<Embeddings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// An error as it is kept: kind, words, and whether it may help to try again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    kind: ErrorKind,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let retry_after_ms = match error.retryable() {
            Retry::Never => None,
            Retry::Now => Some(0),
            Retry::After(delay) => Some(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
        };
        Self { kind: error.kind(), message: error.message().to_owned(), retry_after_ms }
    }
}

impl From<&Failure> for Error {
    fn from(failure: &Failure) -> Self {
        let retry = match failure.retry_after_ms {
            None => Retry::Never,
            Some(0) => Retry::Now,
            Some(ms) => Retry::After(std::time::Duration::from_millis(ms)),
        };
        Error::new(failure.kind, failure.message.clone()).retry(retry)
    }
}

/// The hash under which a request is found.
fn fingerprint<T: Serialize>(port: &str, request: &T) -> Result<String> {
    let mut value: Value = store::Value::json(request)?.decode()?;
    value.sort_all_objects();
    Ok(blake3::hash(format!("{FORMAT} {port} {value}").as_bytes()).to_hex().to_string())
}

/// The rules of every cassette. They are part of its format: other rules would find other requests.
fn rules() -> Redaction {
    Redaction::built_in()
}
