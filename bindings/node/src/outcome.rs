//! What comes of a call, as it crosses.

use heptad::{Error, Result};
use napi::bindgen_prelude::{Either3, Null};
use napi_derive::napi;
use serde_json::Value;

use crate::large;

/// What comes of a call.
pub(crate) enum Outcome {
    /// JSON; none at the end of a stream, and where there is nothing to say.
    Given { text: Option<String>, large: Option<String> },
    /// The error, as JSON.
    Failed(String),
}

/// What there is at once: nothing yet (it is settled later), a value as JSON, or all there is to say of it.
pub(crate) type Now = Either3<Null, String, Settled>;

/// An [`Outcome`] in JavaScript.
#[napi(object)]
pub struct Settled {
    /// The text is an error.
    pub failed: bool,
    /// JSON.
    pub text: Option<String>,
    /// Where in it are integers that a number would round.
    pub large: Option<String>,
}

impl Outcome {
    /// Nothing to say.
    pub(crate) const DONE: Self = Self::Given { text: None, large: None };

    pub(crate) fn of(result: Result<Value>) -> Self {
        match result {
            Ok(mut value) => {
                let large = large::mark(&mut value).map(|marks| marks.to_string());
                Self::Given { text: Some(value.to_string()), large }
            }
            Err(error) => Self::failed(&error),
        }
    }

    pub(crate) fn failed(error: &Error) -> Self {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        let mut told = error.to_json();
        told["causes"] = causes.into();
        Self::Failed(told.to_string())
    }

    pub(crate) fn settled(self) -> Settled {
        match self {
            Self::Given { text, large } => Settled { failed: false, text, large },
            Self::Failed(text) => Settled { failed: true, text: Some(text), large: None },
        }
    }

    /// The cheapest form that says it.
    pub(crate) fn now(self) -> Now {
        match self {
            Self::Given { text: Some(text), large: None } => Either3::B(text),
            other => Either3::C(other.settled()),
        }
    }
}
