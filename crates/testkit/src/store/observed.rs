//! A store that counts what is asked of another.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use heptad_core::{
    Result,
    store::{
        Batch, Capabilities, Change, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId,
        Watch,
    },
};

/// What was asked of a store.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Batches that were committed.
    pub commits: usize,
    /// The bytes of the longest value that was put.
    pub longest_put: usize,
    /// The most records that were being read at the same time.
    pub most_gets: usize,
    /// The most records that one scan returned.
    pub longest_scan: usize,
    /// The most bytes of entries that one read returned.
    pub most_bytes_read: usize,
    gets: usize,
}

/// The store `inner`, and what was asked of it.
pub struct Observed {
    inner: Arc<dyn Store>,
    seen: Mutex<Seen>,
}

impl Observed {
    /// Looks at what is asked of `inner` from now on.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, seen: Mutex::default() }
    }

    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// What was seen so far; the count begins anew. To be called while nothing is being read.
    pub fn take(&self) -> Seen {
        mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for Observed {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn get(&self, key: &Key) -> Result<Option<Record>> {
        {
            let mut seen = self.lock();
            seen.gets += 1;
            seen.most_gets = seen.most_gets.max(seen.gets);
        }
        // Others may begin before this one ends.
        tokio::task::yield_now().await;
        let record = self.inner.get(key).await;
        self.lock().gets -= 1;
        record
    }

    async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Record>> {
        let records = self.inner.scan(range, page).await?;
        let mut seen = self.lock();
        seen.longest_scan = seen.longest_scan.max(records.len());
        Ok(records)
    }

    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        {
            let mut seen = self.lock();
            seen.commits += 1;
            for change in batch.changes() {
                if let Change::Put(_, value, _) = change {
                    seen.longest_put = seen.longest_put.max(value.as_bytes().len());
                }
            }
        }
        self.inner.commit(batch).await
    }

    async fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Result<Vec<Entry>> {
        let entries = self.inner.read(stream, after, limit).await?;
        let bytes = entries.iter().map(|entry| entry.value.as_bytes().len()).sum();
        let mut seen = self.lock();
        seen.most_bytes_read = seen.most_bytes_read.max(bytes);
        Ok(entries)
    }

    fn watch(&self, stream: &StreamId) -> Watch {
        self.inner.watch(stream)
    }
}
