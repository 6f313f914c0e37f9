//! The store in one SQLite file: the default of an embedded platform.
//!
//! `connect` opens and checks the file, `schema` brings it up to date; `write` is the one thread that changes it and groups the
//! commits that wait for it into one transaction (group commit); `read` answers from connections of its own; `watch` wakes readers;
//! `segment` is how entries of streams are packed; `gate` hands the write-ahead log to a backup; `inspect` checks a whole file. Begin with `write`.

mod connect;
mod fault;
mod gate;
mod inspect;
mod options;
mod read;
mod schema;
mod segment;
mod watch;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;

pub(crate) use self::fault::storage_error;
pub use self::{
    gate::{Closed, LogGate},
    inspect::{Contents, inspect},
    options::{Durability, Integrity, SqliteOptions},
};
use self::{read::Readers, watch::Watches, write::Writer};
use super::{
    Batch, Capabilities, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId, Watch,
};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
};

/// A [`Store`] in one SQLite file (with its `-wal` and `-shm` beside it). Needs a tokio runtime.
///
/// Several processes, or several stores of one process, may use the file at once: SQLite's locks put their commits in one order. The file
/// must be on a local disk: the write-ahead log needs memory that all of them share.
///
/// Dropping the store waits until what was handed to it is committed, which takes as long as a few commits.
///
/// ```
/// use std::sync::Arc;
/// use heptad_core::clock::SystemClock;
/// use heptad_core::store::{Batch, Key, Store, Value, sqlite::{SqliteOptions, SqliteStore}};
///
/// # async fn example() -> heptad_core::Result<()> {
/// # let folder = tempfile::tempdir().expect("a folder for the example");
/// # let path = folder.path().join("acme.db");
/// let store = SqliteStore::open(&path, SqliteOptions::default(), Arc::new(SystemClock)).await?;
/// let mut batch = Batch::new();
/// batch.put(Key::new("users", "ada")?, Value::json(&"Ada")?);
/// store.commit(batch).await?; // on the disk when it returns
/// drop(store);
///
/// let store = SqliteStore::open(&path, SqliteOptions::default(), Arc::new(SystemClock)).await?;
/// assert!(store.get(&Key::new("users", "ada")?).await?.is_some());
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(example()).expect("the example");
/// ```
pub struct SqliteStore {
    path: PathBuf,
    capabilities: Capabilities,
    // Dropped in this order: the writer finishes its work, then the watches end.
    writer: Writer,
    readers: Readers,
    watches: Watches,
}

impl SqliteStore {
    /// Opens the store in the file at `path`, which is made where it does not exist; brings an older file up to date; checks it as
    /// `options.integrity` says. `clock` gives the entries of streams their time.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where `path` is a folder or somebody else's database;
    /// [`Corrupt`](ErrorKind::Corrupt) where it is no database at all or fails the check;
    /// [`Unsupported`](ErrorKind::Unsupported) where a newer Heptad wrote it or its file system cannot share memory;
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) where it cannot be written;
    /// [`Unavailable`](ErrorKind::Unavailable) where another process keeps it locked.
    pub async fn open(path: impl AsRef<Path>, options: SqliteOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let opening = tokio::task::spawn_blocking(move || Self::open_blocking(path, &options, clock));
        opening.await.map_err(|error| Error::internal("opening the store panicked").because(error))?
    }

    fn open_blocking(path: PathBuf, options: &SqliteOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        let named = |error: Error| error.with("path", path.display());
        let connection = connect::prepare(&path, options).map_err(named)?;
        let watches =
            Watches::start(connect::reader(&path, options).map_err(named)?, options).map_err(named)?;
        let writer = Writer::start(connection, options, clock, watches.table()).map_err(named)?;
        let readers = Readers::new(path.clone(), options.clone());
        let mut capabilities = Capabilities::new("sqlite", options.durability == Durability::Full, true);
        capabilities.persistent = true;
        Ok(Self { path, capabilities, writer, readers, watches })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn get(&self, key: &Key) -> Result<Option<Record>> {
        let key = key.clone();
        self.readers.run(move |connection| read::get(connection, key)).await
    }

    async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Record>> {
        self.readers.run(move |connection| read::scan(connection, &range, page)).await
    }

    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        batch.check(&self.capabilities)?;
        self.writer.commit(batch).await
    }

    async fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Result<Vec<Entry>> {
        let stream = stream.clone();
        self.readers.run(move |connection| read::entries(connection, &stream, after, limit)).await
    }

    fn watch(&self, stream: &StreamId) -> Watch {
        self.watches.watch(stream)
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the store's writer has stopped: open the store anew")
}
