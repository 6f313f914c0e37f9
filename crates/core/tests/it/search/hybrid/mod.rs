//! Search by vectors and by both.

#[cfg(feature = "candle")]
mod cranfield;
mod modes;
mod tune;
mod upkeep;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use heptad_core::{
    Error, ErrorKind, Result,
    llm::{EmbedCapabilities, EmbedRequest, Embedder, Embeddings},
    search::{Catalog, Document, Field, FieldKind, Schema, SearchPage, SearchQuery, tantivy::TantivyIndex},
    store::{Store, memory::MemoryStore},
};
use heptad_testkit::{VirtualClock, llm::Parrot};

/// Counts letters, and can be told to fail.
pub(super) struct Letters {
    capabilities: EmbedCapabilities,
    pub(super) fails: AtomicBool,
    pub(super) texts: AtomicUsize,
}

impl Letters {
    pub(super) fn called(model: &str) -> Arc<Self> {
        let capabilities = EmbedCapabilities::new("letters", model, 7);
        Arc::new(Self { capabilities, fails: AtomicBool::default(), texts: AtomicUsize::default() })
    }

    fn embedded(&self) -> usize {
        self.texts.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl Embedder for Letters {
    fn capabilities(&self) -> &EmbedCapabilities {
        &self.capabilities
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        self.capabilities.check(&request)?;
        if self.fails.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable, "the embedder is out"));
        }
        if request.texts.iter().any(|text| text.contains("unspeakable")) {
            return Err(Error::invalid("this embedder refuses that word"));
        }
        self.texts.fetch_add(request.texts.len(), Ordering::SeqCst);
        let vectors = request.texts.iter().map(|text| Parrot::vector(text)).collect();
        Ok(Embeddings { model: self.capabilities.model.clone(), vectors, usage: Default::default() })
    }
}

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::new(VirtualClock::new())))
}

fn schema() -> Schema {
    let fields = [
        Field::text("title").embedded(),
        Field::text("body").embedded(),
        Field::new("year", FieldKind::Integer),
    ];
    Schema::new(fields).expect("a valid schema")
}

fn note(id: &str, body: &str) -> Document {
    Document::new(id).with("body", body)
}

async fn catalog(store: &Arc<dyn Store>, embedder: &Arc<Letters>) -> Catalog {
    let catalog = Catalog::embedding(store.clone(), Arc::new(TantivyIndex::in_memory()), embedder.clone());
    catalog.define("notes", &schema()).await.expect("defined");
    catalog
}

async fn page(catalog: &Catalog, query: SearchQuery) -> SearchPage {
    catalog.query("notes", &query).await.expect("answered")
}

fn ids(page: &SearchPage) -> Vec<&str> {
    page.hits.iter().map(|hit| hit.id.as_str()).collect()
}
