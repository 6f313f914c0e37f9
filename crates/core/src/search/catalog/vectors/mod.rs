//! Vectors of documents: kept in the store beside them, found in memory.
//!
//! They are derived twice over. The store has a record of vectors for each embedded document, made from its text by a model and recognised
//! by a digest of both; memory has all of them in one [`Vectors`], filled from the records when it is first needed and following the
//! stream of changes from there, as the text index does. A crash at any point leaves records that are missing or of an older text, which
//! the digest tells, and they are made anew. Deleting a document deletes its vectors in the same commit.
//!
//! Two locks: the state is held while the stream is read, and what changed loses its vectors then and there; the other is held by whoever
//! embeds, which may take long. So a query never waits for the embedder of another, and never ranks by an older text.

mod follow;
mod load;
mod query;
mod record;
mod tune;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use heptad_vectors::Vectors;

pub(super) use self::{
    follow::Effort,
    query::Way,
    record::{key, tuning, vectors},
};
use super::{
    Catalog,
    names::{Definition, Place},
};
use crate::llm::Embedder;

/// Who embeds, and what is in memory of each collection.
pub(super) struct Meaning {
    pub(super) embedder: Arc<dyn Embedder>,
    /// By what its vectors are made: the model, and what tells it from others of its name.
    maker: String,
    rooms: Mutex<HashMap<String, Arc<Room>>>,
}

/// The vectors of one collection.
#[derive(Default)]
struct Room {
    /// Held while changes are read, and the records the first time: not while anything is embedded.
    state: tokio::sync::Mutex<State>,
    /// Held by whoever embeds.
    embedding: tokio::sync::Mutex<()>,
    /// Of no document that is in `changed`.
    vectors: RwLock<Option<Vectors>>,
    /// How many documents wait to be embedded.
    pending: AtomicU64,
}

/// How far the vectors in memory have come.
#[derive(Default)]
struct State {
    /// Of what they are: see [`identity`].
    of: String,
    /// `None` until the records were read.
    place: Option<Place>,
    /// Documents that changed and were not looked at since, each with the turn in which that was read: who has looked at it as it was
    /// before knows by it that this is over.
    changed: BTreeMap<String, u64>,
    turn: u64,
}

impl State {
    /// Forgets everything but the turn, so that nothing that was begun before can still be taken.
    fn forget(&mut self, of: String) {
        *self = Self { of, turn: self.turn, ..Self::default() };
    }

    fn change(&mut self, id: String) {
        self.turn += 1;
        self.changed.insert(id, self.turn);
    }
}

impl Meaning {
    pub(super) fn new(embedder: Arc<dyn Embedder>) -> Self {
        let capabilities = embedder.capabilities();
        let maker = match &*capabilities.identity {
            "" => capabilities.model.clone(),
            identity => format!("{} {identity}", capabilities.model),
        };
        Self { embedder, maker, rooms: Mutex::default() }
    }

    fn room(&self, collection: &str) -> Arc<Room> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rooms.entry(collection.to_owned()).or_default())
    }

    /// Forgets what is in memory of a collection.
    pub(super) fn forget(&self, collection: &str) {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).remove(collection);
    }

    fn maker(&self) -> &str {
        &self.maker
    }
}

impl Room {
    fn read(&self) -> RwLockReadGuard<'_, Option<Vectors>> {
        self.vectors.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Vectors>> {
        self.vectors.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }
}

/// Of what vectors, and what was learnt with them, are: which documents, which fields, whose vectors.
fn identity(definition: &Definition, maker: &str) -> String {
    let fields: Vec<&str> = definition.schema.embedded().map(|field| field.name.as_str()).collect();
    format!("{} {} {maker}", definition.incarnation, fields.join(","))
}
