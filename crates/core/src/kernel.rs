//! The handle that owns the ports.

use std::sync::{Arc, Weak};

use crate::{
    auth::{Denials, Login, TokenVerifier},
    backup::Backups,
    clock::Clock,
    config::Config,
    error::{Error, ErrorKind, Result},
    events::EventBus,
    llm::Models,
    operation::Registry,
    search::Catalog,
    store::Store,
    telemetry::Metrics,
};

/// The ports of one open platform. Cheap to clone: all clones share them.
#[derive(Clone)]
pub struct Kernel(Arc<Shared>);

/// A kernel that may be gone: for what outlives a platform and must not keep it open.
#[derive(Clone)]
pub struct WeakKernel(Weak<Shared>);

impl WeakKernel {
    /// The kernel, if somebody still has it.
    pub fn upgrade(&self) -> Option<Kernel> {
        self.0.upgrade().map(Kernel)
    }
}

struct Shared {
    ports: Ports,
    denials: Denials,
}

/// What a [`Kernel`] owns.
pub struct Ports {
    /// Records and streams.
    pub store: Arc<dyn Store>,
    /// Events.
    pub bus: Arc<dyn EventBus>,
    /// Documents and how they are found, where a search index was chosen.
    pub search: Option<Catalog>,
    /// Language models, where they are configured.
    pub llm: Models,
    /// Who vouches for callers, and what encrypts the store, where they are configured.
    pub security: Security,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How the platform was configured.
    pub config: Config,
    /// Counts and latencies.
    pub metrics: Metrics,
    /// The continuous backup of the store, where one is configured.
    pub backup: Backups,
    /// Every operation of this build, for those that list or call them by name.
    pub operations: Registry,
}

/// What protects a platform beside roles and keys. By default nothing.
#[derive(Clone, Default)]
pub struct Security {
    /// Who believes tokens.
    pub tokens: Option<Arc<dyn TokenVerifier>>,
    /// Where somebody signs in.
    pub login: Option<Arc<dyn Login>>,
    /// What encrypts the store, for whoever changes its keys.
    #[cfg(feature = "encryption")]
    #[cfg_attr(docsrs, doc(cfg(feature = "encryption")))]
    pub encryption: Option<Arc<crate::store::encrypted::Encrypted>>,
}

impl Kernel {
    /// A kernel of these ports.
    pub fn new(ports: Ports) -> Self {
        Self(Arc::new(Shared { ports, denials: Denials::default() }))
    }

    /// The same kernel, not kept open.
    pub fn downgrade(&self) -> WeakKernel {
        WeakKernel(Arc::downgrade(&self.0))
    }

    /// How many denials were written down of late.
    pub(crate) fn denials(&self) -> &Denials {
        &self.0.denials
    }

    /// The search index.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where the platform was opened without one.
    pub fn search(&self) -> Result<&Catalog> {
        self.search.as_ref().ok_or_else(|| {
            let message = "this platform was opened without a search index: choose an adapter, such as the feature `tantivy`";
            Error::new(ErrorKind::Unsupported, message)
        })
    }
}

impl std::ops::Deref for Kernel {
    type Target = Ports;

    fn deref(&self) -> &Ports {
        &self.0.ports
    }
}
