//! Encryption at rest: a layer over any store that seals what records and entries hold.
//!
//! # What is encrypted
//! The value of every record and of every stream entry, with AES-256-GCM. What is written through the layer lies on the disk (pages, write-ahead
//! log, temporary files) and in a backup as sealed bytes.
//!
//! A store that was plain before keeps what was never written again: entries of its streams, and what lies in pages that were free when it was first
//! opened encrypted, until the file is copied by `VACUUM INTO`. What is replaced or removed from then on is overwritten where the file was opened with
//! [`erase`](super::sqlite::SqliteOptions::erase), as the facade does; frames of an older write-ahead log stay until it is written over or cut off.
//!
//! # What is not
//! Names of collections and streams; **ids of records, among them the values in secondary indexes**, for an index entry is a record whose id
//! holds the value ([`Definition`](super::Definition)), and paths and names of functions, which are ids of indexed code; versions, offsets and times; names, epochs and sequences of producers; how many
//! records and entries there are and how large each value is, to the byte; which values were written in one session of the store. Nor is
//! anything outside the store: the search index, logs, metrics, what is in memory. Never index what must stay secret.
//!
//! # Keys
//! Data keys belong to the store. The newest seals, the others only open; each is kept in the store wrapped by a
//! [`KeyRing`]. Every opening of the store begins a *session*: a key derived (HKDF-SHA-256) from the data key and 128 random bits, whose nonces are a counter. Two
//! stores that were restored from the same backup, or a store and its copy, begin sessions with different keys, so no pair of key and nonce is used twice, however
//! far a counter was set back. (A *running machine* that is copied with its memory is another matter: after resuming from such a snapshot, open
//! the store anew.)
//!
//! # What is detected, and what is not
//! Every value is bound to its place. Found when it is read, with a [`Fault`] that tells tampering from truncation and from a wrong key:
//! a value that was changed by a single bit, cut off, moved to another id, collection or stream, or replaced by one that was not sealed with
//! the store's keys. In a stream also: entries of one append that were exchanged, repeated or left out; the end of the last append cut
//! off; a whole append that was moved in front of others that its writer had seen, or that moved up because one before it was removed; an append that occurs twice in what
//! one call reads. [`Encrypted::verify`] looks at everything, and finds an append that occurs twice anywhere in its stream.
//!
//! **Not found**: a record that was set back to an earlier value *of the same id*; a record that was removed; whole appends that were removed from
//! the end of a stream, or all entries up to some offset from its beginning; the whole store set back to an earlier copy. Whoever can write the
//! file can do these. What one does in the file is seen only by a witness outside it.
//!
//! # Rotation
//! [`rewrap`](Encrypted::rewrap) wraps the data keys with the ring's current key. [`rotate`](Encrypted::rotate) makes a new data key, which
//! every process uses from its next commit on; [`reencrypt`](Encrypted::reencrypt) writes the records anew that older keys sealed, in the
//! background and going on where it was stopped (a record gets a new version when it is written anew); [`retire`](Encrypted::retire) removes
//! data keys that nothing needs any more. Entries of streams are never written again: their data key stays until retention has forgotten them.
//!
//! ```
//! use std::sync::Arc;
//! use heptad_core::{clock::SystemClock, crypto::{SecretKey, TextKeyRing}};
//! use heptad_core::store::{Batch, Key, Store, Value, encrypted::{Encrypted, EncryptedOptions}, memory::MemoryStore};
//!
//! # async fn example() -> heptad_core::Result<()> {
//! let clock = Arc::new(SystemClock);
//! let plain: Arc<dyn Store> = Arc::new(MemoryStore::new(clock.clone()));
//! let ring = Arc::new(TextKeyRing::parse(&format!("2026 {}", *SecretKey::generate()?.to_base64()))?);
//! let store = Encrypted::open(plain.clone(), ring, EncryptedOptions::default(), clock).await?;
//!
//! let ada = Key::new("users", "ada")?;
//! let mut batch = Batch::new();
//! batch.put(ada.clone(), Value::json(&"Ada Lovelace")?);
//! store.commit(batch).await?;
//!
//! assert_eq!(store.get(&ada).await?.expect("it was put").value.decode::<String>()?, "Ada Lovelace");
//! let sealed = plain.get(&ada).await?.expect("it was put").value;
//! assert!(!sealed.as_bytes().windows(3).any(|bytes| bytes == b"Ada"));
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(example()).expect("the example");
//! ```

mod chain;
mod commit;
mod envelope;
mod keys;
pub mod operations;
mod records;
mod reencrypt;
mod rotate;
mod session;
mod vault;
mod verify;

use std::sync::{Arc, RwLock};

use async_trait::async_trait;

use self::{
    chain::Chain, commit::Memory, envelope::Place, records::COLLECTION, session::Session, vault::Vault,
};
pub use self::{
    reencrypt::{Reencrypted, Waiting},
    rotate::{DataKeyStatus, Retired},
    verify::{Damage, Verified},
};
use super::{
    Batch, Capabilities, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId, Version, Watch,
};
use crate::{
    clock::Clock,
    crypto::{Fault, KeyRing},
    error::{Error, Result},
};

/// More bytes than these are not sealed or opened on a thread of the async runtime.
const INLINE_BYTES: usize = 256 << 10;

/// What is done with values that are not encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plain {
    /// They are refused: they were not written through the encryption.
    #[default]
    Refuse,
    /// They are read: for a store that was written before it was encrypted. Whoever can write the file can then put plain values
    /// in the place of encrypted ones, so go back to `Refuse` when everything is encrypted.
    Read,
}

