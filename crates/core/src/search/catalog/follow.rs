//! Brings an index up to date: from the stream of changes, or from the records where the stream does not reach.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

use super::{
    Catalog,
    names::{self, Definition, Place},
};
use crate::{
    error::{Error, Result},
    progress::{Progress, Silent},
    search::{Changes, Document, Found, Schema},
    store::{Entry, KeyRange, Offset, Page, Record, StreamId, Version},
};

/// How many entries are applied in one commit of the index.
const ENTRIES_PER_COMMIT: usize = 2_000;
/// How many documents are read and applied at once when an index is built anew.
const DOCUMENTS_PER_COMMIT: usize = 500;
/// How many records are asked for at once.
const CONCURRENT_READS: usize = 16;

/// What building an index anew did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Rebuilt {
    /// How many documents it has now.
    pub documents: u64,
    /// The ids of stored documents that do not fit the schema and cannot be found.
    pub skipped: Vec<String>,
}

/// What the stream says to who stands at a place in it.
enum Next {
    /// These entries follow.
    Entries(Vec<Entry>),
    /// It is not the stream, or no longer the stream, that the place is in.
    Lost,
}

impl Catalog {
    /// Applies everything committed so far. Only while the collection is locked.
    pub(super) async fn follow(&self, collection: &str, definition: &Definition) -> Result<()> {
        let found = self.0.index.ensure(collection, &definition.schema).await?;
        let mut place = match found {
            Found::Kept(Some(checkpoint)) => definition.place_of(&checkpoint),
            Found::Kept(None) | Found::Created => None,
        };
        let stream = names::changes(collection)?;
        loop {
            let next = match &place {
                Some(place) => self.next(&stream, place).await?,
                None => Next::Lost,
            };
            match next {
                Next::Entries(entries) => {
                    let Some(last) = entries.last() else { return Ok(()) };
                    let after = definition.place(Some(last));
                    let changes = self.changes(collection, &definition.schema, &entries).await?;
                    self.0
                        .index
                        .apply(collection, Changes { checkpoint: Some(after.to_checkpoint()), ..changes })
                        .await?;
                    place = Some(after);
                }
                Next::Lost => {
                    self.build(collection, definition, &Silent).await?;
                    let checkpoint = self.0.index.checkpoint(collection).await?;
                    place = checkpoint.and_then(|checkpoint| definition.place_of(&checkpoint));
                    if place.is_none() {
                        return Err(Error::internal(
                            "an index that was just built does not remember from what",
                        ));
                    }
                }
            }
        }
    }

    /// What follows `place`. The entry at the place itself is read too: it must be the one that was applied.
    async fn next(&self, stream: &StreamId, place: &Place) -> Result<Next> {
        let before = Offset(place.offset.saturating_sub(1));
        let mut entries = self.0.store.read(stream, before, ENTRIES_PER_COMMIT).await?;
        if place.offset == 0 {
            let whole = entries.first().is_none_or(|first| first.offset.0 == 1);
            return Ok(if whole { Next::Entries(entries) } else { Next::Lost });
        }
        let here = entries
            .first()
            .is_some_and(|first| first.offset.0 == place.offset && Some(first.time) == place.time);
        if !here {
            return Ok(Next::Lost);
        }
        entries.remove(0);
        Ok(Next::Entries(entries))
    }

    /// How many entries follow what the index knows.
    pub(super) async fn behind(&self, collection: &str, definition: &Definition) -> Result<u64> {
        let checkpoint = self.0.index.checkpoint(collection).await?;
        let place = checkpoint.and_then(|checkpoint| definition.place_of(&checkpoint));
        let after = place.map_or(Offset::START, |place| Offset(place.offset));
        let entries = self.0.store.read(&names::changes(collection)?, after, ENTRIES_PER_COMMIT).await?;
        Ok(entries.len() as u64)
    }

