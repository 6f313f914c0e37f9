//! Full-text search: documents in collections, found by words, code, phrases, ranges and facets.
//!
//! [`SearchIndex`] is the port; `tantivy` is its adapter. An index is *derived*: [`Catalog`] keeps the documents in the store, writes
//! every change to a stream in the same commit, and brings the index up to date from there, so that an index can be lost, damaged or
//! behind and still end up telling the truth. Programs use the catalog; only adapters are written against the port.
//!
//! Fields may be [embedded](Field::embedded) as well: an embedder of [`llm`](crate::llm) makes vectors of their texts, and a query finds what
//! is about the same thing in other words. [`Mode`] says by what documents are ranked; text and vectors are put together by a weight that
//! is learnt from judged queries ([`Catalog::tune`]) and falls back to the better of the two where together they are no better.
//!
//! What a query means is decided here and not by an adapter: [`parse()`] turns the user's line into a [`Query`], [`plan()`] turns that into
//! tokens with the functions of [`tokenize`], and [`snippet()`] cuts the highlights. An adapter finds and ranks.
//!
//! # Examples
//! Index three documents, ask, and show where the words are:
#![cfg_attr(feature = "tantivy", doc = "```")]
#![cfg_attr(not(feature = "tantivy"), doc = "```ignore")]
//! # use std::sync::Arc;
//! use heptad_core::search::{Catalog, Document, Field, Highlight, Schema, SearchQuery, tantivy::TantivyIndex};
//! use heptad_core::{clock::SystemClock, store::memory::MemoryStore};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> heptad_core::Result<()> {
//! let store = MemoryStore::new(Arc::new(SystemClock));
//! let catalog = Catalog::new(Arc::new(store), Arc::new(TantivyIndex::in_memory()));
//! catalog.define("notes", &Schema::new([Field::text("body")])?).await?;
//! catalog
//!     .put("notes", vec![
//!         Document::new("1").with("body", "Temples rest on columns."),
//!         Document::new("2").with("body", "A column of seven stones, counted twice."),
//!         Document::new("3").with("body", "The roof is made of cedar."),
//!     ])
//!     .await?;
//!
//! let query = SearchQuery::text("counting columns").highlighted(Highlight::default());
//! let page = catalog.query("notes", &query).await?;
//!
//! assert_eq!(page.total, 2);
//! assert_eq!(page.hits[0].id, "2");
//! assert_eq!(page.hits[0].snippets[0].marked("[", "]"), "A [column] of seven stones, [counted] twice.");
//! # Ok(()) }
//! ```

mod catalog;
mod document;
mod highlight;
mod hybrid;
pub mod operations;
mod page;
mod parse;
mod plan;
mod query;
mod schema;
#[cfg(feature = "tantivy")]
#[cfg_attr(docsrs, doc(cfg(feature = "tantivy")))]
pub mod tantivy;
pub mod tokenize;

use async_trait::async_trait;

pub use self::{
    catalog::{Catalog, CollectionStatus, Rebuilt},
    document::{Document, FieldValue},
    highlight::{Needles, snippet},
    hybrid::{Judged, Measures, Relevant, TuneReport, windows},
    page::{FacetCount, Hit, Ranked, SearchPage, Snippet, Span},
    parse::{MAX_QUERY_BYTES, Operator, parse},
    plan::{Clause, Scalar, plan},
    query::{FacetRequest, Highlight, Mode, Query, SearchQuery},
    schema::{Field, FieldKind, Language, Schema},
};
use crate::error::{Error, Result};

/// The most bytes the name of a collection may have.
const MAX_COLLECTION_BYTES: usize = 64;

/// What an adapter can do. What it lacks is refused as [`Unsupported`](crate::ErrorKind::Unsupported), never silently skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Name of the adapter, for reports and metrics.
    pub name: &'static str,
    /// What was applied survives the end of the process.
    pub durable: bool,
    /// Other processes may query while one writes.
    pub shared_readers: bool,
    /// Phrases may have a slop.
    pub phrase_slop: bool,
    /// Facets can be counted.
    pub facets: bool,
    /// Offset and limit of a query may add up to this.
    pub max_window: usize,
}

impl Capabilities {
    /// The capabilities of an adapter called `name` that can do everything within one process; the rest is set by field.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            durable: false,
            shared_readers: false,
            phrase_slop: true,
            facets: true,
            max_window: 10_000,
        }
    }
}

