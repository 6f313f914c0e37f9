//! An open platform for tests: everything in memory, the time stands still.

use std::sync::Arc;

use heptad_core::{
    Kernel,
    config::Config,
    events::LocalBus,
    kernel::Ports,
    operation::{Platform, Registry},
    store::{Store, memory::MemoryStore},
    telemetry::Metrics,
};
use heptad_testkit::VirtualClock;

/// A kernel without search, and its clock.
pub(crate) fn kernel() -> (Kernel, VirtualClock) {
    let (ports, clock) = ports();
    (Kernel::new(ports), clock)
}

/// What it owns.
pub(crate) fn ports() -> (Ports, VirtualClock) {
    let clock = VirtualClock::new();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let ports = Ports {
        bus: Arc::new(LocalBus::new(Arc::clone(&store), Arc::new(clock.clone()))),
        store,
        search: None,
        llm: Default::default(),
        security: Default::default(),
        clock: Arc::new(clock.clone()),
        config: Config::default(),
        metrics: Metrics::new(),
        backup: Default::default(),
        operations: Registry::default().with(Platform::OPERATIONS),
    };
    (ports, clock)
}
