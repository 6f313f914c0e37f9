//! What was derived from files is kept by the hash of their content: an unchanged file is not parsed again, wherever it lies.
//!
//! Keys name what was derived, the version of the code that derives it, the language and the content, so that nothing has to be
//! invalidated: what nobody asks for any more is swept out with the oldest.

use std::{cmp::Reverse, collections::HashSet, sync::Arc};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Serialize, de::DeserializeOwned};

use super::{Language, walk::ContentHash};
use crate::{
    error::Result,
    store::{Batch, Key, KeyRange, Page, Store, Value},
};

const COLLECTION: &str = "code.facts";

/// Records read or written at once.
const CHUNK: usize = 256;

/// Facts of one kind about files: JSON values by content hash and language, in a store, at most about `capacity` of them.
#[derive(Clone)]
pub struct FactCache {
    store: Arc<dyn Store>,
    prefix: String,
    capacity: usize,
}

impl FactCache {
    /// A cache of what is called `kind` (`a-z` and `_`), as made by version `version` of its maker, that keeps about `capacity` facts.
    pub fn new(store: Arc<dyn Store>, kind: &'static str, version: u32, capacity: usize) -> Self {
        Self { store, prefix: format!("{kind}:{version}:"), capacity: capacity.max(1) }
    }

    fn key(&self, language: Language, hash: &ContentHash) -> Result<Key> {
        Key::new(COLLECTION, format!("{}{language}:{hash}", self.prefix))
    }

    /// The facts that are kept of these files, in their order.
    ///
    /// # Errors
    /// What the store fails with. A fact that cannot be read is none: it is made again.
    pub async fn get<T: DeserializeOwned>(
        &self,
        files: &[(Language, ContentHash)],
    ) -> Result<Vec<Option<T>>> {
        let one = |(language, hash): &(Language, ContentHash)| {
            let key = self.key(*language, hash);
            async { Ok(self.store.get(&key?).await?.and_then(|record| record.value.decode().ok())) }
        };
        // Made before the stream is, so that the future stays `Send` for every lifetime.
        let futures: Vec<_> = files.iter().map(one).collect();
        stream::iter(futures).buffered(16).try_collect().await
    }

    /// Keeps facts.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn put<T: Serialize>(&self, facts: &[(Language, ContentHash, &T)]) -> Result<()> {
        for chunk in facts.chunks(CHUNK) {
            let mut batch = Batch::new();
            let mut seen = HashSet::new();
            for (language, hash, fact) in chunk {
                // Two files of one content have one fact; a batch changes a key once.
                if seen.insert((language, hash)) {
                    batch.put(self.key(*language, hash)?, Value::json(fact)?);
                }
            }
            self.store.commit(batch).await?;
        }
        if facts.iter().any(|(_, hash, _)| self.is_sweep_due(hash)) {
            self.sweep().await?;
        }
        Ok(())
    }

    /// Whether this fact is the one in `capacity / 4` that has the cache swept. Hashes are as good as dice, and need no count that
    /// would have to be kept.
    fn is_sweep_due(&self, hash: &ContentHash) -> bool {
        let dice = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        dice % (self.capacity as u64 / 4).max(1) == 0
    }

    /// Removes facts of other versions, and the oldest above the capacity.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn sweep(&self) -> Result<()> {
        let kind = self.prefix.split(':').next().unwrap_or_default();
        let mut range = KeyRange::prefix(COLLECTION, format!("{kind}:"));
        let (mut kept, mut removed) = (Vec::new(), Vec::new());
        loop {
            let page = self.store.scan(range.clone(), Page::first(CHUNK)).await?;
            let Some(last) = page.last() else { break };
            range = range.after(last.key.id());
            for record in page {
                if record.key.id().starts_with(&self.prefix) {
                    kept.push((record.version, record.key));
                } else {
                    removed.push(record.key);
                }
            }
        }
        kept.sort_by_key(|(version, _)| Reverse(*version));
        removed.extend(kept.drain(self.capacity.min(kept.len())..).map(|(_, key)| key));
        for chunk in removed.chunks(CHUNK) {
            let mut batch = Batch::new();
            for key in chunk {
                batch.delete(key.clone());
            }
            self.store.commit(batch).await?;
        }
        Ok(())
    }
}
