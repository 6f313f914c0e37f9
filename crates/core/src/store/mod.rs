//! Records and a log, committed together: the one place where state is kept.
//!
//! [`Store`] is the port; [`memory`] and `sqlite` are its adapters; [`Collection`] gives records types and indexes. A [`Batch`] is the
//! only way to change anything and is atomic, so a state change and the event that tells of it are never apart.
//!
//! Begin with [`Store`], then [`Batch`]. The conformance suite that every adapter must pass is in `heptad-testkit`.

mod batch;
mod collection;
#[cfg(feature = "encryption")]
#[cfg_attr(docsrs, doc(cfg(feature = "encryption")))]
pub mod encrypted;
mod key;
mod limits;
pub mod memory;
mod producer;
mod record;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub mod sqlite;
mod stream;

use async_trait::async_trait;

pub use self::{
    batch::{Append, Batch, Change, Expect, Producer, Receipt},
    collection::{Collection, Definition, Found, IndexRange, IndexValue, Stored},
    key::{Key, KeyRange, Page},
    record::{Record, Value, Version},
    stream::{Appended, Entry, Offset, StreamId, Watch, WatchHandle},
};
use crate::error::Result;

/// What an adapter can do. What it lacks is refused as [`Unsupported`](crate::ErrorKind::Unsupported), never silently skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Name of the adapter, for reports and metrics.
    pub name: &'static str,
    /// Acknowledged commits survive the end of the process, however sudden.
    pub persistent: bool,
    /// Acknowledged commits survive the loss of power as well.
    pub durable: bool,
    /// Several processes may use the same store at once.
    pub shared: bool,
    /// The most bytes one value or entry may have.
    pub max_value_bytes: usize,
    /// The most changes and entries one batch may have.
    pub max_batch_len: usize,
    /// The most bytes the values and entries of one batch may have together.
    pub max_batch_bytes: usize,
}

impl Capabilities {
    /// The capabilities of an adapter called `name`; the rest is set by field.
    pub const fn new(name: &'static str, durable: bool, shared: bool) -> Self {
        Self {
            name,
            persistent: durable,
            durable,
            shared,
            max_value_bytes: 64 << 20,
            max_batch_len: 100_000,
            max_batch_bytes: 256 << 20,
        }
    }
}

/// The port: five verbs. Every adapter passes `heptad_testkit::store` unchanged.
///
/// ```
/// use std::sync::Arc;
/// use heptad_core::clock::SystemClock;
/// use heptad_core::store::{Batch, Expect, Key, Offset, Store, StreamId, Value, memory::MemoryStore};
///
/// # async fn example() -> heptad_core::Result<()> {
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
/// let (key, log) = (Key::new("users", "ada")?, StreamId::new("users.log")?);
///
/// // A state change and the entry that tells of it: both or neither.
/// let mut batch = Batch::new();
/// batch
///     .put_if(key.clone(), Value::json(&"Ada")?, Expect::Absent)
///     .append(log.clone(), vec![Value::json(&"ada signed up")?]);
/// let receipt = store.commit(batch.clone()).await?;
///
/// let record = store.get(&key).await?.expect("it was just written");
/// assert_eq!(record.version, receipt.version);
/// assert_eq!(store.read(&log, Offset::START, 10).await?.len(), 1);
///
/// // Now that the key is taken, the same batch is refused as a whole.
/// assert!(store.commit(batch).await.is_err());
/// assert_eq!(store.read(&log, Offset::START, 10).await?.len(), 1);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(example()).expect("the example");
/// ```
#[async_trait]
pub trait Store: Send + Sync {
    /// What this adapter can do.
    fn capabilities(&self) -> Capabilities;

    /// The record at `key`, as of the last commit.
    async fn get(&self, key: &Key) -> Result<Option<Record>>;

    /// The records in `range`, ordered by the bytes of their ids, at most `page.limit` of them. All come from one state of the store.
    async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Record>>;

    /// Applies `batch` wholly or not at all. When it returns, the batch is as durable as the adapter promises and every later read in
    /// this process sees it. A caller that stops waiting does not take the batch back.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) where an [`Expect`] does not hold (the error's context names the `key` of the first that does not), a producer's
    /// epoch is old or its sequence has a gap; [`LimitExceeded`](crate::ErrorKind::LimitExceeded) where the batch or a value is larger
    /// than the capabilities allow; [`InvalidInput`](crate::ErrorKind::InvalidInput) where a key is changed twice or a producer is
    /// malformed.
    async fn commit(&self, batch: Batch) -> Result<Receipt>;

    /// The entries of `stream` after offset `after`, oldest first, at most `limit`. Entries that retention removed are passed over.
    async fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Result<Vec<Entry>>;

    /// Wakes when `stream` grows, without polling inside one process.
    fn watch(&self, stream: &StreamId) -> Watch;
}
