//! Documents kept in the store, and found through an index derived from it.
//!
//! A document is a record; every change of documents appends their ids to a stream of the collection in the same commit. The index
//! remembers, in its own commit, how far it has read that stream, and catches up before it answers. A crash between the two commits
//! therefore loses nothing: the index is behind and knows it. Where it cannot catch up (it is new, damaged, of another schema, or the
//! stream was forgotten before it was read) it is built anew from the records.

mod follow;
mod names;
mod probe;
mod removal;
mod vectors;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;

pub use self::follow::Rebuilt;
use self::{
    names::Definition,
    vectors::{Effort, Meaning, Way},
};
use super::{Document, Mode, Query, Schema, SearchIndex, SearchPage, SearchQuery};
use crate::{
    error::{Error, ErrorKind, Result},
    llm::Embedder,
    progress::{Progress, Silent},
    store::{Batch, Expect, KeyRange, Offset, Page, Store, Value},
};

/// The stream of changes is shortened when this many of its entries have been applied.
const TRIM_AFTER: u64 = 256;

/// The documents of a platform. Cheap to clone; within one process all catalogs on one index must be clones of each other.
#[derive(Clone)]
pub struct Catalog(Arc<Shared>);

struct Shared {
    store: Arc<dyn Store>,
    index: Arc<dyn SearchIndex>,
    /// Held by whoever brings a collection of the index up to date.
    following: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Vectors, where there is who makes them.
    meaning: Option<Meaning>,
}

/// A collection and how many documents its index has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CollectionStatus {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub schema: Schema,
    /// How many documents can be found.
    pub documents: u64,
}

impl Catalog {
    /// The catalog of `store`, searched through `index`.
    pub fn new(store: Arc<dyn Store>, index: Arc<dyn SearchIndex>) -> Self {
        Self(Arc::new(Shared { store, index, following: Mutex::default(), meaning: None }))
    }

    /// The catalog of `store`, searched through `index` and by vectors that `embedder` makes.
    pub fn embedding(
        store: Arc<dyn Store>,
        index: Arc<dyn SearchIndex>,
        embedder: Arc<dyn Embedder>,
    ) -> Self {
        let meaning = Some(Meaning::new(embedder));
        Self(Arc::new(Shared { store, index, following: Mutex::default(), meaning }))
    }

    /// What the index can do.
    pub fn capabilities(&self) -> super::Capabilities {
        self.0.index.capabilities()
    }

    /// Gives `collection` this schema, creating it where it is new and building its index anew where the schema changed.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for a malformed name or schema, or where a document that is there does not fit;
    /// [`Conflict`](ErrorKind::Conflict) where another process changes the schema at the same time.
    pub async fn define(&self, collection: &str, schema: &Schema) -> Result<()> {
        schema.check()?;
        let following = self.following(collection).await?;
        let key = names::definition(collection)?;
        let fresh = || ulid::Ulid::generate().to_string();
        let (expect, incarnation) = match self.stored_definition(collection).await? {
            None => (Expect::Absent, fresh()),
            Some((known, version)) if known.dropped => {
                self.forget_documents(collection, version, &Silent).await?;
                (Expect::Exactly(version), fresh())
            }
            Some((known, version)) => {
                if known.schema != *schema {
                    self.check_documents(collection, schema).await?;
                }
                (Expect::Exactly(version), known.incarnation)
            }
        };
        let definition = Definition { incarnation, schema: schema.clone(), dropped: false };
        let value = Value::json(&definition)?;
        if self.0.store.get(&key).await?.is_none_or(|record| record.value != value) {
            let mut batch = Batch::new();
            batch.put_if(key, value, expect);
            self.0.store.commit(batch).await?;
        }
        self.tolerating_another_writer(self.follow(collection, &definition).await)?;
        // Nobody has to wait for vectors who only asks for words.
        drop(following);
        self.embed_or_tell(collection).await;
        Ok(())
    }

    /// Embeds what changed. Whoever puts documents has put them, whether the embedder answers or not: it is asked again by the next query.
    async fn embed_or_tell(&self, collection: &str) {
        if let Err(error) = self.follow_vectors(collection, Effort::Whole).await {
            tracing::warn!(collection, ?error, "documents are left without vectors for now");
        }
    }

