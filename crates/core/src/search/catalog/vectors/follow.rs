//! Brings the vectors of a collection up to date: embeds what changed.

use std::{
    collections::HashMap,
    ops::Bound,
    sync::{Arc, atomic::Ordering},
};

use futures_util::future::try_join_all;
use heptad_vectors::Vectors;

use super::{
    Catalog, Definition, Meaning, Room, State, identity,
    record::{Passage, key, unfit},
};
use crate::{
    error::{Error, ErrorKind, Result, Retry},
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
        self.read_changes(meaning, collection, &definition, &room).await?;
        let _embedding = match effort {
            Effort::Whole => room.embedding.lock().await,
            Effort::Little => match room.embedding.try_lock() {
                Ok(embedding) => embedding,
                Err(_) => return Ok(()),
            },
        };
        self.embed_changes(meaning, collection, &definition, &room, effort).await
    }

    /// Notes what changed, and takes its vectors away: they are of an older text. Better found by its words alone.
    pub(super) async fn read_changes(
        &self,
        meaning: &Meaning,
        collection: &str,
        definition: &Definition,
        room: &Room,
    ) -> Result<()> {
        let mut state = room.state.lock().await;
        let of = identity(definition, meaning.maker());
        if state.of != of {
            state.forget(of);
        }
        let stream = names::changes(collection)?;
        loop {
            let next = match &state.place {
                Some(place) => self.next(&stream, place).await?,
                None => Next::Lost,
            };
            match next {
                Next::Lost => self.load_vectors(meaning, collection, definition, room, &mut state).await?,
                Next::Entries(entries) => {
                    let Some(last) = entries.last() else { return Ok(()) };
                    for entry in &entries {
                        let id: String = entry.value.decode()?;
                        room.remove(&id);
                        state.change(id);
                    }
                    state.place = Some(definition.place(Some(last)));
                    room.count(&state);
                }
            }
        }
    }

    /// Looks at what changed: removes, takes from the records, embeds. Only by who holds `embedding`.
    async fn embed_changes(
        &self,
        meaning: &Meaning,
        collection: &str,
        definition: &Definition,
        room: &Room,
        effort: Effort,
    ) -> Result<()> {
        let mut embedded = 0;
        let mut last: Option<String> = None;
        loop {
            let after = last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let some: Vec<(String, u64)> = {
                let state = room.state.lock().await;
                let behind = state.changed.range::<str, _>((after, Bound::Unbounded));
                behind.take(DOCUMENTS_AT_ONCE).map(|(id, turn)| (id.clone(), *turn)).collect()
            };
            let Some((end, _)) = some.last() else { return Ok(()) };
            last = Some(end.clone());
            let turns: HashMap<String, u64> = some.iter().cloned().collect();
            let looked_at =
                try_join_all(some.iter().map(|(id, _)| self.look_at(meaning, collection, definition, id)))
                    .await?;
            let (mut wanting, mut had) = (Vec::new(), HashMap::new());
            for ((id, _), found) in some.into_iter().zip(looked_at) {
                match found {
                    Found::Nothing => drop(had.insert(id, Vec::new())),
                    // A record of another length cannot be compared with the rest: made anew.
                    Found::Vectors(vectors, wanted) if !room.fits(&vectors) => wanting.push(wanted),
                    Found::Vectors(vectors, _) => drop(had.insert(id, vectors)),
                    Found::Wanting(found) => wanting.push(found),
                }
            }
            room.take(&turns, had).await?;
            if wanting.is_empty() {
                continue;
            }
            if effort == Effort::Little && embedded >= DOCUMENTS_PER_QUERY {
                return Ok(());
            }
            embedded += wanting.len();
            let made = self.embed_or_skip(meaning, collection, room, wanting).await?;
            room.take(&turns, made).await?;
        }
    }

    /// Embeds documents; where the embedder refuses what is in them, each for itself, so that only the refused stay without vectors.
    async fn embed_or_skip(
        &self,
        meaning: &Meaning,
        collection: &str,
        room: &Room,
        wanting: Vec<Wanting>,
    ) -> Result<HashMap<String, Vec<Vec<f32>>>> {
        // A limit that may be gone later is none of the document.
        let refuses = |error: &Error| {
            error.retryable() == Retry::Never
                && matches!(
                    error.kind(),
                    ErrorKind::InvalidInput | ErrorKind::LimitExceeded | ErrorKind::Unsupported
                )
        };
        match self.embed(meaning, collection, room, &wanting).await {
            Err(error) if refuses(&error) => {}
            done => return done,
        }
        let mut embedded = HashMap::new();
        for one in &wanting {
            match self.embed(meaning, collection, room, std::slice::from_ref(one)).await {
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
        let Some(passage) = Passage::of(&content, &definition.schema, meaning.maker()) else {
            return Ok(Found::Nothing);
        };
        let kept = record.and_then(|record| passage.vectors(&record.value));
        let wanting = Wanting { id: id.to_owned(), version: document.version, passage };
        Ok(match kept {
            Some(vectors) => Found::Vectors(vectors, wanting),
            None => Found::Wanting(wanting),
        })
    }

    /// Embeds documents and keeps their vectors. A document that changed meanwhile is left out: the stream names it again.
    async fn embed(
        &self,
        meaning: &Meaning,
        collection: &str,
        room: &Room,
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
        // Before they are kept: what cannot be compared with the rest would be in the way of all of them.
        let length = vectors.first().map_or(0, Vec::len);
        if vectors.iter().any(|vector| vector.len() != length) || !room.fits(&vectors) {
            let message =
                "the embedder changed the length of its vectors: rebuild the index of the collection";
            return Err(Error::new(ErrorKind::Unavailable, message));
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
    /// Vectors of its present text, and how to make them again.
    Vectors(Vec<Vec<f32>>, Wanting),
    /// No such vectors.
    Wanting(Wanting),
}

impl Room {
    /// Takes what was found out of documents, unless they changed since: no vectors where there is nothing to embed.
    async fn take(&self, turns: &HashMap<String, u64>, found: HashMap<String, Vec<Vec<f32>>>) -> Result<()> {
        let mut state = self.state.lock().await;
        for (id, vectors) in found {
            if state.changed.get(&id) != turns.get(&id) {
                continue;
            }
            if !vectors.is_empty() {
                insert(&mut self.write(), &id, &vectors)?;
            }
            state.changed.remove(&id);
        }
        self.count(&state);
        Ok(())
    }

    /// Whether these vectors are as long as those that are there.
    fn fits(&self, vectors: &[Vec<f32>]) -> bool {
        let all = self.read();
        all.as_ref().is_none_or(|all| vectors.iter().all(|vector| vector.len() == all.dimensions()))
    }

    fn remove(&self, id: &str) {
        if let Some(all) = &mut *self.write() {
            all.remove(id);
        }
    }

    /// Says how many documents wait.
    pub(super) fn count(&self, state: &State) {
        self.pending.store(state.changed.len() as u64, Ordering::Relaxed);
    }
}

/// Puts the vectors of a document in the place of what it had.
pub(super) fn insert(all: &mut Option<Vectors>, id: &str, vectors: &[Vec<f32>]) -> Result<()> {
    let dimensions = vectors.first().map_or(0, Vec::len);
    let all = match all {
        Some(all) => all,
        none => none.insert(Vectors::new(dimensions).map_err(unfit)?),
    };
    all.insert(id, vectors).map_err(unfit)
}
