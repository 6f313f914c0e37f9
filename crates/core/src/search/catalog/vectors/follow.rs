//! Brings the vectors of a collection up to date: embeds what changed.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use futures_util::future::try_join_all;
use heptad_vectors::Vectors;

use super::{
    Catalog, Definition, Meaning, Room, State, identity,
    record::{Passage, key, unfit},
};
use crate::{
    error::{Error, ErrorKind, Result},
    llm::EmbedRequest,
    search::{
        Document,
        catalog::{
            follow::{Next, read},
            names,
        },
    },
    store::{Batch, Expect, Version},
};

/// How many documents are looked at, embedded and kept at once: a commit for each so many.
const DOCUMENTS_AT_ONCE: usize = 32;
/// How many documents a query embeds before it answers; more are left to whoever puts documents, and to the next queries.
const DOCUMENTS_PER_QUERY: usize = 64;

/// How much a caller will do for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::search::catalog) enum Effort {
    /// Everything: who puts documents finds them.
    Whole,
    /// A little, and nothing that somebody else is doing already: who asks does not wait long.
    Little,
}

/// A document that has no vectors of its present text.
struct Wanting {
    id: String,
    version: Version,
    passage: Passage,
}

impl Catalog {
    /// Embeds what changed since the last time, as far as `effort` goes. Nothing happens without an embedder or embedded fields.
    pub(in crate::search::catalog) async fn follow_vectors(
        &self,
        collection: &str,
        effort: Effort,
    ) -> Result<()> {
        let Some(meaning) = &self.0.meaning else { return Ok(()) };
        let (definition, _) = self.definition(collection).await?;
        if definition.schema.embedded().next().is_none() {
            return Ok(());
        }
        let room = meaning.room(collection);
        let mut state = match effort {
            Effort::Whole => room.state.lock().await,
            Effort::Little => match room.state.try_lock() {
                Ok(state) => state,
                // Before the first time there is nothing to answer from.
                Err(_) if room.read().is_none() && room.pending() == 0 => room.state.lock().await,
                Err(_) => return Ok(()),
            },
        };
        let of = identity(&definition, meaning.model());
        if state.of != of {
            *state = State { of, ..State::default() };
        }
        self.read_changes(meaning, collection, &definition, &room, &mut state).await?;
        let done = self.embed_changes(meaning, collection, &definition, &room, &mut state, effort).await;
        room.pending.store(state.changed.len() as u64, Ordering::Relaxed);
        done
    }

    /// Puts the ids of what changed into the state.
    async fn read_changes(
        &self,
        meaning: &Meaning,
        collection: &str,
        definition: &Definition,
        room: &Room,
        state: &mut State,
    ) -> Result<()> {
        let stream = names::changes(collection)?;
        loop {
            let next = match &state.place {
                Some(place) => self.next(&stream, place).await?,
                None => Next::Lost,
            };
            match next {
                Next::Lost => self.load_vectors(meaning, collection, definition, room, state).await?,
                Next::Entries(entries) => {
                    let Some(last) = entries.last() else { return Ok(()) };
                    for entry in &entries {
                        state.changed.insert(entry.value.decode()?);
                    }
                    state.place = Some(definition.place(Some(last)));
                }
            }
        }
    }

    /// Looks at what changed: removes, takes from the records, embeds.
    async fn embed_changes(
        &self,
        meaning: &Meaning,
        collection: &str,
        definition: &Definition,
        room: &Room,
        state: &mut State,
        effort: Effort,
    ) -> Result<()> {
        let mut embedded = 0;
        let mut last: Option<String> = None;
        loop {
            let after = |id: &&String| last.as_ref().is_none_or(|last| *id > last);
            let ids: Vec<String> =
                state.changed.iter().filter(after).take(DOCUMENTS_AT_ONCE).cloned().collect();
            let Some(end) = ids.last() else { return Ok(()) };
            last = Some(end.clone());
            let mut wanting = Vec::new();
            let looked_at =
                try_join_all(ids.iter().map(|id| self.look_at(meaning, collection, definition, id))).await?;
            for (id, found) in ids.into_iter().zip(looked_at) {
                match found {
                    Found::Nothing => {
                        room.remove(&id);
                        state.changed.remove(&id);
                    }
                    Found::Vectors(vectors) => {
                        room.insert(&id, &vectors)?;
                        state.changed.remove(&id);
                    }
                    Found::Wanting(found) => {
                        // What it had is of another text: better found by its words alone.
                        room.remove(&id);
                        wanting.push(found);
                    }
                }
            }
            if wanting.is_empty() {
                continue;
            }
            if effort == Effort::Little && embedded >= DOCUMENTS_PER_QUERY {
                return Ok(());
            }
            embedded += wanting.len();
            for (id, vectors) in self.embed_or_skip(meaning, collection, wanting).await? {
                room.insert(&id, &vectors)?;
                state.changed.remove(&id);
            }
        }
    }