    /// Adds `documents`, each in place of one with the same id, and makes them findable. Of several with one id the last counts.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for a collection that was not defined; [`InvalidInput`](ErrorKind::InvalidInput) where a document
    /// does not fit, with nothing changed; [`LimitExceeded`](ErrorKind::LimitExceeded) for more than the store takes in one commit.
    /// When it is the index that fails, the documents are stored and found as soon as it works again.
    pub async fn put(&self, collection: &str, documents: Vec<Document>) -> Result<()> {
        self.change(collection, documents, Vec::new()).await
    }

    /// Removes documents; ids that are not there are passed over.
    ///
    /// # Errors
    /// As [`Catalog::put`].
    pub async fn delete(&self, collection: &str, ids: Vec<String>) -> Result<()> {
        self.change(collection, Vec::new(), ids).await
    }

    async fn change(&self, collection: &str, put: Vec<Document>, delete: Vec<String>) -> Result<()> {
        let mut batch = Batch::new();
        self.stage(&mut batch, collection, put, delete).await?;
        if batch.is_empty() {
            return Ok(());
        }
        self.0.store.commit(batch).await?;
        let followed = self.catch_up(collection).await.map(|_| ());
        self.embed_or_tell(collection).await;
        followed
    }

    /// Adds changes of documents to `batch`, so that they happen with the rest of it. They are found by the first query after its commit.
    ///
    /// # Errors
    /// As [`Catalog::put`]; the commit is a [`Conflict`](ErrorKind::Conflict) where the schema changed in between.
    pub async fn stage(
        &self,
        batch: &mut Batch,
        collection: &str,
        put: Vec<Document>,
        delete: Vec<String>,
    ) -> Result<()> {
        let (definition, version) = self.definition(collection).await?;
        let mut changed: BTreeMap<String, Option<Document>> =
            delete.into_iter().map(|id| (id, None)).collect();
        for document in put {
            document.values(&definition.schema).map_err(|error| error.with("collection", collection))?;
            changed.insert(document.id.clone(), Some(document));
        }
        if changed.is_empty() {
            return Ok(());
        }
        batch.require(names::definition(collection)?, Expect::Exactly(version));
        let mut ids = Vec::with_capacity(changed.len());
        for (id, document) in changed {
            let key = names::document(collection, &id)?;
            match document {
                Some(document) => batch.put(key, Value::json(&document.fields)?),
                // Vectors may be there from when the schema embedded something.
                None => batch.delete(vectors::key(collection, &id)?).delete(key),
            };
            ids.push(Value::json(&id)?);
        }
        let stream = names::changes(collection)?;
        if let Some(applied) = self.forgettable(collection, &definition).await? {
            batch.trim(stream.clone(), applied);
        }
        batch.append(stream, ids);
        Ok(())
    }

    /// How far the stream of changes may be forgotten, where that is worth while. The last entry that was applied is kept: by it the
    /// index recognises the stream it came from.
    async fn forgettable(&self, collection: &str, definition: &Definition) -> Result<Option<Offset>> {
        let applied = match self.0.index.checkpoint(collection).await {
            Ok(checkpoint) => checkpoint.and_then(|checkpoint| definition.place_of(&checkpoint)),
            Err(_not_open_yet) => None,
        };
        let Some(applied) = applied else { return Ok(None) };
        let oldest = self.0.store.read(&names::changes(collection)?, Offset::START, 1).await?;
        let worth = oldest.first().is_some_and(|oldest| applied.offset >= oldest.offset.0 + TRIM_AFTER);
        Ok(worth.then(|| Offset(applied.offset - 1)))
    }

