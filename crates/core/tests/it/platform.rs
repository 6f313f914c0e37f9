//! An open platform for tests: everything in memory, the time stands still.

use std::sync::Arc;

use heptad_core::{
    Kernel, config::Config, events::EventBus, kernel::Ports, store::memory::MemoryStore, telemetry::Metrics,
};
use heptad_testkit::VirtualClock;

struct NoBus;

impl EventBus for NoBus {}

/// A kernel without search, and its clock.
pub(crate) fn kernel() -> (Kernel, VirtualClock) {
    let clock = VirtualClock::new();
    let kernel = Kernel::new(Ports {
        store: Arc::new(MemoryStore::new(Arc::new(clock.clone()))),
        bus: Arc::new(NoBus),
        search: None,
        clock: Arc::new(clock.clone()),
        config: Config::default(),
        metrics: Metrics::new(),
    });
    (kernel, clock)
}