    /// Embeds documents; where the embedder refuses what is in them, each for itself, so that only the refused stay without vectors.
    async fn embed_or_skip(
        &self,
        meaning: &Meaning,
        collection: &str,
        wanting: Vec<Wanting>,
    ) -> Result<HashMap<String, Vec<Vec<f32>>>> {
        let refuses = |error: &Error| {
            matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::LimitExceeded | ErrorKind::Unsupported
            )
        };
        match self.embed(meaning, collection, &wanting).await {
            Err(error) if refuses(&error) => {}
            done => return done,
        }
        let mut embedded = HashMap::new();
        for one in &wanting {
            match self.embed(meaning, collection, std::slice::from_ref(one)).await {
                Ok(its) => embedded.extend(its),
                Err(error) if refuses(&error) => {
                    tracing::warn!(collection, document = one.id, ?error, "the embedder refuses a document");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(embedded)
    }

    async fn look_at(
        &self,
        meaning: &Meaning,
        collection: &str,
        definition: &Definition,
        id: &str,
    ) -> Result<Found> {
        let (document, record) = (names::document(collection, id)?, key(collection, id)?);
        let (document, record) =
            futures_util::future::try_join(self.0.store.get(&document), self.0.store.get(&record)).await?;
        let Some(document) = document else { return Ok(Found::Nothing) };
        let content: Document = read(&document)?;
        let Some(passage) = Passage::of(&content, &definition.schema, meaning.model()) else {
            return Ok(Found::Nothing);
        };
        match record.and_then(|record| passage.vectors(&record.value)) {
            Some(vectors) => Ok(Found::Vectors(vectors)),
            None => Ok(Found::Wanting(Wanting { id: id.to_owned(), version: document.version, passage })),
        }
    }

    /// Embeds documents and keeps their vectors. A document that changed meanwhile is left out: the stream names it again.
    async fn embed(
        &self,
        meaning: &Meaning,
        collection: &str,
        wanting: &[Wanting],
    ) -> Result<HashMap<String, Vec<Vec<f32>>>> {
        let texts: Vec<&String> = wanting.iter().flat_map(|wanting| &wanting.passage.windows).collect();
        let mut vectors = Vec::with_capacity(texts.len());
        for some in texts.chunks(meaning.embedder.capabilities().max_texts.clamp(1, 256)) {
            let request = EmbedRequest::new(some.iter().map(|text| text.as_str()));
            let answer = meaning.embedder.embed(Arc::new(request)).await?.vectors;
            if answer.len() != some.len() {
                return Err(Error::new(
                    ErrorKind::Unavailable,
                    "the embedder did not answer with a vector for each text",
                ));
            }
            vectors.extend(answer);
        }
        let mut vectors = vectors.into_iter();
        let mut kept = HashMap::new();
        for Wanting { id, version, passage } in wanting {
            let its: Vec<_> = vectors.by_ref().take(passage.windows.len()).collect();
            let mut batch = Batch::new();
            batch.require(names::document(collection, id)?, Expect::Exactly(*version));
            batch.put(key(collection, id)?, passage.record(&its)?);
            kept.insert(id.clone(), (batch, its));
        }
        // One commit for all; where one of them is refused, each for itself.
        let mut all = Batch::new();
        for (batch, _) in kept.values() {
            all.merge(batch.clone());
        }
        match self.0.store.commit(all).await {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Conflict => {
                for id in kept.keys().cloned().collect::<Vec<_>>() {
                    let Some((batch, _)) = kept.get(&id) else { continue };
                    match self.0.store.commit(batch.clone()).await {
                        Ok(_) => {}
                        Err(error) if error.kind() == ErrorKind::Conflict => drop(kept.remove(&id)),
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
        Ok(kept.into_iter().map(|(id, (_, vectors))| (id, vectors)).collect())
    }
}

/// What there is of a document.
enum Found {
    /// No document, or none that says anything.
    Nothing,
    /// Vectors of its present text.
    Vectors(Vec<Vec<f32>>),
    /// No such vectors.
    Wanting(Wanting),
}

impl Room {
    /// Puts the vectors of a document in the place of what it had.
    pub(super) fn insert(&self, id: &str, vectors: &[Vec<f32>]) -> Result<()> {
        let mut all = self.write();
        let dimensions = vectors.first().map_or(0, Vec::len);
        let all = match &mut *all {
            Some(all) => all,
            none => none.insert(Vectors::new(dimensions).map_err(unfit)?),
        };
        all.insert(id, vectors).map_err(unfit)
    }

    fn remove(&self, id: &str) {
        if let Some(all) = &mut *self.write() {
            all.remove(id);
        }
    }
}
