//! The open platform and the way to its systems.

use std::path::Path;

use heptad_core::{
    Kernel, Result,
    auth::{self, operations::Auth},
    events::Events,
    llm::operations::Llm,
    operation::{Context, Handle, Platform, Principal, Registry, Reply},
    progress::SharedProgress,
    search::operations::Search,
};
use serde_json::Value;

use crate::Builder;

/// Every operation of this build, without opening anything.
pub fn registry() -> Registry {
    let registry = Registry::default()
        .with(Platform::OPERATIONS)
        .with(Auth::OPERATIONS)
        .with(Events::OPERATIONS)
        .with(Search::OPERATIONS)
        .with(Llm::OPERATIONS);
    #[cfg(feature = "encryption")]
    let registry = registry.with(heptad_core::store::encrypted::operations::Encryption::OPERATIONS);
    #[cfg(feature = "sqlite")]
    let registry = registry.with(heptad_core::backup::operations::Backup::OPERATIONS);
    #[cfg(feature = "languages")]
    let registry = registry.with(heptad_core::code::Code::OPERATIONS);
    #[cfg(feature = "review")]
    let registry = registry.with(heptad_review::Review::OPERATIONS);
    registry
}

/// An open platform, seen by one principal. Cheap to clone; all clones share what is open.
#[derive(Clone)]
pub struct Heptad {
    context: Context,
    #[cfg(feature = "otlp")]
    otlp: Option<heptad_core::telemetry::otlp::Exporter>,
}

impl Heptad {
    /// Opens (or creates) the platform kept in the SQLite file at `path`; its search index is the folder `<path>.index`.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) where the file cannot be opened, [`Corrupt`](crate::ErrorKind::Corrupt) where it
    /// is damaged, [`InvalidInput`](crate::ErrorKind::InvalidInput) where the configuration is wrong.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        Builder::default().store(path).open().await
    }

    /// A platform in memory, forgotten when dropped.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the environment holds a wrong setting.
    pub async fn in_memory() -> Result<Self> {
        Builder::default().in_memory().open().await
    }

    /// Everything that can be chosen.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(kernel: Kernel) -> Self {
        Self {
            context: Context::owner(kernel),
            #[cfg(feature = "otlp")]
            otlp: None,
        }
    }

    #[cfg(feature = "otlp")]
    pub(crate) fn with_otlp(mut self, otlp: Option<heptad_core::telemetry::otlp::Exporter>) -> Self {
        self.otlp = otlp;
        self
    }

    /// What sends traces and metrics, where that is configured: a program adds its `layer` to its `tracing` subscriber, and ends it with `shutdown`.
    #[cfg(feature = "otlp")]
    #[cfg_attr(docsrs, doc(cfg(feature = "otlp")))]
    pub fn otlp(&self) -> Option<&heptad_core::telemetry::otlp::Exporter> {
        self.otlp.as_ref()
    }

    /// The encryption of the store, for whoever changes keys: rotation, retirement, verification. `None` where it is not encrypted. It asks
    /// for no permission: it belongs to the program that embeds the platform. The operations `encryption.*` do.
    #[cfg(feature = "encryption")]
    #[cfg_attr(docsrs, doc(cfg(feature = "encryption")))]
    pub fn encryption(&self) -> Option<&heptad_core::store::encrypted::Encrypted> {
        self.kernel().security.encryption.as_deref()
    }

    /// The same platform as `principal` sees it: what they may not do is refused.
    #[must_use]
    pub fn as_principal(&self, principal: Principal) -> Self {
        let mut seen = self.clone();
        seen.context = seen.context.as_principal(principal);
        seen
    }

    /// The same platform as whoever shows this credential sees it: an API key, a session, or a token of the issuer that is trusted.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) where it is none, was revoked or has expired.
    pub async fn authenticate(&self, credential: &str) -> Result<Self> {
        Ok(self.as_principal(auth::authenticate(self.kernel(), credential).await?))
    }

    /// The same platform as the principal called `id` sees it, with the roles assigned to them. That the caller is `id` is for the host to know.
    ///
    /// # Errors
    /// Whatever the store fails with.
    pub async fn sign_in(&self, id: &str) -> Result<Self> {
        Ok(self.as_principal(auth::principal(self.kernel(), id).await?))
    }

    /// The same platform with long work telling `progress` how far it is.
    #[must_use]
    pub fn with_progress(&self, progress: SharedProgress) -> Self {
        let mut watched = self.clone();
        watched.context = watched.context.with_progress(progress);
        watched
    }

    /// Code review.
    #[cfg(feature = "review")]
    #[cfg_attr(docsrs, doc(cfg(feature = "review")))]
    pub fn review(&self) -> heptad_review::Review {
        Handle::new(self.context.clone())
    }

    /// Backup: ship, restore, verify.
    #[cfg(feature = "sqlite")]
    #[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
    pub fn backup(&self) -> heptad_core::backup::operations::Backup {
        Handle::new(self.context.clone())
    }

    /// Source code: outlines, symbols, indexing.
    #[cfg(feature = "languages")]
    #[cfg_attr(docsrs, doc(cfg(feature = "languages")))]
    pub fn code(&self) -> heptad_core::code::Code {
        Handle::new(self.context.clone())
    }

    /// Search: documents in collections, indexed and found.
    pub fn search(&self) -> Search {
        Handle::new(self.context.clone())
    }

    /// Identity: roles, who has them, API keys, the audit.
    pub fn auth(&self) -> Auth {
        Handle::new(self.context.clone())
    }

    /// Language models: ask, embed. A clear error where none is configured.
    pub fn llm(&self) -> Llm {
        Llm::new(self.context.clone())
    }

    /// The platform itself: operations, metrics, configuration, health.
    pub fn platform(&self) -> Platform {
        Platform::new(self.context.clone())
    }

    /// The operations of the event bus.
    pub fn events(&self) -> Events {
        Events::new(self.context.clone())
    }

    /// Calls the operation `full_name` (as in `review.scan`) with a JSON request.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) where there is no such operation; what the call itself fails with is in the reply.
    pub fn call(&self, full_name: &str, request: Value) -> Result<Reply> {
        self.kernel().operations.call(full_name, self.context.clone(), request)
    }

    /// What travels with every call: the kernel, the principal, who watches.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The ports: store, bus, search index, clock.
    pub fn kernel(&self) -> &Kernel {
        &self.context.kernel
    }
}
