//! Answers the same deterministic request from the store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::{
    clock::{Clock, Timestamp},
    error::Result,
    llm::{
        Capabilities, ChatModel, ChatRequest, ChatResponse, Delta, DeltaStream, FinishReason, ModelCard,
        Usage, fold,
    },
    store::{Batch, Key, KeyRange, Page, Record, Store, Value},
    telemetry::Metrics,
};

/// The collection of the answers.
const COLLECTION: &str = "llm.cache";

/// What is kept, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachePolicy {
    /// An older answer is asked for anew.
    pub ttl: Duration,
    /// Keeps the answers of requests that would be answered differently each time, too.
    pub everything: bool,
}

/// How many answers are looked at for each one that is kept, whether they are old.
const LOOKED_AT: usize = 8;

/// A model whose answers are kept under the hash (BLAKE3) of the model, with what tells it from others, and the request. A cache that fails is as
/// good as none: the model is asked. Each answer that is kept takes a few old ones away, so that no more than a part of what is kept is old.
pub struct Cached {
    inner: Arc<dyn ChatModel>,
    shelf: Shelf,
    everything: bool,
    metrics: Option<Metrics>,
}

#[derive(Clone)]
struct Shelf {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ttl: Duration,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    at: Timestamp,
    answer: ChatResponse,
}

impl Cached {
    /// `inner`, with its answers kept in `store`.
    pub fn new(
        inner: Arc<dyn ChatModel>,
        store: Arc<dyn Store>,
        policy: CachePolicy,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let shelf = Shelf { store, clock, ttl: policy.ttl };
        Self { inner, shelf, everything: policy.everything, metrics: None }
    }

    pub(super) fn counted(mut self, metrics: Option<Metrics>) -> Self {
        self.metrics = metrics;
        self
    }

    /// Forgets answers that are older than the policy allows. Returns how many.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn purge(&self) -> Result<u64> {
        const PAGE: usize = 200;
        let (mut range, mut forgotten) = (KeyRange::all(COLLECTION), 0);
        loop {
            let records = self.shelf.store.scan(range.clone(), Page::first(PAGE)).await?;
            let mut batch = Batch::new();
            for record in &records {
                if self.shelf.is_useless(record) {
                    batch.delete(record.key.clone());
                    forgotten += 1;
                }
            }
            if !batch.is_empty() {
                self.shelf.store.commit(batch).await?;
            }
            match records.last() {
                Some(last) if records.len() == PAGE => range = range.after(last.key.id()),
                _ => return Ok(forgotten),
            }
        }
    }

    async fn find(&self, key: &Key) -> Option<ChatResponse> {
        let found = self
            .shelf
            .store
            .get(key)
            .await
            .and_then(|record| record.map(|record| record.value.decode::<Kept>()).transpose());
        match found {
            Ok(kept) => kept.filter(|kept| self.shelf.is_fresh(kept)).map(|kept| kept.answer),
            Err(error) => {
                tracing::warn!(target: "heptad::llm", kind = error.kind().as_str(), "an answer that was kept cannot be read");
                None
            }
        }
    }
}

#[async_trait]
impl ChatModel for Cached {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        self.capabilities().check(&request)?;
        if !self.everything && !request.is_deterministic() {
            return self.inner.stream(request).await;
        }
        let key = Key::new(COLLECTION, fingerprint(self.capabilities(), &request)?)?;
        let found = self.find(&key).await;
        if let Some(metrics) = &self.metrics {
            metrics.llm().cache(found.is_some());
        }
        if let Some(answer) = found {
            let answer = ChatResponse { cached: true, usage: Usage::default(), ..answer };
            return Ok(stream::iter(answer.into_deltas().into_iter().map(Ok)).boxed());
        }
        let deltas = self.inner.stream(request).await?;
        Ok(kept(deltas, key, self.shelf.clone()))
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.inner.prompt_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

/// The hash of everything that shapes the answer. Requests that differ only in how they were written down are the same.
pub(crate) fn fingerprint(capabilities: &Capabilities, request: &ChatRequest) -> Result<String> {
    let (model, most) = (capabilities.model_of(request).to_owned(), capabilities.output_limit(request));
    let request = ChatRequest { model: Some(model), max_tokens: Some(most), ..request.clone() };
    let text = Value::json(&(2, capabilities.adapter, &capabilities.identity, &request))?;
    Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
}

/// The same deltas, and the whole of them kept before the last one is handed out.
fn kept(deltas: DeltaStream, key: Key, shelf: Shelf) -> DeltaStream {
    let state = Some((deltas, Vec::new(), key, shelf));
    stream::unfold(state, |state| async {
        let (mut deltas, mut seen, key, shelf) = state?;
        let item = deltas.next().await?;
        match &item {
            Ok(delta @ Delta::Finish { reason }) => {
                seen.push(Ok(delta.clone()));
                if *reason != FinishReason::Refused {
                    shelf.keep(key, seen).await;
                }
                Some((item, None))
            }
            Ok(delta) => {
                seen.push(Ok(delta.clone()));
                Some((item, Some((deltas, seen, key, shelf))))
            }
            Err(_) => Some((item, None)),
        }
    })
    .boxed()
}

impl Shelf {
    fn is_fresh(&self, kept: &Kept) -> bool {
        let age = self.clock.now().duration_since(kept.at);
        // An answer from the future was kept by a clock that was wrong.
        Duration::try_from(age).is_ok_and(|age| age <= self.ttl)
    }

    /// Whether nobody will be answered with it: it is old, or cannot be read.
    fn is_useless(&self, record: &Record) -> bool {
        !record.value.decode::<Kept>().is_ok_and(|kept| self.is_fresh(&kept))
    }

    async fn keep(&self, key: Key, deltas: Vec<Result<Delta>>) {
        let work = async {
            let answer = fold(stream::iter(deltas)).await?;
            let mut batch = Batch::new();
            // Keys are hashes: those that follow this one are any.
            let behind = KeyRange::all(COLLECTION).after(key.id());
            for record in self.store.scan(behind, Page::first(LOOKED_AT)).await? {
                if self.is_useless(&record) {
                    batch.delete(record.key);
                }
            }
            batch.put(key, Value::json(&Kept { at: self.clock.now(), answer })?);
            self.store.commit(batch).await.map(drop)
        };
        if let Err(error) = work.await {
            tracing::warn!(target: "heptad::llm", kind = error.kind().as_str(), "an answer could not be kept");
        }
    }
}
