//! Filling an index from the records that are there, while others go on writing.
//!
//! Every entry is written on condition that its record is still the one it was made from; whoever changes a record meanwhile
//! writes its entries itself.

use std::{collections::HashMap, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    super::{Batch, Expect, Key, KeyRange, Page, Record, Value},
    ATTEMPTS, Collection, Index, read,
};
use crate::error::{Error, ErrorKind, Result};

/// How many records are looked at in one batch.
const PAGE: usize = 256;

impl<T: Serialize + DeserializeOwned + Send + Sync> Collection<T> {
    /// Removes all entries of an index.
    pub(super) async fn clear(&self, index: Arc<str>) -> Result<()> {
        loop {
            let entries = self.0.store.scan(KeyRange::all(Arc::clone(&index)), Page::first(PAGE)).await?;
            if entries.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for entry in entries {
                batch.delete(entry.key);
            }
            self.0.store.commit(batch).await?;
        }
    }

    /// Empties the index and writes the entries of all records.
    pub(super) async fn fill(&self, index: &Index<T>) -> Result<()> {
        self.clear(Arc::clone(&index.collection)).await?;
        let mut range = KeyRange::all(Arc::clone(&self.0.name));
        let mut outrun = 0;
        loop {
            let records = self.0.store.scan(range.clone(), Page::first(PAGE)).await?;
            let Some(last) = records.last().map(|record| record.key.id().to_owned()) else { return Ok(()) };
            let batch = self.entries_of(index, records).await?;
            match self.0.store.commit(batch).await {
                Ok(_) => {
                    range = range.after(&last);
                    outrun = 0;
                }
                Err(error) if error.kind() == ErrorKind::Conflict && outrun < ATTEMPTS => outrun += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn entries_of(&self, index: &Index<T>, records: Vec<Record>) -> Result<Batch> {
        let mut batch = Batch::new();
        let mut owners: HashMap<Key, String> = HashMap::new();
        for record in records {
            let (key, version) = (record.key.clone(), record.version);
            let stored = read::<T>(record)?;
            let target = Value::json(&stored.id)?;
            for entry in index.entries(&stored.id, &stored.value)? {
                if let Some(other) = owners.insert(entry.clone(), stored.id.clone()) {
                    return Err(self.not_unique(index, &other, &stored.id));
                }
                let expect = match self.owner(index, &entry).await? {
                    Some(owner) if owner == stored.id => continue,
                    Some(owner) => return Err(self.not_unique(index, &owner, &stored.id)),
                    None if index.unique => Expect::Absent,
                    None => Expect::Any,
                };
                batch.put_if(entry, target.clone(), expect);
            }
            batch.require(key, Expect::Exactly(version));
        }
        Ok(batch)
    }

    /// Whose entry is there already; asked only where it matters.
    async fn owner(&self, index: &Index<T>, entry: &Key) -> Result<Option<String>> {
        if !index.unique {
            return Ok(None);
        }
        self.0.store.get(entry).await?.map(|record| record.value.decode()).transpose()
    }

    fn not_unique(&self, index: &Index<T>, one: &str, other: &str) -> Error {
        let message = format!(
            "`{}` cannot be unique in `{}`: `{one}` and `{other}` have the same value; change one of them first",
            index.name,
            self.name()
        );
        Error::new(ErrorKind::AlreadyExists, message)
    }
}
