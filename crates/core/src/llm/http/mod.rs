//! The HTTP client that the adapters of hosted models share, on the kernel's own: one connection pool, one way to fail, one place that sends the key.
//!
//! What it holds to, whatever a server answers: redirects are refused, so a key never reaches another host; a key travels by `https`, or
//! to this machine, unless that is allowed otherwise; a body is read up to a bound; what a server quotes of the key is removed before anyone sees it.

mod attempt;
mod client;
mod failure;
mod retry_after;
mod stream;

use crate::{error::Error, llm::broken};

pub(super) use self::{
    client::Call,
    failure::explain,
    stream::{Assembly, deltas},
};
pub use self::{client::HttpClient, retry_after::retry_after};
pub use crate::http::HttpOptions;

/// What is said of `what` of an answer that the protocol does not allow. Where it is, and nothing that is in it: that may be a key or the answer
/// itself, and serde quotes it.
pub(super) fn misfit(what: &str, error: &serde_json::Error) -> Error {
    use serde_json::error::Category;
    let why = match error.classify() {
        Category::Data => "something in it is of another kind than the protocol says",
        Category::Eof => "it ends too early",
        Category::Syntax | Category::Io => "it is no JSON",
    };
    let (line, column) = (error.line(), error.column());
    broken(format!("{what} does not fit the protocol: {why} (line {line}, column {column})"))
}