/// How far an index has come: what [`Changes::checkpoint`] said last. Opaque to the adapter, which keeps it in the commit of the changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint(pub String);

/// Changes to one collection of an index; they become visible together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Remove every document first.
    pub clear: bool,
    /// Remove these ids; what is not there is passed over.
    pub delete: Vec<String>,
    /// Then add these, each in place of one with the same id. Of several with one id the last counts.
    pub upsert: Vec<Document>,
    /// What the index is to remember with these changes; `None`: it is in the middle of something and remembers nothing.
    pub checkpoint: Option<Checkpoint>,
}

/// What [`SearchIndex::ensure`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The collection with this schema, and what it remembers.
    Kept(Option<Checkpoint>),
    /// Nothing, another schema, or damage: the collection is empty now and has to be filled again.
    Created,
}

/// The port: eight verbs, two of which have a plain form in terms of the others. Every adapter passes `heptad_testkit::search` unchanged.
///
/// The name of a collection is 1 to 64 characters of `a-z 0-9 _ - . :` beginning with a letter.
#[async_trait]
pub trait SearchIndex: Send + Sync {
    /// What this adapter can do.
    fn capabilities(&self) -> Capabilities;

    /// Opens `collection` with `schema`, creating it where it is missing, has another schema, or is damaged.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a malformed name or schema; [`Unavailable`](crate::ErrorKind::Unavailable)
    /// where it must be created and another process is writing to it.
    async fn ensure(&self, collection: &str, schema: &Schema) -> Result<Found>;

    /// What the collection remembers of its last [`Changes`].
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) for a collection that was not opened.
    async fn checkpoint(&self, collection: &str) -> Result<Option<Checkpoint>>;

    /// Applies `changes` wholly or not at all. A query made after this returned sees them.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where a document does not fit the schema; [`NotFound`](crate::ErrorKind::NotFound)
    /// for a collection that was not opened; [`Unavailable`](crate::ErrorKind::Unavailable) where another process is writing to it.
    async fn apply(&self, collection: &str, changes: Changes) -> Result<()>;

    /// The documents that match, best first; among equals ordered by id.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a query that cannot be understood or names what the schema lacks;
    /// [`LimitExceeded`](crate::ErrorKind::LimitExceeded) for a window beyond the capabilities; [`NotFound`](crate::ErrorKind::NotFound).
    async fn query(&self, collection: &str, query: &SearchQuery) -> Result<SearchPage>;

    /// The ids and scores of the first `limit` documents that [`query`](Self::query) finds, without the documents.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    async fn rank(&self, collection: &str, query: &SearchQuery, limit: usize) -> Result<Vec<(String, f32)>> {
        let page = self.query(collection, &query.clone().window(0, limit)).await?;
        Ok(page.hits.into_iter().map(|hit| (hit.id, hit.score)).collect())
    }

    /// The ids of all documents that match every one of `filters`, in no order.
    ///
    /// # Errors
    /// As [`query`](Self::query), but for limits: an adapter without a form of its own has those of its window.
    async fn matching(&self, collection: &str, filters: &[Query]) -> Result<Vec<String>> {
        let mut query = SearchQuery::new(Query::MatchAll);
        query.filters = filters.to_vec();
        let total = self.query(collection, &query.clone().window(0, 0)).await?.total;
        let limit = usize::try_from(total).unwrap_or(usize::MAX);
        Ok(self.rank(collection, &query, limit).await?.into_iter().map(|(id, _)| id).collect())
    }

    /// Removes `collection` with all it holds; what is not there is passed over.
    async fn remove(&self, collection: &str) -> Result<()>;
}

/// Refuses what is not the name of a collection.
fn check_collection(name: &str) -> Result<()> {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_-.:".contains(&c);
    let first = name.bytes().next().is_some_and(|c| c.is_ascii_lowercase());
    if first && name.len() <= MAX_COLLECTION_BYTES && name.bytes().all(allowed) {
        return Ok(());
    }
    let shown: String = name.chars().take(MAX_COLLECTION_BYTES).collect();
    Err(Error::invalid(format!(
        "`{}` is not a collection name: 1 to {MAX_COLLECTION_BYTES} of a-z 0-9 _ - . : beginning with a letter",
        shown.escape_debug()
    )))
}
