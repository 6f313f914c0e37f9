//! New data keys, new wrapping keys, and the end of old data keys.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Encrypted, envelope,
    records::{DataKey, Place, State, Used},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Result, Retry},
    store::{Batch, Expect, KeyRange, Offset, Page, Value},
};

const ATTEMPTS: usize = 16;
/// How many records are looked at in one go.
pub(super) const PAGE: usize = 256;

/// A data key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DataKeyStatus {
    /// Its number; the greatest is the current one.
    pub number: u32,
    /// When it was made.
    pub created: Timestamp,
    /// The key of the ring that wrapped it.
    pub wrapped_by: String,
    /// Collections whose records it may have sealed.
    pub collections: Vec<String>,
    /// Streams whose entries it may have sealed.
    pub streams: Vec<String>,
}

/// What [`Encrypted::retire`] did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Retired {
    /// Data keys that were removed.
    pub retired: Vec<u32>,
    /// Older data keys that something still needs.
    pub needed: Vec<u32>,
}

impl Encrypted {
    /// The data keys, the oldest first.
    ///
    /// # Errors
    /// Whatever the store fails with; with a [`Fault`](crate::crypto::Fault) where its records are damaged.
    pub async fn status(&self) -> Result<Vec<DataKeyStatus>> {
        let places = self.places().await?;
        let keys = self.data_keys().await?.into_iter().map(|(key, _)| {
            let used = places.iter().filter(|place| place.number == key.number).map(|place| &place.used);
            let (mut collections, mut streams) = (Vec::new(), Vec::new());
            for used in used {
                match used {
                    Used::Collection(name) => collections.push(name.clone()),
                    Used::Stream(stream) => streams.push(stream.to_string()),
                }
            }
            DataKeyStatus {
                number: key.number,
                created: key.created,
                wrapped_by: key.wrapped_by,
                collections,
                streams,
            }
        });
        Ok(keys.collect())
    }

    /// Makes a new data key and returns its number. Every process seals with it from its next commit on; what older keys sealed can be read as
    /// before.
    ///
    /// # Errors
    /// Whatever the store or the key ring fails with.
    pub async fn rotate(&self) -> Result<u32> {
        for _ in 0..ATTEMPTS {
            self.reload().await?;
            let (number, state) = (self.active().number + 1, self.active().state);
            let mut batch = Batch::new();
            batch.put_if(DataKey::key(number)?, self.new_key(number).await?, Expect::Absent);
            batch.put_if(
                State::key()?,
                Value::json(&State::new(self.store.clone()))?,
                Expect::Exactly(state),
            );
            match self.inner.commit(batch).await {
                Ok(_) => {
                    self.reload().await?;
                    return Ok(number);
                }
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(ErrorKind::Conflict, "others change the data key all the time: try later")
            .retry(Retry::Now))
    }

    /// Wraps every data key with the current key of the ring, where another wrapped it; returns how many that were. When it is 0, no
    /// older key of the ring is needed any more. May be stopped at any time and called again.
    ///
    /// # Errors
    /// Whatever the store or the key ring fails with; a [`Fault`](crate::crypto::Fault) where a data key cannot be unwrapped.
    pub async fn rewrap(&self) -> Result<usize> {
        let current = self.ring.current().await?;
        let mut wrapped = 0;
        for (old, version) in self.data_keys().await? {
            if old.wrapped_by == current {
                continue;
            }
            let key = self.unwrap(&old).await?;
            let context = DataKey::context(&self.store, old.number, old.created);
            let new = DataKey::new(old.number, old.created, self.ring.wrap(&key, &context).await?);
            let mut batch = Batch::new();
            batch.put_if(DataKey::key(old.number)?, Value::json(&new)?, Expect::Exactly(version));
            match self.inner.commit(batch).await {
                Ok(_) => wrapped += 1,
                // Wrapped by somebody else meanwhile, or retired.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Ok(wrapped)
    }

    /// Removes the data keys that nothing in this store needs any more. Whatever they sealed can then never be opened again with what this store holds; a
    /// copy or a backup made before has its own wrapped keys, which the ring unwraps as ever. Looks at the header of every record first.
    ///
    /// # Errors
    /// Whatever the store fails with; a [`Fault`](crate::crypto::Fault) where something cannot be read: then nothing is removed.
    pub async fn retire(&self) -> Result<Retired> {
        self.reload().await?;
        let current = self.active().number;
        let used = self.used().await?;
        let mut outcome = Retired { retired: Vec::new(), needed: Vec::new() };
        for (key, version) in self.data_keys().await?.into_iter().filter(|(key, _)| key.number < current) {
            if used.contains(&key.number) {
                outcome.needed.push(key.number);
                continue;
            }
            let mut batch = Batch::new();
            batch.delete_if(DataKey::key(key.number)?, Expect::Exactly(version));
            self.inner.commit(batch).await?;
            outcome.retired.push(key.number);
        }
        Ok(outcome)
    }

    /// The numbers of the data keys that sealed something that is there. Nobody writes with an older key than the current one, so what is
    /// not used now never will be.
    async fn used(&self) -> Result<BTreeSet<u32>> {
        let mut used = BTreeSet::new();
        let mut ranges = vec![Place::all()];
        for place in self.places().await? {
            used.insert(place.number);
            match place.used {
                Used::Collection(name) => ranges.push(KeyRange::all(name)),
                Used::Stream(stream) => {
                    // Newer keys come behind older ones, so every key from that of the oldest entry on may be needed.
                    let oldest = self.inner.read(&stream, Offset::START, 1).await?;
                    if let Some(entry) = oldest.first() {
                        let number = self.vault.number_of(envelope::Place::Entry(&stream), &entry.value);
                        let number = number.map_err(|fault| {
                            super::vault::unopened(fault, "entry").with("stream", &stream)
                        })?;
                        used.extend(number..=self.active().number);
                    }
                }
            }
        }
        ranges.sort_by(|a, b| a.collection.cmp(&b.collection));
        ranges.dedup();
        for mut range in ranges {
            loop {
                let records = self.inner.scan(range.clone(), Page::first(PAGE)).await?;
                let Some(last) = records.last().map(|record| record.key.id().to_owned()) else { break };
                for record in &records {
                    used.insert(self.number_of(record)?);
                }
                range = range.after(&last);
            }
        }
        Ok(used)
    }

    pub(super) async fn places(&self) -> Result<Vec<Place>> {
        let records = self.inner.scan(Place::all(), Page::first(usize::MAX)).await?;
        self.reveal(records).await?.into_iter().map(Place::read).collect()
    }

    async fn data_keys(&self) -> Result<Vec<(DataKey, crate::store::Version)>> {
        let records = self.inner.scan(DataKey::all(), Page::first(usize::MAX)).await?;
        records.iter().map(|record| Ok((DataKey::read(record)?, record.version))).collect()
    }
}