/// How a store is encrypted.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct EncryptedOptions {
    /// What is done with values that are not encrypted.
    pub plain: Plain,
}

impl EncryptedOptions {
    /// The same, with another treatment of values that are not encrypted.
    #[must_use]
    pub fn plain(mut self, plain: Plain) -> Self {
        self.plain = plain;
        self
    }
}

/// A [`Store`] that seals what another keeps. Several may be open on one store, in several processes.
pub struct Encrypted {
    inner: Arc<dyn Store>,
    ring: Arc<dyn KeyRing>,
    clock: Arc<dyn Clock>,
    capabilities: Capabilities,
    /// Which store this is: wrapped keys are bound to it.
    store: String,
    vault: Arc<Vault>,
    active: RwLock<Option<Arc<Active>>>,
    memory: Arc<Memory>,
}

/// What seals now.
struct Active {
    number: u32,
    /// The version of the state under which `number` is the current data key.
    state: Version,
    session: Arc<Session>,
}

impl Encrypted {
    /// Encrypts `inner` with data keys that `ring` wraps; a new store gets its first data key. `clock` dates the keys.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the store was written without encryption before; with a [`Fault`] where the
    /// current data key cannot be unwrapped; whatever the store or the ring fails with.
    pub async fn open(
        inner: Arc<dyn Store>,
        ring: Arc<dyn KeyRing>,
        options: EncryptedOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let capabilities = commit::capabilities(inner.capabilities());
        let mut store = Self {
            inner,
            ring,
            clock,
            capabilities,
            store: String::new(),
            vault: Arc::new(Vault::new(options.plain)),
            active: RwLock::default(),
            memory: Arc::default(),
        };
        store.establish().await?;
        Ok(store)
    }

    /// Opens records, with the data keys they need.
    async fn reveal(&self, mut records: Vec<Record>) -> Result<Vec<Record>> {
        let missing =
            records.iter().filter_map(|r| self.vault.missing(Place::Record(&r.key), &r.value)).collect();
        self.load_all(missing).await?;
        let bytes = records.iter().map(|record| record.value.as_bytes().len()).sum();
        let vault = Arc::clone(&self.vault);
        aside(bytes, move || {
            records.iter_mut().try_for_each(|record| vault.open_record(record))?;
            Ok(records)
        })
        .await
    }

    async fn reveal_entries(
        &self,
        stream: &StreamId,
        mut entries: Vec<Entry>,
        ends: bool,
    ) -> Result<Vec<Entry>> {
        let missing =
            entries.iter().filter_map(|e| self.vault.missing(Place::Entry(stream), &e.value)).collect();
        self.load_all(missing).await?;
        let bytes = entries.iter().map(|entry| entry.value.as_bytes().len()).sum();
        let (vault, name) = (Arc::clone(&self.vault), stream.clone());
        let (entries, chain) = aside(bytes, move || {
            let mut chain = Chain::default();
            vault.open_entries(&name, &mut entries, &mut chain)?;
            Ok((entries, chain))
        })
        .await?;
        if ends {
            chain.end().map_err(|fault| vault::unopened(fault, "append").with("stream", stream))?;
        }
        if let Some(offset) = chain.offset() {
            self.memory.saw(stream, offset);
        }
        Ok(entries)
    }

    async fn load_all(&self, mut missing: Vec<u32>) -> Result<()> {
        missing.sort_unstable();
        missing.dedup();
        for number in missing {
            self.load(number).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Store for Encrypted {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn get(&self, key: &Key) -> Result<Option<Record>> {
        ours(key.collection())?;
        let mut again = true;
        loop {
            let Some(record) = self.inner.get(key).await? else { return Ok(None) };
            match self.reveal(vec![record]).await {
                Err(error) if std::mem::take(&mut again) && retired(&error) => {}
                opened => return opened.map(|mut records| records.pop()),
            }
        }
    }

    async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Record>> {
        ours(&range.collection)?;
        let mut again = true;
        loop {
            match self.reveal(self.inner.scan(range.clone(), page).await?).await {
                Err(error) if std::mem::take(&mut again) && retired(&error) => {}
                opened => return opened,
            }
        }
    }

    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        batch.check(&self.capabilities)?;
        commit::changed_keys(&batch).try_for_each(|key| ours(key.collection()))?;
        self.commit_sealed(batch).await
    }

    async fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Result<Vec<Entry>> {
        let entries = self.inner.read(stream, after, limit).await?;
        let ends = entries.len() < limit;
        self.reveal_entries(stream, entries, ends).await
    }

    fn watch(&self, stream: &StreamId) -> Watch {
        self.inner.watch(stream)
    }
}

/// Refuses the collection that the encryption keeps its own records in.
fn ours(collection: &str) -> Result<()> {
    if collection != COLLECTION {
        return Ok(());
    }
    Err(Error::invalid(format!("the collection `{COLLECTION}` belongs to the encryption of the store")))
}

/// The record may have been encrypted anew, and its old key retired, between reading and opening it: then a second look helps.
fn retired(error: &Error) -> bool {
    Fault::of(error) == Some(Fault::MissingKey)
}

/// Runs `work` on `bytes` bytes: here where they are few, on a thread that may take its time where they are not.
async fn aside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    if bytes <= INLINE_BYTES {
        return work();
    }
    let working = tokio::task::spawn_blocking(work);
    working.await.map_err(|error| Error::internal("encryption panicked").because(error))?
}
