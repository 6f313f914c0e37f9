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
//! # Spans
//!
//! Spans are `tracing`'s, one each, with fixed names: they carry names, counts and outcomes, never requests, records, texts or principals.
//!
//! | span | target | is |
//! |---|---|---|
//! | `operation` | `heptad::operation` | a call of an operation |
//! | `port` | `heptad::port` (level debug) | a verb of a metered port: `store.commit`, `search.query`, `events.publish` |
//! | `delivery` | `heptad::events` | an event in the hands of a consumer, from being handed out to being settled |
//! | `llm` | `heptad::llm` | a call of a model |
//! | `http` | `heptad::http` | an attempt to send a request |
//!
//! Refused calls are events of the target `heptad::audit`. With the feature `otlp`, [`otlp::Exporter`] sends spans and metrics to a collector, under the
//! names of OpenTelemetry's semantic conventions, and an event carries the trace it was published in to whoever consumes it (`traceparent`).
//!
//! # Dashboard and alerts
//!
//! [`dashboard`](fn@dashboard) and [`alerts`](fn@alerts) are made of the families that are counted here, for this version; the operations
//! `platform.dashboard` and `platform.alerts` print them.

mod alerts;
#[cfg_attr(
    not(feature = "sqlite"),
    expect(dead_code, reason = "kept registered; the backup of a file alone counts in it")
)]
mod backup;
mod bus_layer;
pub mod config;
pub(crate) mod context;
mod dashboard;
mod families;
mod llm;
mod meter;
mod observed;
mod operations;
#[cfg(feature = "otlp")]
#[cfg_attr(docsrs, doc(cfg(feature = "otlp")))]
pub mod otlp;
#[cfg_attr(
    not(feature = "otlp"),
    expect(dead_code, reason = "kept registered; the exporter alone counts in it")
)]
mod platform;
mod search_layer;
mod store_layer;

use std::{fmt, sync::Arc};

use prometheus::TextEncoder;

pub(crate) use self::observed::observe;
#[cfg(feature = "otlp")]
pub(crate) use self::platform::SpanCounts;
pub use self::{
    alerts::alerts, bus_layer::MeteredBus, dashboard::dashboard, meter::GroupSizes,
    operations::OperationMetrics, search_layer::MeteredIndex, store_layer::MeteredStore,
};
use self::{
    backup::BackupFamilies, families::Declared, llm::LlmFamilies, meter::PortFamilies,
    observed::ObservedFamilies, platform::PlatformFamilies,
};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// The counts and latencies of one platform. Cheap to clone: all clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

struct Families {
    declared: Declared,
    operations: OperationMetrics,
    ports: PortFamilies,
    llm: LlmFamilies,
    observed: ObservedFamilies,
    #[cfg_attr(
        not(feature = "otlp"),
        expect(dead_code, reason = "kept registered; the exporter alone counts in it")
    )]
    platform: PlatformFamilies,
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "kept registered, as the others are"))]
    backup: BackupFamilies,
}

impl Metrics {
    /// Counts from zero.
    pub fn new() -> Self {
        let declared = Declared::default();
        let operations = OperationMetrics::register(&declared);
        let ports = PortFamilies::register(&declared);
        let llm = LlmFamilies::register(&declared);
        let observed = ObservedFamilies::register(&declared);
        let platform = PlatformFamilies::register(&declared);
        let backup = BackupFamilies::register(&declared);
        Self(Arc::new(Families { declared, operations, ports, llm, observed, platform, backup }))
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

    /// The names of everything that can be counted, also of what nothing was counted of yet, in order.
    pub fn families(&self) -> Vec<&'static str> {
        self.0.declared.names()
    }

    /// All of it in the Prometheus text format, [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.0.declared.registry.gather())
            .expect("the families are declared in this module and have help, type and samples of that type")
    }

    /// All of it as data.
    #[cfg(feature = "otlp")]
    pub(crate) fn gather(&self) -> Vec<prometheus::proto::MetricFamily> {
        self.0.declared.registry.gather()
    }

    /// What became of the spans that an exporter was given.
    #[cfg(feature = "otlp")]
    pub(crate) fn spans(&self) -> SpanCounts {
        self.0.platform.spans()
    }

    pub(crate) fn llm(&self) -> &LlmFamilies {
        &self.0.llm
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn backup(&self) -> &BackupFamilies {
        &self.0.backup
    }

    fn observed(&self) -> &ObservedFamilies {
        &self.0.observed
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
