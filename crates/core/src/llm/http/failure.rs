//! From what a server or the network does to one typed error.

use reqwest::{StatusCode, Url, header::HeaderMap};
use serde_json::Value;

use super::retry_after;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Retry},
    llm::cut,
    suggest::shortened,
};

/// How much of the body of an error is read.
pub(super) const MAX_BYTES: usize = 64 << 10;

/// How much of a server's own words is quoted.
const LONGEST: usize = 400;

/// The server could not be reached, or did not answer.
pub(super) fn unreachable(error: reqwest::Error) -> Error {
    let (kind, what) = match &error {
        error if error.is_timeout() => (ErrorKind::Timeout, "connecting to the model took too long"),
        error if error.is_connect() => (ErrorKind::Unavailable, "the model's server cannot be reached"),
        error if error.is_builder() => (ErrorKind::InvalidInput, "the request to the model cannot be sent"),
        _ => (ErrorKind::Unavailable, "the model's server closed the connection before it answered"),
    };
    let retry = if kind == ErrorKind::InvalidInput { Retry::Never } else { Retry::Now };
    Error::new(kind, what).retry(retry).because(error.without_url())
}

/// The connection broke within the body.
pub(super) fn interrupted(error: reqwest::Error) -> Error {
    cut().because(error.without_url())
}

/// The server sends elsewhere.
pub(super) fn redirect(status: StatusCode, base: &Url) -> Error {
    let message = "the model's server answers with a redirect, which is not followed so that the key stays with the host it is for: \
                   set the base URL to where the server is";
    Error::invalid(message).with("status", status.as_u16()).with("host", base.host_str().unwrap_or(""))
}

/// The server answers a request for a stream with something else.
pub(super) fn no_stream(media: &str, body: &[u8]) -> Error {
    match explain(body) {
        (_, Some(said)) => Error::new(ErrorKind::Unavailable, format!("the model's server refused: {said}")),
        _ => {
            let media = if media.is_empty() { "nothing" } else { media };
            let message = format!(
                "the model's server answered with `{}` where an event stream was asked for",
                shortened(media, 60)
            );
            Error::new(ErrorKind::Unavailable, message)
        }
    }
}

/// What a status that is not success means.
pub(super) fn of_status(status: StatusCode, head: &HeaderMap, body: &[u8], now: Timestamp) -> Error {
    let (code, said) = explain(body);
    let (kind, what, mut retry) = meaning(status.as_u16());
    if retry != Retry::Never
        && let Some(delay) = retry_after(head, now)
    {
        retry = Retry::After(delay);
    }
    let head_says = head.get("x-should-retry").and_then(|value| value.to_str().ok());
    let no_money = matches!(code.as_deref(), Some("insufficient_quota" | "billing_error"));
    if no_money || head_says == Some("false") {
        retry = Retry::Never;
    }
    let message = match said {
        Some(said) => format!("{what}: {said}"),
        None => what.to_owned(),
    };
    let error = Error::new(kind, message).with("status", status.as_u16()).retry(retry);
    match code {
        Some(code) => error.with("code", shortened(&code, 60)),
        None => error,
    }
}

fn meaning(status: u16) -> (ErrorKind, &'static str, Retry) {
    match status {
        401 => (ErrorKind::Unauthenticated, "the model's server does not know the key", Retry::Never),
        402 => (ErrorKind::LimitExceeded, "the account of the model has no money left", Retry::Never),
        403 => (ErrorKind::PermissionDenied, "the key may not do this", Retry::Never),
        404 => (
            ErrorKind::NotFound,
            "the model's server does not have that: check model and base URL",
            Retry::Never,
        ),
        408 => (ErrorKind::Timeout, "the model's server waited too long for the request", Retry::Now),
        409 => (ErrorKind::Conflict, "the model's server is busy with the same thing", Retry::Now),
        413 => {
            (ErrorKind::LimitExceeded, "the request is larger than the model's server takes", Retry::Never)
        }
        429 => (ErrorKind::LimitExceeded, "the model's server limits the rate of requests", Retry::Now),
        529 => (ErrorKind::Unavailable, "the model's server is overloaded", Retry::Now),
        500..=599 => (ErrorKind::Unavailable, "the model's server failed", Retry::Now),
        _ => (ErrorKind::InvalidInput, "the model's server does not accept the request", Retry::Never),
    }
}

/// The code and the words of an error as the providers write it: `{"error": {"message", "type", "code"}}`, `{"error": "…"}` or
/// `{"message": "…"}`. The words are cut and hold no control characters.
pub(in crate::llm) fn explain(body: &[u8]) -> (Option<String>, Option<String>) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return (None, None) };
    let error = value.get("error").unwrap_or(&value);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let code = text(error.get("code")).or_else(|| text(error.get("type")));
    let said = text(error.get("message")).or_else(|| text(Some(error)));
    let clean = |said: String| {
        let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        shortened(said.trim(), LONGEST)
    };
    (code, said.map(clean))
}
