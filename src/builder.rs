//! How a platform is put together: the one place that chooses adapters.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use heptad_core::{
    Kernel, Result, auth,
    backup::{self, Backups},
    clock::{Clock, SystemClock},
    config::{Config, LoadOptions, SEARCH_PATH, STORE_PATH},
    events::{EventBus, LocalBus},
    kernel::Ports,
    llm,
    search::{Catalog, SearchIndex},
    store::{Store, memory::MemoryStore},
    telemetry::{self, MeteredBus, MeteredIndex, MeteredStore, Metrics},
};

use crate::{Heptad, encryption, telemetry::Telemetry};

/// Chooses what a platform is made of. What is not chosen here comes from the environment (`HEPTAD_*`), then from the configuration file,
/// then from the defaults.
#[must_use]
pub struct Builder {
    options: LoadOptions,
    environment: bool,
    in_memory: bool,
    clock: Arc<dyn Clock>,
    encryption: encryption::Chosen,
    telemetry: Telemetry,
    models: llm::Models,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            options: LoadOptions::new(),
            environment: true,
            in_memory: false,
            clock: Arc::new(SystemClock),
            encryption: encryption::Chosen::default(),
            telemetry: Telemetry::default(),
            models: llm::Models::default(),
        }
    }
}

impl Builder {
    /// Keeps records and streams in the SQLite file at `path`; the search index is the folder `<path>.index` unless chosen.
    pub fn store(mut self, path: impl AsRef<Path>) -> Self {
        self.options = self.options.path(&STORE_PATH, path.as_ref());
        self
    }

    /// Keeps the search index in the folder at `path`.
    pub fn search(mut self, path: impl AsRef<Path>) -> Self {
        self.options = self.options.path(&SEARCH_PATH, path.as_ref());
        self
    }

    /// Keeps everything in memory, whatever the configuration says of paths.
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    /// Reads the configuration file at `path` (TOML).
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.options = self.options.file(path);
        self
    }

    /// Sets one configuration key, as in `("store.durability", "normal")`.
    pub fn set(mut self, key: impl Into<String>, value: impl std::fmt::Display) -> Self {
        self.options = self.options.set(key, value);
        self
    }

    /// Does not look at the environment: for tests, and for a host that has its own configuration.
    pub fn ignore_environment(mut self) -> Self {
        self.environment = false;
        self
    }

    /// Takes the time from `clock`.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Answers with a model of the program's own, in place of the configured one: within the layers that are configured (cache, budget, redaction, …)
    /// and before `llm.fallback`.
    pub fn chat_model(mut self, model: Arc<dyn llm::ChatModel>) -> Self {
        self.models.chat = Some(model);
        self
    }

    /// Embeds with an embedder of the program's own, in place of the configured one.
    pub fn embedder(mut self, embedder: Arc<dyn llm::Embedder>) -> Self {
        self.models.embedder = Some(embedder);
        self
    }

    /// Encrypts what records and streams hold with data keys that `ring` wraps; without it `encryption.key_file` and `encryption.keys` say so.
    ///
    /// The search index is then kept in memory and built from the store when it is opened, unless `encryption.search` is `plain`. What is
    /// encrypted and what is not: [`core::store::encrypted`](crate::core::store::encrypted).
    #[cfg(feature = "encryption")]
    #[cfg_attr(docsrs, doc(cfg(feature = "encryption")))]
    pub fn encryption(mut self, ring: Arc<dyn heptad_core::crypto::KeyRing>) -> Self {
        self.encryption.ring = Some(ring);
        self
    }

    /// Sends traces and metrics with `exporter`, whose metrics the platform then counts in. Without it `telemetry.otlp.endpoint` says so; a program
    /// that wants its traces from the first moment starts one with [`config`](Self::config) before it opens.
    #[cfg(feature = "otlp")]
    #[cfg_attr(docsrs, doc(cfg(feature = "otlp")))]
    pub fn otlp(mut self, exporter: heptad_core::telemetry::otlp::Exporter) -> Self {
        self.telemetry.exporter = Some(exporter);
        self
    }

    /// The configuration that [`open`](Self::open) would take. Opens nothing.
    ///
    /// # Errors
    /// As those of [`open`](Self::open) that are about the configuration.
    pub fn config(&self) -> Result<Config> {
        let options = self
            .options
            .clone()
            .keys(llm::config::KEYS)
            .keys(auth::config::KEYS)
            .keys(telemetry::config::KEYS)
            .keys(backup::KEYS);
        Config::load(if self.environment { options.environment(std::env::vars_os()) } else { options })
    }

    /// Opens the platform.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the configuration is wrong, [`Unavailable`](crate::ErrorKind::Unavailable)
    /// where a file cannot be opened, [`Corrupt`](crate::ErrorKind::Corrupt) where it is damaged; with encryption what `Encrypted::open`
    /// refuses, and [`Unsupported`](crate::ErrorKind::Unsupported) where keys are configured and the build lacks the feature.
    pub async fn open(self) -> Result<Heptad> {
        let config = self.config()?;
        let (clock, environment) = (self.clock, self.environment);
        let variable = |name: &str| std::env::var(name).ok().filter(|_| environment);
        let telemetry = self.telemetry.start(&config, &variable, &clock)?;
        let metrics = telemetry.metrics();
        let path = config.get(&STORE_PATH).filter(|_| !self.in_memory);
        let (store, backup) = match &path {
            Some(path) => {
                let erase = self.encryption.is_asked_for(&config);
                open_store(path, erase, &config, &metrics, &clock).await?
            }
            None => {
                let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::clone(&clock)));
                (store, Backups::default())
            }
        };
        let folder = config.get(&SEARCH_PATH).or_else(|| path.as_deref().map(index_beside));
        let folder = folder.filter(|_| !self.in_memory);
        let opened = encryption::encrypt(self.encryption, store, folder.as_deref(), &config, &clock).await?;
        let folder = folder.filter(|_| !opened.index_in_memory);
        let store: Arc<dyn Store> = Arc::new(MeteredStore::new(opened.store, &metrics, Arc::clone(&clock)));
        let bus: Arc<dyn EventBus> = Arc::new(LocalBus::new(Arc::clone(&store), Arc::clone(&clock)));
        let bus = Arc::new(MeteredBus::new(bus, &metrics, Arc::clone(&clock)));
        let llm = llm::config::open(&config, &variable, &store, &metrics, &clock, self.models).await?;
        let (tokens, login) = auth::config::open(&config, &variable, &clock).await?;
        let mut security = opened.security;
        (security.tokens, security.login) = (tokens, login);
        let search = open_index(folder).map(|index| {
            let (store, index) = (Arc::clone(&store), MeteredIndex::new(index, &metrics, Arc::clone(&clock)));
            match &llm.embedder {
                Some(embedder) => Catalog::embedding(store, Arc::new(index), Arc::clone(embedder)),
                None => Catalog::new(store, Arc::new(index)),
            }
        });
        let operations = crate::registry();
        let ports = Ports { store, bus, search, llm, security, clock, config, metrics, backup, operations };
        Ok(telemetry.attach(Heptad::new(Kernel::new(ports))))
    }
}

