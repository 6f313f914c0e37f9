//! Keeps to the requests and the tokens a minute that a provider allows.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::StreamExt as _;

use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result, Retry},
    llm::{
        Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, ModelCard,
    },
};

/// What may be used in a minute. `None`: as much as there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests.
    pub requests_per_minute: Option<u32>,
    /// Tokens, of conversations and answers together.
    pub tokens_per_minute: Option<u64>,
    /// Who would wait longer is refused instead.
    pub max_wait: Duration,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { requests_per_minute: None, tokens_per_minute: None, max_wait: Duration::from_secs(60) }
    }
}

/// A model whose callers wait for their turn, first come, first served. Two token buckets that hold a minute's worth: what a request
/// could use is taken before it is sent, and what it did not use is put back at its end.
pub struct Limited<M: ?Sized> {
    inner: Arc<M>,
    gate: Arc<Gate>,
}

impl<M: ?Sized> Limited<M> {
    /// `inner` within `limit`, by `clock`.
    pub fn new(inner: Arc<M>, limit: &RateLimit, clock: Arc<dyn Clock>) -> Self {
        let now = clock.monotonic();
        let buckets = Buckets {
            requests: limit.requests_per_minute.map(|rate| Bucket::full(rate.into(), now)),
            tokens: limit.tokens_per_minute.map(|rate| Bucket::full(rate as f64, now)),
        };
        Self { inner, gate: Arc::new(Gate { buckets: Mutex::new(buckets), max_wait: limit.max_wait, clock }) }
    }
}

#[async_trait]
impl ChatModel for Limited<dyn ChatModel> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let output = u64::from(self.capabilities().output_limit(&request));
        let mut turn = self.gate.enter(self.inner.prompt_tokens(&request).saturating_add(output)).await?;
        let deltas = self.inner.stream(request).await?;
        Ok(deltas.inspect(move |delta| turn.see(delta)).boxed())
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.inner.prompt_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

#[async_trait]
impl Embedder for Limited<dyn Embedder> {
    fn capabilities(&self) -> &EmbedCapabilities {
        self.inner.capabilities()
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        let mut turn = self.gate.enter(self.inner.input_tokens(&request)).await?;
        let embeddings = self.inner.embed(request).await?;
        turn.used = Some(embeddings.usage.total());
        Ok(embeddings)
    }

    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        self.inner.input_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

struct Gate {
    buckets: Mutex<Buckets>,
    max_wait: Duration,
    clock: Arc<dyn Clock>,
}

struct Buckets {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

/// A request that has its turn. Dropped, it puts back what it did not use; where nobody counted, all is taken as used.
struct Turn {
    gate: Arc<Gate>,
    sent: bool,
    taken: u64,
    used: Option<u64>,
}

impl Gate {
    async fn enter(self: &Arc<Self>, tokens: u64) -> Result<Turn> {
        let wait = self.take(tokens)?;
        // No more was taken than the bucket can hold.
        let capacity = self.buckets().tokens.as_ref().map_or(u64::MAX, |bucket| bucket.capacity as u64);
        // Who gives up waiting has used nothing.
        let mut turn =
            Turn { gate: Arc::clone(self), sent: false, taken: tokens.min(capacity), used: Some(0) };
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        (turn.sent, turn.used) = (true, None);
        Ok(turn)
    }

    /// Takes from both buckets and says how long to wait until they hold that much.
    fn take(&self, tokens: u64) -> Result<Duration> {
        let now = self.clock.monotonic();
        let mut buckets = self.buckets();
        let Buckets { requests, tokens: bucket } = &mut *buckets;
        let amounts = [(requests, 1.0), (bucket, tokens as f64)];
        let mut wait = 0.0_f64;
        let mut taken = Vec::new();
        for (bucket, amount) in amounts {
            if let Some(bucket) = bucket {
                bucket.fill(now);
                // What is larger than the bucket waits until the bucket is full.
                bucket.level -= amount.min(bucket.capacity);
                wait = wait.max(-bucket.level / bucket.per_second());
                taken.push((bucket, amount));
            }
        }
        let wait = Duration::try_from_secs_f64(wait).unwrap_or_default();
        if wait <= self.max_wait {
            return Ok(wait);
        }
        for (bucket, amount) in taken {
            bucket.give(amount);
        }
        let message = format!(
            "so many requests wait for the model that this one would wait {wait:.1?}, at most {:?} are allowed",
            self.max_wait
        );
        Err(Error::new(ErrorKind::LimitExceeded, message).retry(Retry::After(wait)))
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    fn see(&mut self, delta: &Result<Delta>) {
        if let Ok(Delta::Usage(usage)) = delta {
            self.used = Some(usage.total());
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let unused = self.taken.saturating_sub(self.used.unwrap_or(self.taken));
        let mut buckets = self.gate.buckets();
        if let Some(bucket) = &mut buckets.tokens {
            bucket.give(unused as f64);
        }
        if let Some(bucket) = buckets.requests.as_mut().filter(|_| !self.sent) {
            bucket.give(1.0);
        }
    }
}

struct Bucket {
    capacity: f64,
    /// Below zero where callers wait.
    level: f64,
    filled: Duration,
}

impl Bucket {
    fn full(capacity: f64, now: Duration) -> Self {
        let capacity = capacity.max(1.0);
        Self { capacity, level: capacity, filled: now }
    }

    fn per_second(&self) -> f64 {
        self.capacity / 60.0
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        self.level = (self.level + passed * self.per_second()).min(self.capacity);
        self.filled = now;
    }

    fn give(&mut self, amount: f64) {
        self.level = (self.level + amount.min(self.capacity)).min(self.capacity);
    }
}
