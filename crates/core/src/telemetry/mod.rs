//! Spans, counts and latencies.

/// The counts and latencies of one platform.
#[derive(Clone, Debug, Default)]
pub struct Metrics {}
