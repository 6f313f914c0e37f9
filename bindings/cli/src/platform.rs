//! The joint with the library: which operations there are, and opening a platform to call them on.

use std::sync::Arc;

use heptad::core::{
    Kernel, Result,
    clock::{Clock, SystemClock},
    config::{Config, LoadOptions, SEARCH_PATH, STORE_PATH},
    events::LocalBus,
    kernel::Ports,
    operation::{Context, Platform as Itself, Registry},
    progress::SharedProgress,
    search::{Catalog, SearchIndex, tantivy::TantivyIndex},
    store::{
        Store,
        memory::MemoryStore,
        sqlite::{SqliteOptions, SqliteStore},
    },
    telemetry::Metrics,
};

use crate::globals::Globals;

/// All operations of this build. Opens nothing.
pub(crate) fn registry() -> Registry {
    Registry::default().with(Itself::OPERATIONS)
}

/// An open platform.
pub(crate) struct Platform {
    context: Context,
    kept: bool,
}

impl Platform {
    /// Opens the platform that the command line, the environment or the configuration names; else one in memory.
    ///
    /// # Errors
    /// Those of the configuration, and of opening the database.
    pub(crate) async fn open(globals: &Globals, progress: SharedProgress) -> Result<Self> {
        let config = Config::load(options(globals))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let path = config.get(&STORE_PATH);
        let store: Arc<dyn Store> = match &path {
            Some(path) => Arc::new(SqliteStore::open(path, SqliteOptions::default(), clock.clone()).await?),
            None => Arc::new(MemoryStore::new(clock.clone())),
        };
        let index: Arc<dyn SearchIndex> =
            match config.get(&SEARCH_PATH).or_else(|| path.as_ref().map(|path| path.with_extension("index")))
            {
                Some(folder) => Arc::new(TantivyIndex::in_folder(folder)),
                None => Arc::new(TantivyIndex::in_memory()),
            };
        let kernel = Kernel::new(Ports {
            bus: Arc::new(LocalBus::new(store.clone(), clock.clone())),
            search: Some(Catalog::new(store.clone(), index)),
            store,
            clock,
            config,
            metrics: Metrics::new(),
            operations: registry(),
        });
        Ok(Self { context: Context::owner(kernel).with_progress(progress), kept: path.is_some() })
    }

    /// What a call takes with it.
    pub(crate) fn context(&self) -> Context {
        self.context.clone()
    }

    /// Whether what is written outlives the command.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept
    }

    /// Closes it.
    pub(crate) async fn close(self) {}
}

/// File, environment and flags, in ascending order.
fn options(globals: &Globals) -> LoadOptions {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut options = LoadOptions::new().environment(variables);
    if let Some(file) = &globals.config {
        options = options.file(file);
    }
    if let Some(path) = &globals.db {
        options = options.with(&STORE_PATH, path.display());
    }
    options
}
