//! The search index on tantivy: in memory, or in a folder.
//!
//! Every collection is a tantivy index of its own, in a sub-folder of its own: its word statistics are not diluted by other collections,
//! it is committed, locked, rebuilt and removed alone, and its schema is its own. [`apply`](SearchIndex::apply) is one tantivy commit,
//! with the checkpoint in the commit's payload, and the reader is reloaded before it returns: what was applied is seen by every query
//! made afterwards. One process at a time writes to a collection (a lock file); others read what it has committed.
//!
//! Everything tantivy does blocks and may panic on damaged files: it runs in `blocking`, and a panic there is an error.

mod collection;
mod facets;
mod fields;
mod ids;
mod open;
mod query;
mod steady;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tracing::Instrument as _;

use self::{collection::Collection, open::Place};
use super::{
    Capabilities, Changes, Checkpoint, Found, Query, Schema, SearchIndex, SearchPage, SearchQuery,
    check_collection,
};
use crate::error::{Error, ErrorKind, Result};

/// The adapter. Dropping it releases its locks; what was applied is kept.
pub struct TantivyIndex {
    folder: Option<PathBuf>,
    open: Mutex<HashMap<String, Arc<Collection>>>,
}

impl TantivyIndex {
    /// An index that lives as long as this value.
    pub fn in_memory() -> Self {
        Self { folder: None, open: Mutex::default() }
    }

    /// An index in `folder`, which is created when the first collection is.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), open: Mutex::default() }
    }

    fn place(&self, collection: &str) -> Place {
        // `:` and `.` mean something to some file systems.
        let name = collection.replace(':', "%3a").replace('.', "%2e");
        self.folder.as_ref().map_or(Place::Memory, |folder| Place::Folder(folder.join(name)))
    }

    async fn opened(&self, name: &str) -> Result<Arc<Collection>> {
        self.open.lock().await.get(name).cloned().ok_or_else(|| {
            Error::not_found("the collection was not opened in this index").with("collection", name)
        })
    }

    /// Runs `work` on an open collection; where it turns out to be damaged, the collection is closed, so that the next
    /// [`ensure`](SearchIndex::ensure) looks at it anew.
    async fn run<T: Send + 'static>(
        &self,
        verb: &'static str,
        name: &str,
        work: impl FnOnce(&Collection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let collection = self.opened(name).await?;
        let shared = collection.clone();
        let span = tracing::debug_span!("tantivy", verb, collection = name);
        let result = blocking(move || work(&shared)).instrument(span).await;
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Corrupt) {
            let mut open = self.open.lock().await;
            if open.get(name).is_some_and(|current| Arc::ptr_eq(current, &collection)) {
                open.remove(name);
            }
        }
        result.map_err(|error| error.with("collection", name))
    }
}

#[async_trait]
impl SearchIndex for TantivyIndex {
    fn capabilities(&self) -> Capabilities {
        let durable = self.folder.is_some();
        Capabilities { durable, shared_readers: durable, ..Capabilities::new("tantivy") }
    }

    async fn ensure(&self, collection: &str, schema: &Schema) -> Result<Found> {
        check_collection(collection)?;
        schema.check()?;
        let mut open = self.open.lock().await;
        if let Some(current) = open.get(collection).filter(|current| current.schema == *schema).cloned() {
            // The others need not wait for this one.
            drop(open);
            return blocking(move || current.checkpoint()).await.map(Found::Kept);
        }
        // Closed first: the lock of its writer has to be free.
        open.remove(collection);
        let (place, schema) = (self.place(collection), schema.clone());
        let (opened, found) = open::open_or_create(place, schema)
            .await
            .map_err(|error| error.with("collection", collection))?;
        open.insert(collection.to_owned(), Arc::new(opened));
        Ok(found)
    }

    async fn checkpoint(&self, collection: &str) -> Result<Option<Checkpoint>> {
        self.run("checkpoint", collection, Collection::checkpoint).await
    }

    async fn apply(&self, collection: &str, changes: Changes) -> Result<()> {
        self.run("apply", collection, move |collection| collection.apply(changes)).await
    }

    async fn query(&self, collection: &str, query: &SearchQuery) -> Result<SearchPage> {
        let window = query.offset.saturating_add(query.limit);
        let max = self.capabilities().max_window;
        if window > max {
            let message =
                format!("offset and limit add up to at most {max}, not {window}: narrow the query instead");
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        let query = query.clone();
        self.run("query", collection, move |collection| collection.query(&query)).await
    }

    async fn rank(&self, collection: &str, query: &SearchQuery, limit: usize) -> Result<Vec<(String, f32)>> {
        let query = query.clone();
        self.run("rank", collection, move |collection| collection.rank(&query, limit)).await
    }

    async fn matching(&self, collection: &str, filters: &[Query]) -> Result<Vec<String>> {
        let filters = filters.to_vec();
        self.run("matching", collection, move |collection| collection.matching(&filters)).await
    }

    async fn remove(&self, collection: &str) -> Result<()> {
        check_collection(collection)?;
        let mut open = self.open.lock().await;
        open.remove(collection);
        let place = self.place(collection);
        blocking(move || open::remove(&place)).await
    }
}

/// Runs `work` where it may block. A panic in it means that tantivy could not make sense of its files.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|failure| {
        Err(Error::new(ErrorKind::Corrupt, "the search index failed on its own files").because(failure))
    })
}

/// What a failure of tantivy means to the caller.
fn failure(error: ::tantivy::TantivyError) -> Error {
    use ::tantivy::{TantivyError as Cause, directory::error::OpenWriteError};
    let (kind, message) = match &error {
        Cause::LockFailure(..) => (
            ErrorKind::Unavailable,
            "another process, or another index on the same folder, is writing to this collection",
        ),
        Cause::DataCorruption(_)
        | Cause::IncompatibleIndex(_)
        | Cause::OpenReadError(_)
        | Cause::SchemaError(_) => (ErrorKind::Corrupt, "the files of the search index are damaged"),
        Cause::OpenWriteError(OpenWriteError::FileAlreadyExists(_)) => {
            (ErrorKind::Corrupt, "a file that a dead process left behind is in the way of the search index")
        }
        Cause::IoError(cause) => match cause.kind() {
            std::io::ErrorKind::InvalidData
            | std::io::ErrorKind::UnexpectedEof
            | std::io::ErrorKind::NotFound => {
                (ErrorKind::Corrupt, "the files of the search index are damaged")
            }
            _ => (ErrorKind::Unavailable, "the files of the search index cannot be read or written"),
        },
        Cause::InvalidArgument(_) | Cause::FieldNotFound(_) => {
            (ErrorKind::Internal, "the search index was asked for what it cannot do")
        }
        _ => (ErrorKind::Unavailable, "the search index failed"),
    };
    Error::new(kind, message).because(error)
}
