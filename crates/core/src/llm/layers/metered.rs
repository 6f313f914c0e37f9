//! Counts tokens, money and time of every attempt.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};

use super::begin::is_content;
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    llm::{
        Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, ModelCard, Usage,
        money::{Money, Prices},
    },
    telemetry::Metrics,
};

/// A model whose attempts are counted. Labels are the adapter, the kind of error, and the model as far as it is configured or in the price
/// list by its name; any other is `other`, for whoever asks may name what they like.
pub struct Metered<M: ?Sized> {
    inner: Arc<M>,
    metrics: Metrics,
    prices: Arc<Prices>,
    clock: Arc<dyn Clock>,
}

impl<M: ?Sized> Metered<M> {
    /// `inner`, counted in `metrics` and priced by `prices`.
    pub fn new(inner: Arc<M>, metrics: &Metrics, prices: Arc<Prices>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, metrics: metrics.clone(), prices, clock }
    }

    fn attempt(&self, adapter: &'static str, model: &str, configured: &str) -> Attempt {
        let label = if model == configured || self.prices.names(model) { model } else { "other" };
        Attempt {
            metrics: self.metrics.clone(),
            clock: Arc::clone(&self.clock),
            prices: Arc::clone(&self.prices),
            adapter,
            model: model.to_owned(),
            label: label.to_owned(),
            began: self.clock.monotonic(),
            first: None,
            usage: Usage::default(),
            outcome: Some(ErrorKind::Cancelled),
        }
    }
}

#[async_trait]
impl ChatModel for Metered<dyn ChatModel> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let capabilities = self.capabilities();
        let mut attempt =
            self.attempt(capabilities.adapter, capabilities.model_of(&request), &capabilities.model);
        let deltas = self.inner.stream(request).await.inspect_err(|error| attempt.failed(error))?;
        let counted = stream::unfold((attempt, deltas), |(mut attempt, mut deltas)| async {
            let item = deltas.next().await?;
            attempt.see(&item);
            Some((item, (attempt, deltas)))
        });
        Ok(counted.boxed())
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.inner.prompt_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

#[async_trait]
impl Embedder for Metered<dyn Embedder> {
    fn capabilities(&self) -> &EmbedCapabilities {
        self.inner.capabilities()
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        let capabilities = self.capabilities();
        let mut attempt =
            self.attempt(capabilities.adapter, capabilities.model_of(&request), &capabilities.model);
        let embeddings = self.inner.embed(request).await.inspect_err(|error| attempt.failed(error))?;
        attempt.usage = embeddings.usage;
        attempt.outcome = None;
        Ok(embeddings)
    }

    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        self.inner.input_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

/// An attempt that has begun; counted when it is dropped, as cancelled where its end was not seen.
struct Attempt {
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    prices: Arc<Prices>,
    adapter: &'static str,
    model: String,
    label: String,
    began: Duration,
    first: Option<Duration>,
    usage: Usage,
    outcome: Option<ErrorKind>,
}

impl Attempt {
    fn failed(&mut self, error: &Error) {
        self.outcome = Some(error.kind());
    }

    fn see(&mut self, item: &Result<Delta>) {
        match item {
            Err(error) => self.failed(error),
            Ok(Delta::Usage(usage)) => self.usage = *usage,
            Ok(delta) => {
                if self.first.is_none() && is_content(delta) {
                    self.first = Some(self.clock.monotonic().saturating_sub(self.began));
                }
                if matches!(delta, Delta::Finish { .. }) {
                    self.outcome = None;
                }
            }
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let took = self.clock.monotonic().saturating_sub(self.began);
        let cost = self.prices.of(&self.model).map_or(Money::ZERO, |price| price.of(&self.usage));
        let llm = self.metrics.llm();
        llm.ended(self.adapter, &self.label, self.outcome, self.first, took);
        llm.used(self.adapter, &self.label, &self.usage, cost.micros());
    }
}
