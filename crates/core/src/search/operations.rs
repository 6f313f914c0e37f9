//! The operations of search, reachable on every surface.

use serde::{Deserialize, Serialize};

use super::{
    Catalog, CollectionStatus, Document, FacetRequest, Highlight, Judged, Mode, Operator, Rebuilt, Schema,
    SearchPage, SearchQuery, TuneReport, parse,
};
use crate::{
    error::Result,
    operation::{Context, Handle, operations},
};

/// Search: documents in collections, indexed and found.
#[derive(Clone)]
pub struct Search {
    context: Context,
}

impl Handle for Search {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

/// Documents to index.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IndexRequest {
    /// The collection.
    pub collection: String,
    /// The documents; each takes the place of one with the same id.
    #[serde(default)]
    pub documents: Vec<Document>,
    /// The fields of the collection: needed the first time, and to change them.
    #[serde(default)]
    pub schema: Option<Schema>,
}

/// What was indexed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IndexResponse {
    /// How many documents were given.
    pub indexed: u64,
}

/// What to find.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QueryRequest {
    /// The collection.
    #[schemars(extend("x-cli-positional" = true))]
    pub collection: String,
    /// The query: words, `"phrases"`, `field:value`, `field:[low TO high]`, `prefix*`, `+needed`, `-unwanted`, `AND`, `OR`, `NOT`, `( )`;
    /// `*` for every document.
    #[serde(default = "everything")]
    #[schemars(extend("x-cli-positional" = true))]
    pub query: String,
    /// Whether words that stand beside each other are alternatives (`any`) or all needed (`all`).
    #[serde(default)]
    pub operator: Operator,
    /// More queries, all of which must match; they have no part in the score.
    #[serde(default)]
    pub filters: Vec<String>,
    /// By what to find and rank: words (`text`), what documents are about (`vector`), or both (`hybrid`). Both where it is not given and fields
    /// are embedded. Where that cannot be done it is words, and the answer says why.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// How many hits to pass over.
    #[serde(default)]
    pub offset: usize,
    /// The most hits to return; 0 to count only. Offset and limit add up to at most 10,000.
    #[serde(default = "ten")]
    pub limit: usize,
    /// What to count among the documents that match.
    #[serde(default)]
    pub facets: Vec<FacetRequest>,
    /// Whether to return snippets with what matches in them.
    #[serde(default)]
    pub highlight: Option<Highlight>,
    /// Which stored fields of the hits to return; all of them where it is not given.
    #[serde(default)]
    pub fields: Option<Vec<String>>,
}

/// Documents to remove.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeleteRequest {
    /// The collection.
    pub collection: String,
    /// The ids; what is not there is passed over.
    pub ids: Vec<String>,
}

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeleteResponse {
    /// How many ids were given.
    pub deleted: u64,
}

/// A collection to remove.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DropRequest {
    /// The collection.
    pub collection: String,
}

/// What was removed with a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DropResponse {
    /// How many documents it had.
    pub documents: u64,
}

/// The collections there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CollectionsResponse {
    /// Ordered by name.
    pub collections: Vec<CollectionStatus>,
}

/// A collection whose index to build anew.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RebuildRequest {
    /// The collection.
    pub collection: String,
}

/// Queries with known answers, from which a collection learns how to rank.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TuneRequest {
    /// The collection.
    pub collection: String,
    /// The queries, each with the documents that answer it; two or more.
    pub judged: Vec<Judged>,
    /// Into how many parts the queries are divided: each part is ranked by what was learnt from the others. 2 to 20.
    #[serde(default = "five")]
    pub folds: usize,
    /// Only measures; what the collection learnt before stays.
    #[serde(default)]
    pub dry_run: bool,
}

impl QueryRequest {
    /// The first ten hits of `query` in `collection`.
    pub fn new(collection: impl Into<String>, query: impl Into<String>) -> Self {
        Self {
            collection: collection.into(),
            query: query.into(),
            operator: Operator::Any,
            filters: Vec::new(),
            mode: None,
            offset: 0,
            limit: ten(),
            facets: Vec::new(),
            highlight: None,
            fields: None,
        }
    }
}

#[operations(system = "search")]
impl Search {
    /// Indexes documents, which are found as soon as this returns.
    ///
    /// Given a schema, creates the collection, or changes its fields and builds its index anew. Without documents it does only that.
    #[operation(writes)]
    pub async fn index(&self, request: IndexRequest) -> Result<IndexResponse> {
        let catalog = self.catalog()?;
        if let Some(schema) = &request.schema {
            catalog.define(&request.collection, schema).await?;
        }
        let indexed = request.documents.len() as u64;
        catalog.put(&request.collection, request.documents).await?;
        Ok(IndexResponse { indexed })
    }

    /// Finds documents, best first, with counts and snippets where they are asked for.
    #[operation(reads)]
    pub async fn query(&self, request: QueryRequest) -> Result<SearchPage> {
        let filters = request.filters.iter().map(|filter| parse(filter, Operator::All));
        let query = SearchQuery {
            query: parse(&request.query, request.operator)?,
            filters: filters.collect::<Result<_>>()?,
            offset: request.offset,
            limit: request.limit,
            facets: request.facets,
            highlight: request.highlight,
            mode: request.mode,
        };
        let catalog = self.catalog()?;
        let Some(shown) = request.fields else { return catalog.query(&request.collection, &query).await };
        let schema = catalog.schema(&request.collection).await?;
        for name in &shown {
            schema.field(name)?;
        }
        let mut page = catalog.query(&request.collection, &query).await?;
        for hit in &mut page.hits {
            hit.fields.retain(|name, _| shown.contains(name));
        }
        Ok(page)
    }

    /// Removes documents, which are no longer found as soon as this returns.
    #[operation(writes)]
    pub async fn delete(&self, request: DeleteRequest) -> Result<DeleteResponse> {
        let deleted = request.ids.len() as u64;
        self.catalog()?.delete(&request.collection, request.ids).await?;
        Ok(DeleteResponse { deleted })
    }

    /// Removes a whole collection: its documents, its fields and its index.
    ///
    /// It cannot be undone. Dropping it again finishes what was interrupted.
    #[operation(writes)]
    pub async fn drop(&self, request: DropRequest) -> Result<DropResponse> {
        let documents = self.catalog()?.drop_collection(&request.collection, &*self.context.progress).await?;
        Ok(DropResponse { documents })
    }

    /// Lists the collections with their fields and how many documents they hold.
    #[operation(reads)]
    pub async fn collections(&self) -> Result<CollectionsResponse> {
        Ok(CollectionsResponse { collections: self.catalog()?.collections().await? })
    }

    /// Builds the index of a collection anew from the documents in the store.
    #[operation(writes)]
    pub async fn rebuild(&self, request: RebuildRequest) -> Result<Rebuilt> {
        self.catalog()?.rebuild(&request.collection, &*self.context.progress).await
    }

    /// Learns from judged queries how to weigh words against vectors in a collection, and measures what it gains.
    ///
    /// Text, vectors and both together are measured (nDCG@10, and MAP), the last on queries that the weight was not learnt from. Where both together
    /// are no better than the better of the two, that one alone is used.
    #[operation(writes)]
    pub async fn tune(&self, request: TuneRequest) -> Result<TuneReport> {
        let TuneRequest { collection, judged, folds, dry_run } = request;
        self.catalog()?.tune(&collection, &judged, folds, !dry_run).await
    }

    fn catalog(&self) -> Result<&Catalog> {
        self.context.kernel.search()
    }
}

fn everything() -> String {
    "*".to_owned()
}

fn five() -> usize {
    5
}

fn ten() -> usize {
    10
}
