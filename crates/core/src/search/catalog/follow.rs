//! Brings an index up to date: from the stream of changes, or from the records where the stream does not reach.

use std::collections::{BTreeSet, HashSet};

use futures_util::future::try_join_all;
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
pub(super) enum Next {
    /// These entries follow.
    Entries(Vec<Entry>),
    /// It is not the stream, or no longer the stream, that the place is in.
    Lost,
}

/// The documents that changed behind what the index knew at some time.
pub(super) struct Unread {
    place: Place,
    pub(super) ids: HashSet<String>,
}

impl Catalog {
    /// What changed since the last commit of the index: of these documents it cannot say what they are now. `None` where that cannot be told.
    pub(super) async fn unread(&self, collection: &str, definition: &Definition) -> Result<Option<Unread>> {
        let checkpoint = self.0.index.checkpoint(collection).await?;
        let place = checkpoint.and_then(|checkpoint| definition.place_of(&checkpoint));
        match place {
            Some(place) => self.read_on(collection, definition, Unread { place, ids: HashSet::new() }).await,
            None => Ok(None),
        }
    }

    /// The same, with what changed meanwhile.
    pub(super) async fn read_on(
        &self,
        collection: &str,
        definition: &Definition,
        mut unread: Unread,
    ) -> Result<Option<Unread>> {
        let stream = names::changes(collection)?;
        loop {
            let Next::Entries(entries) = self.next(&stream, &unread.place).await? else { return Ok(None) };
            let Some(last) = entries.last() else { return Ok(Some(unread)) };
            for entry in &entries {
                unread.ids.insert(entry.value.decode()?);
            }
            unread.place = definition.place(Some(last));
        }
    }

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
    pub(super) async fn next(&self, stream: &StreamId, place: &Place) -> Result<Next> {
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
        let ids: Vec<_> = ids.into_iter().collect();
        let mut changes = Changes::default();
        for some in ids.chunks(CONCURRENT_READS) {
            let keys = some.iter().map(|id| names::document(collection, id)).collect::<Result<Vec<_>>>()?;
            let found = try_join_all(keys.iter().map(|key| self.0.store.get(key))).await?;
            for (id, record) in some.iter().zip(found) {
                match record.as_ref().map(read).transpose()? {
                    Some(document) if fits(collection, &document, schema) => changes.upsert.push(document),
                    _ => changes.delete.push(id.clone()),
                }
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
        let mut pages = self.pages(collection);
        while let Some(documents) = pages.next().await? {
            let fitting = |document: &Document| fits(collection, document, &definition.schema);
            let (upsert, misfits): (Vec<_>, Vec<_>) = documents.into_iter().partition(fitting);
            rebuilt.documents += upsert.len() as u64;
            rebuilt.skipped.extend(misfits.into_iter().map(|document| document.id));
            progress.report(rebuilt.documents, 0, collection);
            self.0.index.apply(collection, Changes { upsert, ..Changes::default() }).await?;
        }
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

    pub(super) async fn last_entry(&self, collection: &str) -> Result<Option<Entry>> {
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

    /// The documents of `collection`, page by page, ordered by id.
    pub(super) fn pages(&self, collection: &str) -> Pages<'_> {
        Pages { catalog: self, range: KeyRange::all(names::documents(collection)) }
    }

    /// What `collection` is, and the version of the record that says so.
    pub(super) async fn definition(&self, collection: &str) -> Result<(Definition, Version)> {
        let found = self.stored_definition(collection).await?;
        found.filter(|(definition, _)| !definition.dropped).ok_or_else(|| unknown(collection))
    }

    /// The same, also where it is being removed.
    pub(super) async fn stored_definition(&self, collection: &str) -> Result<Option<(Definition, Version)>> {
        let record = self.0.store.get(&names::definition(collection)?).await?;
        record.map(|record| Ok((record.value.decode()?, record.version))).transpose()
    }
}

/// What is said of a collection that is not there.
pub(super) fn unknown(collection: &str) -> Error {
    Error::not_found(format!(
        "there is no collection `{collection}`; define it by indexing documents with a schema"
    ))
}

/// See [`Catalog::pages`].
pub(super) struct Pages<'a> {
    catalog: &'a Catalog,
    range: KeyRange,
}

impl Pages<'_> {
    /// The next page; `None` behind the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Document>>> {
        let page = self.catalog.0.store.scan(self.range.clone(), Page::first(DOCUMENTS_PER_COMMIT)).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.range = self.range.clone().after(last.key.id());
        page.iter().map(read).collect::<Result<_>>().map(Some)
    }
}

pub(super) fn read(record: &Record) -> Result<Document> {
    Ok(Document { id: record.key.id().to_owned(), fields: record.value.decode()? })
}

fn fits(collection: &str, document: &Document, schema: &Schema) -> bool {
    let misfit = document.values(schema).err();
    if let Some(error) = &misfit {
        tracing::warn!(collection, %error, "a stored document does not fit the schema and cannot be found");
    }
    misfit.is_none()
}
