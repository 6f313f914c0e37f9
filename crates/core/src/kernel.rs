//! The handle that owns the ports.

use std::sync::Arc;

use crate::{
    clock::Clock, config::Config, events::EventBus, search::SearchIndex, store::Store, telemetry::Metrics,
};

/// The ports of one open platform. Cheap to clone: all clones share them.
#[derive(Clone)]
pub struct Kernel(Arc<Ports>);

/// What a [`Kernel`] owns.
pub struct Ports {
    /// Records and streams.
    pub store: Arc<dyn Store>,
    /// Events.
    pub bus: Arc<dyn EventBus>,
    /// Full-text search, where an adapter was chosen.
    pub search: Option<Arc<dyn SearchIndex>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How the platform was configured.
    pub config: Config,
    /// Counts and latencies.
    pub metrics: Metrics,
}

impl Kernel {
    /// A kernel of these ports.
    pub fn new(ports: Ports) -> Self {
        Self(Arc::new(ports))
    }
}

impl std::ops::Deref for Kernel {
    type Target = Ports;

    fn deref(&self) -> &Ports {
        &self.0
    }
}
