//! Spans, counts and latencies.
//!
//! [`Metrics`] is the registry of one platform: nothing is global, so that two platforms in one process do not mix. What is counted is fixed
//! here, and so are the labels: operation names come from declarations, outcomes from [`ErrorKind`](crate::ErrorKind), adapters from their
//! capabilities. Nothing that a caller chooses becomes a label, so the number of series is bounded.
//!
//! Spans are `tracing`'s: `heptad::operation` on every call, `heptad::store` on every verb of a metered store; refused calls are events of the
//! target `heptad::audit`.

mod families;
mod operations;

use std::{fmt, sync::Arc};

use prometheus::{Registry, TextEncoder};

pub use self::operations::OperationMetrics;

/// The counts and latencies of one platform. Cheap to clone: all clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

struct Families {
    registry: Registry,
    operations: OperationMetrics,
}

impl Metrics {
    /// Counts from zero.
    pub fn new() -> Self {
        let registry = Registry::new();
        let operations = OperationMetrics::register(&registry);
        Self(Arc::new(Families { registry, operations }))
    }

    /// Calls of operations.
    pub fn operations(&self) -> &OperationMetrics {
        &self.0.operations
    }

    /// All of it in the Prometheus text format, version 0.0.4; `text/plain; version=0.0.4`.
    pub fn render(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.0.registry.gather())
            .expect("the families are declared in this module and have help, type and samples of that type")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
