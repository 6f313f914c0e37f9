//! Search by vectors and by both.

#[cfg(feature = "candle")]
mod cranfield;
mod fresh;
mod modes;
mod tune;
mod upkeep;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use heptad_core::{
    Error, ErrorKind, Result, Retry,
    llm::{EmbedCapabilities, EmbedRequest, Embedder, Embeddings},
    search::{Catalog, Document, Field, FieldKind, Schema, SearchPage, SearchQuery, tantivy::TantivyIndex},
    store::{Store, memory::MemoryStore},
};
use heptad_testkit::{VirtualClock, llm::Parrot};
use tokio::sync::{Notify, RwLock};

/// Counts letters, and can be told to fail.
pub(super) struct Letters {
    capabilities: EmbedCapabilities,
    pub(super) fails: AtomicBool,
    pub(super) texts: AtomicUsize,
    requests: AtomicUsize,
    /// Fails where there is more than one text: a query has one.
    crowded: AtomicBool,
    /// Says that it was asked too often.
    limited: AtomicBool,
    /// How long its vectors are.
    length: AtomicUsize,
    /// Where there is more than one text, it says that it has come here, and waits until nobody writes.
    gate: RwLock<()>,
    reached: Notify,
}

impl Letters {
    pub(super) fn called(model: &str) -> Arc<Self> {
        Self::at("", model)
    }

    /// One of that name, at this place.
    fn at(place: &str, model: &str) -> Arc<Self> {
        let mut capabilities = EmbedCapabilities::new("letters", model, 7);
        capabilities.identity = place.to_owned();
        Arc::new(Self {
            capabilities,
            fails: AtomicBool::default(),
            texts: AtomicUsize::default(),
            requests: AtomicUsize::default(),
            crowded: AtomicBool::default(),
            limited: AtomicBool::default(),
            length: AtomicUsize::new(8),
            gate: RwLock::default(),
            reached: Notify::new(),
        })
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
        self.requests.fetch_add(1, Ordering::SeqCst);
        let many = request.texts.len() > 1;
        if many {
            self.reached.notify_one();
            drop(self.gate.read().await);
        }
        if self.limited.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::LimitExceeded, "not so fast").retry(Retry::Now));
        }
        if self.fails.load(Ordering::SeqCst) || (many && self.crowded.load(Ordering::SeqCst)) {
            return Err(Error::new(ErrorKind::Unavailable, "the embedder is out"));
        }
        if request.texts.iter().any(|text| text.contains("unspeakable")) {
            return Err(Error::invalid("this embedder refuses that word"));
        }
        self.texts.fetch_add(request.texts.len(), Ordering::SeqCst);
        let length = self.length.load(Ordering::SeqCst);
        let vectors = request.texts.iter().map(|text| Parrot::vector(text)[..length].to_vec()).collect();
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
