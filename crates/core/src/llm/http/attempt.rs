//! The span of one attempt: to which server, and how it ended; never what was sent.

use reqwest::Url;
use tracing::{Span, field};

use crate::error::ErrorKind;

/// An attempt from being sent to the head of its answer. Dropped before that it was cancelled.
pub(super) struct Attempt {
    pub(super) span: Span,
    pub(super) failure: Option<ErrorKind>,
}

impl Attempt {
    /// An attempt with `method` at the server of `base`.
    pub(super) fn begin(method: &'static str, base: &Url) -> Self {
        let span = tracing::debug_span!(
            target: "heptad::http",
            "http",
            method,
            host = base.host_str(),
            port = base.port_or_known_default(),
            status = field::Empty,
            outcome = field::Empty,
        );
        Self { span, failure: Some(ErrorKind::Cancelled) }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.span.record("outcome", self.failure.map_or("ok", ErrorKind::as_str));
    }
}
