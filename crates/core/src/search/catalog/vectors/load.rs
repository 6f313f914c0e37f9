//! Fills the vectors of a collection from its records.

use std::{collections::VecDeque, sync::Arc};

use heptad_vectors::Vectors;

use super::{Catalog, Definition, Meaning, Room, State, follow::insert, record::Passage, vectors};
use crate::{
    error::{ErrorKind, Result},
    llm::EmbedRequest,
    store::{Batch, Expect, KeyRange, Page, Record},
};

/// How many records of vectors are read at once.
const RECORDS_AT_ONCE: usize = 256;

impl Catalog {
    /// Reads documents and records side by side, both in the order of ids. What has no record of its present text is left in
    /// `state.changed`; a record without a document is removed. Nobody sees the vectors before all of them are there.
    pub(super) async fn load_vectors(
        &self,
        meaning: &Meaning,
        collection: &str,
        definition: &Definition,
        room: &Room,
        state: &mut State,
    ) -> Result<()> {
        *room.write() = None;
        state.changed.clear();
        state.place = None;
        room.count(state);
        let mut fresh: Option<Vectors> = None;
        // First where the stream is, then the records: they are at least as new.
        let place = definition.place(self.last_entry(collection).await?.as_ref());
        let mut records = Records {
            catalog: self,
            range: KeyRange::all(vectors(collection)),
            read: VecDeque::new(),
            done: false,
        };
        let mut orphans = Vec::new();
        let mut pages = self.pages(collection);
        while let Some(documents) = pages.next().await? {
            for document in documents {
                while let Some(orphan) = records.next_if(|id| id < document.id.as_str()).await? {
                    orphans.push(orphan);
                }
                let record = records.next_if(|id| id == document.id).await?;
                match (Passage::of(&document, &definition.schema, meaning.maker()), record) {
                    (Some(passage), Some(record)) => {
                        let comparable = |vectors: &Vec<Vec<f32>>| {
                            let length = fresh.as_ref().map(Vectors::dimensions);
                            length.is_none_or(|length| vectors.iter().all(|vector| vector.len() == length))
                        };
                        match passage.vectors(&record.value).filter(comparable) {
                            Some(vectors) => insert(&mut fresh, &document.id, &vectors)?,
                            None => state.change(document.id),
                        }
                    }
                    (Some(_), None) => state.change(document.id),
                    (None, Some(record)) => orphans.push(record),
                    (None, None) => {}
                }
            }
        }
        while let Some(orphan) = records.next_if(|_| true).await? {
            orphans.push(orphan);
        }
        for some in orphans.chunks(RECORDS_AT_ONCE) {
            let mut batch = Batch::new();
            for orphan in some {
                batch.delete_if(orphan.key.clone(), Expect::Exactly(orphan.version));
            }
            match self.0.store.commit(batch).await {
                // Somebody embedded one of them at the same time: they are looked at when the records are read next.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                done => drop(done?),
            }
        }
        state.place = Some(place);
        *room.write() = fresh;
        room.count(state);
        Ok(())
    }
}

impl Catalog {
    /// Whether the records hold vectors of another length than the embedder makes now; not where it does not answer.
    pub(in crate::search::catalog) async fn vectors_are_unfit(
        &self,
        meaning: &Meaning,
        collection: &str,
        definition: &Definition,
    ) -> Result<bool> {
        let room = meaning.room(collection);
        self.read_changes(meaning, collection, definition, &room).await?;
        let Some(known) = room.read().as_ref().map(Vectors::dimensions) else { return Ok(false) };
        let made = meaning.embedder.embed(Arc::new(EmbedRequest::new(["length"]))).await;
        Ok(made.is_ok_and(|made| made.vectors.first().is_some_and(|vector| vector.len() != known)))
    }
}

/// The records of vectors, ordered by id.
struct Records<'a> {
    catalog: &'a Catalog,
    range: KeyRange,
    read: VecDeque<Record>,
    done: bool,
}

impl Records<'_> {
    /// The next record, where its id is wanted.
    async fn next_if(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Option<Record>> {
        if self.read.is_empty() && !self.done {
            let page = self.catalog.0.store.scan(self.range.clone(), Page::first(RECORDS_AT_ONCE)).await?;
            match page.last() {
                Some(last) => self.range = self.range.clone().after(last.key.id()),
                None => self.done = true,
            }
            self.read.extend(page);
        }
        let next = self.read.front().is_some_and(|record| wanted(record.key.id()));
        Ok(if next { self.read.pop_front() } else { None })
    }
}