    /// The documents that match. Knows every change that was committed before it was called.
    ///
    /// Where another process writes to the index, the answer is as fresh as that process has made it; [`SearchPage::behind`] says how
    /// many changes are missing.
    ///
    /// # Errors
    /// As [`SearchIndex::query`]; [`NotFound`](ErrorKind::NotFound) for a collection that was not defined.
    pub async fn query(&self, collection: &str, query: &SearchQuery) -> Result<SearchPage> {
        let behind = self.catch_up(collection).await?;
        let way = self.way(collection, query).await?;
        let answer = match self.answer_by(collection, query, way.clone()).await {
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                tracing::warn!(collection, ?error, "the search index is damaged and built anew");
                self.catch_up(collection).await?;
                self.answer_by(collection, query, way).await
            }
            answer => answer,
        };
        answer.map(|page| SearchPage { behind, ..page })
    }

    async fn answer_by(&self, collection: &str, query: &SearchQuery, way: Way) -> Result<SearchPage> {
        match way {
            Way::Words(ranked) => {
                let page = self.0.index.query(collection, query).await?;
                Ok(SearchPage { ranked, ..page })
            }
            Way::Meaning(asked) => self.answer(collection, query, asked).await,
        }
    }

    /// Brings the index of `collection` up to date; returns how many changes are missing because another process writes it.
    ///
    /// # Errors
    /// What the store or the index fails with.
    pub async fn catch_up(&self, collection: &str) -> Result<u64> {
        let _following = self.following(collection).await?;
        let (definition, _) = self.definition(collection).await?;
        let followed = match self.follow(collection, &definition).await {
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                // The index was closed for it; opened again it is whole, or empty and filled anew.
                tracing::warn!(collection, ?error, "the search index is damaged and opened again");
                self.follow(collection, &definition).await
            }
            followed => followed,
        };
        if self.tolerating_another_writer(followed)? {
            return Ok(0);
        }
        self.behind(collection, &definition).await
    }

    /// Builds the index of `collection` anew from the documents in the store. Vectors of a length that the embedder no longer makes are
    /// forgotten and made anew.
    ///
    /// # Errors
    /// What the store or the index fails with.
    pub async fn rebuild(&self, collection: &str, progress: &dyn Progress) -> Result<Rebuilt> {
        let following = self.following(collection).await?;
        let (definition, version) = self.definition(collection).await?;
        self.0.index.ensure(collection, &definition.schema).await?;
        let rebuilt = self.build(collection, &definition, progress).await?;
        self.follow(collection, &definition).await?;
        self.forget_unfit_vectors(collection, &definition, version).await?;
        drop(following);
        self.embed_or_tell(collection).await;
        Ok(rebuilt)
    }

    /// The collections that are defined, ordered by name.
    ///
    /// # Errors
    /// What the store or the index fails with.
    pub async fn collections(&self) -> Result<Vec<CollectionStatus>> {
        let mut found = Vec::new();
        let mut range = KeyRange::all(names::DEFINITIONS);
        loop {
            let page = self.0.store.scan(range.clone(), Page::first(100)).await?;
            let Some(last) = page.last() else { return Ok(found) };
            range = range.after(last.key.id());
            for record in &page {
                let name = record.key.id().to_owned();
                let definition: Definition = record.value.decode()?;
                let all = SearchQuery::new(Query::MatchAll).window(0, 0).ranked(Mode::Text);
                match self.query(&name, &all).await {
                    Ok(page) => {
                        let documents = page.total;
                        found.push(CollectionStatus { name, schema: definition.schema, documents });
                    }
                    // It is being removed.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// The schema of `collection`.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for a collection that was not defined.
    pub async fn schema(&self, collection: &str) -> Result<Schema> {
        self.definition(collection).await.map(|(definition, _)| definition.schema)
    }

    async fn following(&self, collection: &str) -> Result<OwnedMutexGuard<()>> {
        Ok(self.lock_of(collection)?.lock_owned().await)
    }

    /// The same without waiting; `None` where somebody else holds it.
    fn try_following(&self, collection: &str) -> Result<Option<OwnedMutexGuard<()>>> {
        Ok(self.lock_of(collection)?.try_lock_owned().ok())
    }

    fn lock_of(&self, collection: &str) -> Result<Arc<tokio::sync::Mutex<()>>> {
        super::check_collection(collection)?;
        let mut following = self.0.following.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(following.entry(collection.to_owned()).or_default().clone())
    }

    /// Whether the index followed; that another process holds it is no failure.
    fn tolerating_another_writer(&self, followed: Result<()>) -> Result<bool> {
        match followed {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Unavailable && self.capabilities().shared_readers => {
                tracing::debug!(?error, "the search index is left to its writer");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Refuses a schema that a document in the store does not fit.
    async fn check_documents(&self, collection: &str, schema: &Schema) -> Result<()> {
        let mut pages = self.pages(collection);
        while let Some(documents) = pages.next().await? {
            if let Some(misfit) = documents.iter().find_map(|document| document.values(schema).err()) {
                let message = format!("the new schema of `{collection}` does not fit what is there");
                return Err(Error::invalid(message).because(misfit));
            }
        }
        Ok(())
    }
}
