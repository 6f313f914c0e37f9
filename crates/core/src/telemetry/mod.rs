//! Spans, counts and latencies.
//!
//! [`Metrics`] is the registry of one platform: nothing is global, so that two platforms in one process do not mix. What is counted is fixed
//! here, and so are the labels: operation names come from declarations, outcomes from [`ErrorKind`](crate::ErrorKind), adapters from their
//! capabilities. Nothing that a caller chooses becomes a label, so the number of series is bounded.
//!
//! Counting is a layer. The guard of operations counts calls; [`MeteredStore`], [`MeteredBus`] and [`MeteredIndex`] wrap a port and are that port:
//!
//! ```
//! use std::sync::Arc;
//! use heptad_core::{clock::SystemClock, store::{Key, Store, memory::MemoryStore}, telemetry::{MeteredStore, Metrics}};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> heptad_core::Result<()> {
//! let (metrics, clock) = (Metrics::new(), Arc::new(SystemClock));
//! let store: Arc<dyn Store> = Arc::new(MemoryStore::new(clock.clone()));
//! let store: Arc<dyn Store> = Arc::new(MeteredStore::new(store, &metrics, clock));
//!
//! store.get(&Key::new("users", "ada")?).await?;
//! let counted = "heptad_port_calls_total{adapter=\"memory\",outcome=\"ok\",port=\"store\",verb=\"get\"} 1";
//! assert!(metrics.render().contains(counted));
//! # Ok(()) }
//! ```
//!
//! Spans are `tracing`'s: `heptad::operation` on every call, `heptad::port` on every verb of a metered port (level debug); refused calls are
//! events of the target `heptad::audit`. Spans carry names and outcomes, never requests or records.

mod backup;
mod bus_layer;
mod families;
mod llm;
mod meter;
mod operations;
mod search_layer;
mod store_layer;

use std::{fmt, sync::Arc};

use prometheus::{Registry, TextEncoder};

use self::{backup::BackupFamilies, llm::LlmFamilies, meter::PortFamilies};
pub use self::{
    bus_layer::MeteredBus, meter::GroupSizes, operations::OperationMetrics, search_layer::MeteredIndex,
    store_layer::MeteredStore,
};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// The counts and latencies of one platform. Cheap to clone: all clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

struct Families {
    registry: Registry,
    operations: OperationMetrics,
    ports: PortFamilies,
    llm: LlmFamilies,
    backup: BackupFamilies,
}

impl Metrics {
    /// Counts from zero.
    pub fn new() -> Self {
        let registry = Registry::new();
        let operations = OperationMetrics::register(&registry);
        let ports = PortFamilies::register(&registry);
        let llm = LlmFamilies::register(&registry);
        let backup = BackupFamilies::register(&registry);
        Self(Arc::new(Families { registry, operations, ports, llm, backup }))
    }

    /// Calls of operations.
    pub fn operations(&self) -> &OperationMetrics {
        &self.0.operations
    }

    /// For a store that writes the batches waiting for it in one transaction: how many there were. `adapter` is the name in its
    /// capabilities. The one thing that a layer cannot see.
    pub fn group_sizes(&self, adapter: &'static str) -> GroupSizes {
        GroupSizes::new(&self.0.ports, adapter)
    }

    /// All of it in the Prometheus text format, [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.0.registry.gather())
            .expect("the families are declared in this module and have help, type and samples of that type")
    }

    pub(crate) fn llm(&self) -> &LlmFamilies {
        &self.0.llm
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn backup(&self) -> &BackupFamilies {
        &self.0.backup
    }

    fn ports(&self) -> &PortFamilies {
        &self.0.ports
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