    /// The documents that `entries` name, as they are now: what changed since is in a later entry and will be applied again.
    async fn changes(&self, collection: &str, schema: &Schema, entries: &[Entry]) -> Result<Changes> {
        let ids: BTreeSet<String> =
            entries.iter().map(|entry| entry.value.decode()).collect::<Result<_>>()?;
        let reads = ids.into_iter().map(|id| async move {
            let record = self.0.store.get(&names::document(collection, &id)?).await?;
            Ok::<_, Error>((id, record))
        });
        let mut found = futures_util::stream::iter(reads).buffered(CONCURRENT_READS);
        let mut changes = Changes::default();
        while let Some((id, record)) = found.try_next().await? {
            match record.map(|record| read(&record)).transpose()? {
                Some(document) if fits(collection, &document, schema) => changes.upsert.push(document),
                _ => changes.delete.push(id),
            }
        }
        Ok(changes)
    }

    /// Builds the index from the records. Until it is whole it remembers nothing, so that a crash in between begins anew.
    pub(super) async fn build(
        &self,
        collection: &str,
        definition: &Definition,
        progress: &dyn Progress,
    ) -> Result<Rebuilt> {
        // First where the stream is, then the records: they are at least as new.
        let place = definition.place(self.last_entry(collection).await?.as_ref());
        let mut rebuilt = Rebuilt::default();
        self.0.index.apply(collection, Changes { clear: true, ..Changes::default() }).await?;
        let (index, schema, built) = (&self.0.index, &definition.schema, &mut rebuilt);
        self.for_each_page(collection, async |documents| {
            let (fitting, misfits): (Vec<_>, Vec<_>) =
                documents.into_iter().partition(|document| fits(collection, document, schema));
            built.documents += fitting.len() as u64;
            built.skipped.extend(misfits.into_iter().map(|document| document.id));
            progress.report(built.documents, 0, collection);
            index.apply(collection, Changes { upsert: fitting, ..Changes::default() }).await
        })
        .await?;
        self.0
            .index
            .apply(collection, Changes { checkpoint: Some(place.to_checkpoint()), ..Changes::default() })
            .await?;
        progress.finish();
        tracing::info!(
            collection,
            documents = rebuilt.documents,
            "the search index was built from the store"
        );
        Ok(rebuilt)
    }

    async fn last_entry(&self, collection: &str) -> Result<Option<Entry>> {
        let stream = names::changes(collection)?;
        let mut last: Option<Entry> = None;
        loop {
            let after = last.as_ref().map_or(Offset::START, |last| last.offset);
            match self.0.store.read(&stream, after, ENTRIES_PER_COMMIT).await?.pop() {
                Some(entry) => last = Some(entry),
                None => return Ok(last),
            }
        }
    }

    /// Hands the documents of `collection` to `visit`, page by page, ordered by id.
    pub(super) async fn for_each_page(
        &self,
        collection: &str,
        mut visit: impl AsyncFnMut(Vec<Document>) -> Result<()>,
    ) -> Result<()> {
        let mut range = KeyRange::all(names::documents(collection));
        loop {
            let page = self.0.store.scan(range.clone(), Page::first(DOCUMENTS_PER_COMMIT)).await?;
            let Some(last) = page.last() else { return Ok(()) };
            range = range.after(last.key.id());
            visit(page.iter().map(read).collect::<Result<_>>()?).await?;
        }
    }

    /// What `collection` is, and the version of the record that says so.
    pub(super) async fn definition(&self, collection: &str) -> Result<(Definition, Version)> {
        let record = self.0.store.get(&names::definition(collection)?).await?.ok_or_else(|| {
            Error::not_found(format!(
                "there is no collection `{collection}`; define it by indexing documents with a schema"
            ))
        })?;
        Ok((record.value.decode()?, record.version))
    }
}

fn read(record: &Record) -> Result<Document> {
    Ok(Document { id: record.key.id().to_owned(), fields: record.value.decode()? })
}

fn fits(collection: &str, document: &Document, schema: &Schema) -> bool {
    let misfit = document.values(schema).err();
    if let Some(error) = &misfit {
        tracing::warn!(collection, %error, "a stored document does not fit the schema and cannot be found");
    }
    misfit.is_none()
}
