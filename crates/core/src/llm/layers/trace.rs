//! A span for every call: names and counts, never text.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use tracing::{Instrument as _, Span, field};

use crate::{
    error::{Error, ErrorKind, Result},
    llm::{
        Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, ModelCard, Usage,
    },
};

/// A model whose calls have a span of the target `heptad::llm`: adapter, configured model, how many messages and tools, tokens, outcome.
pub struct Traced<M: ?Sized> {
    inner: Arc<M>,
}

impl<M: ?Sized> Traced<M> {
    /// `inner` with spans.
    pub fn new(inner: Arc<M>) -> Self {
        Self { inner }
    }
}

/// A call that has begun. Dropped, its span says how it ended: `cancelled` where nobody waited for the end.
struct Call {
    span: Span,
    failure: Option<ErrorKind>,
}

impl Call {
    fn begin(verb: &'static str, adapter: &'static str, model: &str, items: usize) -> Self {
        let span = tracing::info_span!(
            target: "heptad::llm",
            "llm",
            verb,
            adapter,
            model,
            items,
            input_tokens = field::Empty,
            output_tokens = field::Empty,
            outcome = field::Empty,
        );
        Self { span, failure: Some(ErrorKind::Cancelled) }
    }

    fn failed(&mut self, error: &Error) {
        self.failure = Some(error.kind());
    }

    fn used(&self, usage: &Usage) {
        self.span.record("input_tokens", usage.input_tokens).record("output_tokens", usage.output_tokens);
    }

    fn see(&mut self, item: &Result<Delta>) {
        match item {
            Err(error) => self.failed(error),
            Ok(Delta::Usage(usage)) => self.used(usage),
            Ok(Delta::Finish { .. }) => self.failure = None,
            Ok(_) => {}
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.span.record("outcome", self.failure.map_or("ok", ErrorKind::as_str));
    }
}

#[async_trait]
impl ChatModel for Traced<dyn ChatModel> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let capabilities = self.capabilities();
        let mut call = Call::begin("chat", capabilities.adapter, &capabilities.model, request.messages.len());
        let answer = self.inner.stream(request).instrument(call.span.clone()).await;
        let deltas = answer.inspect_err(|error| call.failed(error))?;
        let traced = stream::unfold((call, deltas), |(mut call, mut deltas)| async {
            let item = deltas.next().instrument(call.span.clone()).await?;
            call.see(&item);
            Some((item, (call, deltas)))
        });
        Ok(traced.boxed())
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.inner.prompt_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

#[async_trait]
impl Embedder for Traced<dyn Embedder> {
    fn capabilities(&self) -> &EmbedCapabilities {
        self.inner.capabilities()
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        let capabilities = self.capabilities();
        let mut call = Call::begin("embed", capabilities.adapter, &capabilities.model, request.texts.len());
        let answer = self.inner.embed(request).instrument(call.span.clone()).await;
        let embeddings = answer.inspect_err(|error| call.failed(error))?;
        call.used(&embeddings.usage);
        call.failure = None;
        Ok(embeddings)
    }

    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        self.inner.input_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}
