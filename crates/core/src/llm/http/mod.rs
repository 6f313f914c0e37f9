//! The HTTP client that the adapters of hosted models share, on the kernel's own: one connection pool, one way to fail, one place that sends the key.
//!
//! What it holds to, whatever a server answers: redirects are refused, so a key never reaches another host; a key travels by `https`, or
//! to this machine, unless that is allowed otherwise; a body is read up to a bound; what a server quotes of the key is removed before anyone sees it.

mod attempt;
mod client;
mod failure;
mod retry_after;
mod stream;

pub(super) use self::{
    client::Call,
    failure::explain,
    stream::{Assembly, deltas},
};
pub use self::{client::HttpClient, retry_after::retry_after};
pub use crate::http::HttpOptions;