/// The folder of the search index that belongs to a store.
fn index_beside(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".index");
    path.into()
}

#[cfg(feature = "sqlite")]
async fn open_store(
    path: &Path,
    erase: bool,
    config: &Config,
    metrics: &Metrics,
    clock: &Arc<dyn Clock>,
) -> Result<(Arc<dyn Store>, Backups)> {
    use heptad_core::{
        backup::{BACKUP_TARGET, BackupOptions, target},
        config::STORE_DURABILITY,
        store::sqlite::{Durability, LogGate, SqliteOptions, SqliteStore},
    };
    let durability =
        if config.get(&STORE_DURABILITY) == "normal" { Durability::Normal } else { Durability::Full };
    let group_sizes = Some(metrics.group_sizes("sqlite"));
    let options = SqliteOptions { durability, group_sizes, erase, ..SqliteOptions::default() };
    let Some(place) = config.get(&BACKUP_TARGET) else {
        let store = SqliteStore::open(path, options, Arc::clone(clock)).await?;
        return Ok((Arc::new(store), Backups::default()));
    };
    let (target, gate) = (target::open(&place)?, LogGate::default());
    let options = SqliteOptions { log: Some(gate.clone()), ..options };
    let store = SqliteStore::open(path, options, Arc::clone(clock)).await?;
    let backup =
        Backups::start(path, target, gate, BackupOptions::configured(config), Arc::clone(clock), metrics)?;
    Ok((Arc::new(store), backup))
}

#[cfg(not(feature = "sqlite"))]
async fn open_store(
    path: &Path,
    _erase: bool,
    _config: &Config,
    _metrics: &Metrics,
    _clock: &Arc<dyn Clock>,
) -> Result<(Arc<dyn Store>, Backups)> {
    let message = "this build keeps stores in memory only: it lacks the feature `sqlite`";
    Err(crate::Error::new(crate::ErrorKind::Unsupported, message).with("store.path", path.display()))
}

#[cfg(feature = "tantivy")]
fn open_index(folder: Option<PathBuf>) -> Option<Arc<dyn SearchIndex>> {
    use heptad_core::search::tantivy::TantivyIndex;
    Some(Arc::new(folder.map_or_else(TantivyIndex::in_memory, TantivyIndex::in_folder)))
}

#[cfg(not(feature = "tantivy"))]
fn open_index(_folder: Option<PathBuf>) -> Option<Arc<dyn SearchIndex>> {
    None
}
