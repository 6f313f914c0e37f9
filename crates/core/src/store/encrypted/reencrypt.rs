//! Writing records anew that older data keys sealed.

use serde::{Deserialize, Serialize};

use super::{
    Encrypted, Plain, envelope,
    records::{Cursor, Place, Used},
    rotate::PAGE,
    vault::unopened,
};
use crate::{
    error::{Error, ErrorKind, Result, Retry},
    progress::Progress,
    store::{Batch, Expect, KeyRange, Offset, Page, Record, StreamId, Value},
};

/// How often the same page is tried again because others changed its records.
const ATTEMPTS: usize = 64;

/// What [`Encrypted::reencrypt`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reencrypted {
    /// Records that were written anew.
    pub records: u64,
    /// Streams that keep an older data key in use until they are trimmed.
    pub waiting: Vec<Waiting>,
}

/// A stream with entries that an older data key sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Waiting {
    /// The stream.
    pub stream: String,
    /// The number of the data key; 0 for entries that are not encrypted.
    pub data_key: u32,
}

impl Encrypted {
    /// Writes the records anew that are sealed with an older data key than the current one; their values stay as they are and their versions grow. Others may go on
    /// reading and writing meanwhile. How far it is is kept in the store, in the same commit as the records: it may be stopped or killed at
    /// any time and goes on from there.
    ///
    /// # Errors
    /// Whatever the store fails with; a [`Fault`](crate::crypto::Fault) where a record cannot be opened, with its key.
    pub async fn reencrypt(&self, progress: &dyn Progress) -> Result<Reencrypted> {
        self.reload().await?;
        let current = self.active().number;
        let mut places = self.places().await?;
        places.retain(|place| place.number < current);
        let (mut outcome, total) = (Reencrypted::default(), places.len() as u64);
        for (done, place) in (0..).zip(places) {
            progress.report(done, total, "collections and streams");
            match place.used.clone() {
                Used::Collection(name) => outcome.records += self.reencrypt_collection(&name, place).await?,
                Used::Stream(stream) => {
                    if self.is_past(&stream, place.number).await? {
                        self.forget(&place).await?;
                    } else {
                        outcome.waiting.push(Waiting { stream: stream.to_string(), data_key: place.number });
                    }
                }
            }
        }
        progress.report(total, total, "collections and streams");
        progress.finish();
        Ok(outcome)
    }

    /// Marks a collection that was written before the store was encrypted: [`reencrypt`](Self::reencrypt) encrypts its records.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) unless plain values are [read](Plain::Read); whatever the store fails with.
    pub async fn adopt(&self, collection: &str) -> Result<()> {
        if self.vault.plain != Plain::Read {
            return Err(Error::invalid(
                "plain values are refused: open the store with `encryption.existing = \"read\"` first",
            ));
        }
        super::ours(collection)?;
        crate::store::Key::new(collection, "-")?;
        let mut batch = Batch::new();
        batch.put(Used::Collection(collection.to_owned()).key(0)?, Value::json(&Cursor::default())?);
        self.commit_sealed(batch).await.map(drop)
    }

    /// The number of the data key of a record.
    pub(super) fn number_of(&self, record: &Record) -> Result<u32> {
        let number = self.vault.number_of(envelope::Place::Record(&record.key), &record.value);
        number.map_err(|fault| unopened(fault, "record").with("key", &record.key))
    }

    async fn reencrypt_collection(&self, name: &str, mut place: Place) -> Result<u64> {
        let (mut written, mut page, mut attempts) = (0, PAGE, 0);
        loop {
            let mut range = KeyRange::all(name);
            if let Some(after) = &place.cursor.after {
                range = range.after(after);
            }
            let records = self.inner.scan(range, Page::first(page)).await?;
            let Some(last) = records.last().map(|record| record.key.id().to_owned()) else {
                self.forget(&place).await?;
                return Ok(written);
            };
            let cursor = Cursor { after: Some(last) };
            let (mut batch, old) = self.anew(records).await?;
            if old > 0 {
                batch.put_if(place.key.clone(), Value::json(&cursor)?, Expect::Exactly(place.version));
                match self.commit_sealed(batch).await {
                    Ok(receipt) => place.version = receipt.version,
                    Err(error) if error.kind() == ErrorKind::Conflict && attempts < ATTEMPTS => {
                        // A record was changed, and so has the current key already; or somebody else does the same work.
                        attempts += 1;
                        page = (page / 2).max(1);
                        match self.look_again(&place).await? {
                            Some(found) => place = found,
                            None => return Ok(written),
                        }
                        continue;
                    }
                    Err(error) if error.kind() == ErrorKind::Conflict => return Err(error.retry(Retry::Now)),
                    Err(error) => return Err(error),
                }
            }
            written += old;
            place.cursor = cursor;
            (page, attempts) = (PAGE, 0);
        }
    }

    /// A batch that puts the records with an older key again, and how many they are.
    async fn anew(&self, mut records: Vec<Record>) -> Result<(Batch, u64)> {
        let (mut old, current) = (Vec::new(), self.active().number);
        for record in records.drain(..) {
            if self.number_of(&record)? < current {
                old.push(record);
            }
        }
        let (mut batch, count) = (Batch::new(), old.len() as u64);
        for record in self.reveal(old).await? {
            batch.put_if(record.key, record.value, Expect::Exactly(record.version));
        }
        Ok((batch, count))
    }

    /// Whether every entry of `stream` was sealed with a newer key than `number`. Newer keys come behind older ones.
    async fn is_past(&self, stream: &StreamId, number: u32) -> Result<bool> {
        let oldest = self.inner.read(stream, Offset::START, 1).await?;
        let Some(entry) = oldest.first() else { return Ok(true) };
        let found = self.vault.number_of(envelope::Place::Entry(stream), &entry.value);
        Ok(found.map_err(|fault| unopened(fault, "entry").with("stream", stream))? > number)
    }

    async fn look_again(&self, place: &Place) -> Result<Option<Place>> {
        let Some(record) = self.inner.get(&place.key).await? else { return Ok(None) };
        self.reveal(vec![record]).await?.pop().map(Place::read).transpose()
    }

    /// The data key of this place is no longer used there.
    async fn forget(&self, place: &Place) -> Result<()> {
        let mut batch = Batch::new();
        batch.delete_if(place.key.clone(), Expect::Exactly(place.version));
        match self.inner.commit(batch).await {
            // Somebody else did it, or is doing it.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}
