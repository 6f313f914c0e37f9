//! Ends what takes too long, by the clock of the platform.

use std::{future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{
    StreamExt as _,
    future::{Either, select},
    stream,
};

use super::begin::is_content;
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result, Retry},
    llm::{
        Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, ModelCard, cut,
    },
};

/// How long what may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the request to the first piece of the answer; of embeddings, to all of it.
    pub first: Duration,
    /// From one piece to the next.
    pub between: Duration,
    /// From the request to the end.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(60),
            between: Duration::from_secs(30),
            total: Duration::from_secs(600),
        }
    }
}

/// A model that is not waited for without end. What runs out is dropped, which closes its connection.
pub struct Timed<M: ?Sized> {
    inner: Arc<M>,
    timeouts: Timeouts,
    clock: Arc<dyn Clock>,
}

impl<M: ?Sized> Timed<M> {
    /// `inner` with these limits, by `clock`.
    pub fn new(inner: Arc<M>, timeouts: Timeouts, clock: Arc<dyn Clock>) -> Self {
        Self { inner, timeouts, clock }
    }
}

#[async_trait]
impl ChatModel for Timed<dyn ChatModel> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let began = self.clock.monotonic();
        let mut watch =
            Watch { clock: Arc::clone(&self.clock), timeouts: self.timeouts.clone(), began, content: false };
        let deltas = watch.wait(self.inner.stream(request)).await??;
        let timed = stream::unfold(Some((watch, deltas)), |state| async {
            let (mut watch, mut deltas) = state?;
            match watch.wait(deltas.next()).await {
                Ok(Some(Ok(delta))) => {
                    watch.content |= is_content(&delta);
                    let last = matches!(delta, Delta::Finish { .. });
                    Some((Ok(delta), (!last).then_some((watch, deltas))))
                }
                Ok(Some(Err(error))) | Err(error) => Some((Err(error), None)),
                Ok(None) => Some((Err(cut()), None)),
            }
        });
        Ok(timed.boxed())
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.inner.prompt_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        within(&*self.clock, self.timeouts.first, self.inner.models(), || nothing_came(self.timeouts.first))
            .await?
    }
}

#[async_trait]
impl Embedder for Timed<dyn Embedder> {
    fn capabilities(&self) -> &EmbedCapabilities {
        self.inner.capabilities()
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        let limit = self.timeouts.first.min(self.timeouts.total);
        within(&*self.clock, limit, self.inner.embed(request), || nothing_came(limit)).await?
    }

    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        self.inner.input_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        within(&*self.clock, self.timeouts.first, self.inner.models(), || nothing_came(self.timeouts.first))
            .await?
    }
}

/// One answer that is being waited for.
struct Watch {
    clock: Arc<dyn Clock>,
    timeouts: Timeouts,
    began: Duration,
    content: bool,
}

impl Watch {
    async fn wait<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        let elapsed = self.clock.monotonic().saturating_sub(self.began);
        let rest = self.timeouts.total.saturating_sub(elapsed);
        let next =
            if self.content { self.timeouts.between } else { self.timeouts.first.saturating_sub(elapsed) };
        within(&*self.clock, next.min(rest), work, || {
            if rest <= next {
                late(format!("the answer took longer than {:?}", self.timeouts.total))
            } else if self.content {
                late(format!("the model paused for {:?} within its answer", self.timeouts.between))
            } else {
                nothing_came(self.timeouts.first)
            }
        })
        .await
    }
}

fn nothing_came(after: Duration) -> Error {
    late(format!("the model did not begin to answer within {after:?}"))
}

fn late(message: String) -> Error {
    Error::new(ErrorKind::Timeout, message).retry(Retry::Now)
}

async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    work: impl Future<Output = T>,
    error: impl FnOnce() -> Error,
) -> Result<T> {
    let work = std::pin::pin!(work);
    match select(work, clock.sleep(limit)).await {
        Either::Left((done, _)) => Ok(done),
        Either::Right(_) => Err(error()),
    }
}
