//! Counts what goes through a search index.

use std::sync::Arc;

use async_trait::async_trait;
use prometheus::IntCounter;

use super::{
    Metrics,
    meter::{Meter, Verb},
};
use crate::{
    clock::Clock,
    error::Result,
    search::{Capabilities, Changes, Checkpoint, Found, Query, Schema, SearchIndex, SearchPage, SearchQuery},
};

/// A [`SearchIndex`] that counts and times the verbs of another, with a span for each.
pub struct MeteredIndex {
    inner: Arc<dyn SearchIndex>,
    meter: Meter,
    ensure: Verb,
    checkpoint: Verb,
    apply: Verb,
    query: Verb,
    rank: Verb,
    matching: Verb,
    remove: Verb,
    documents_written: IntCounter,
    documents_deleted: IntCounter,
    hits: IntCounter,
}

impl MeteredIndex {
    /// `inner`, counted in `metrics`; `clock` tells how long it takes.
    pub fn new(inner: Arc<dyn SearchIndex>, metrics: &Metrics, clock: Arc<dyn Clock>) -> Self {
        let meter = Meter::new("search", inner.capabilities().name, metrics, clock);
        Self {
            ensure: meter.verb("ensure"),
            checkpoint: meter.verb("checkpoint"),
            apply: meter.verb("apply"),
            query: meter.verb("query"),
            rank: meter.verb("rank"),
            matching: meter.verb("matching"),
            remove: meter.verb("remove"),
            documents_written: meter.items("documents_written"),
            documents_deleted: meter.items("documents_deleted"),
            hits: meter.items("hits"),
            inner,
            meter,
        }
    }
}

#[async_trait]
impl SearchIndex for MeteredIndex {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn ensure(&self, collection: &str, schema: &Schema) -> Result<Found> {
        self.meter.measure(&self.ensure, self.inner.ensure(collection, schema)).await
    }

    async fn checkpoint(&self, collection: &str) -> Result<Option<Checkpoint>> {
        self.meter.measure(&self.checkpoint, self.inner.checkpoint(collection)).await
    }

    async fn apply(&self, collection: &str, changes: Changes) -> Result<()> {
        let (written, deleted) = (changes.upsert.len() as u64, changes.delete.len() as u64);
        self.meter.measure(&self.apply, self.inner.apply(collection, changes)).await?;
        self.documents_written.inc_by(written);
        self.documents_deleted.inc_by(deleted);
        Ok(())
    }

    async fn query(&self, collection: &str, query: &SearchQuery) -> Result<SearchPage> {
        let page = self.meter.measure(&self.query, self.inner.query(collection, query)).await?;
        self.hits.inc_by(page.hits.len() as u64);
        Ok(page)
    }

    async fn rank(&self, collection: &str, query: &SearchQuery, limit: usize) -> Result<Vec<(String, f32)>> {
        self.meter.measure(&self.rank, self.inner.rank(collection, query, limit)).await
    }

    async fn matching(&self, collection: &str, filters: &[Query]) -> Result<Vec<String>> {
        self.meter.measure(&self.matching, self.inner.matching(collection, filters)).await
    }

    async fn remove(&self, collection: &str) -> Result<()> {
        self.meter.measure(&self.remove, self.inner.remove(collection)).await
    }
}
