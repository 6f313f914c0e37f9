//! Tries again what may be tried again: exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS 2015).

use std::{
    future::Future,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::begin::begun;
use crate::{
    clock::Clock,
    error::{Error, Result, Retry},
    llm::{
        Capabilities, ChatModel, ChatRequest, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, ModelCard,
    },
    telemetry::Metrics,
};

/// How often, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most attempts, the first one counted.
    pub attempts: u32,
    /// The first wait is at most this long; each further one at most twice the one before.
    pub base: Duration,
    /// No wait of our own choice is longer.
    pub max_delay: Duration,
    /// All attempts and waits together: a wait that would go beyond is not begun. A server that asks for more (`Retry-After`) gets its error
    /// handed to the caller.
    pub max_total: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            max_total: Duration::from_secs(120),
        }
    }
}

/// A model that is asked again where it failed and that can help. See the [module](super) on what is repeated.
pub struct Retrying<M: ?Sized> {
    inner: Arc<M>,
    policy: RetryPolicy,
    clock: Arc<dyn Clock>,
    jitter: Jitter,
    metrics: Option<Metrics>,
}

impl<M: ?Sized> Retrying<M> {
    /// `inner`, asked again by `policy`; `clock` waits.
    pub fn new(inner: Arc<M>, policy: RetryPolicy, clock: Arc<dyn Clock>) -> Self {
        Self { inner, policy, clock, jitter: Jitter::default(), metrics: None }
    }

    pub(super) fn counted(mut self, metrics: Option<Metrics>) -> Self {
        self.metrics = metrics;
        self
    }

    async fn repeat<T, F>(&self, adapter: &'static str, mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let began = self.clock.monotonic();
        let mut attempts = 0;
        loop {
            let error = match attempt().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            attempts += 1;
            let elapsed = self.clock.monotonic().saturating_sub(began);
            let Some(delay) = self.delay(attempts, elapsed, &error) else {
                return Err(if attempts > 1 { error.with("attempts", attempts) } else { error });
            };
            tracing::debug!(target: "heptad::llm", adapter, attempts, kind = error.kind().as_str(), ?delay, "asked again");
            if let Some(metrics) = &self.metrics {
                metrics.llm().retried(adapter);
            }
            self.clock.sleep(delay).await;
        }
    }

    /// How long to wait before the next attempt; `None` where there is none.
    fn delay(&self, attempts: u32, elapsed: Duration, error: &Error) -> Option<Duration> {
        let policy = &self.policy;
        let asked = match error.retryable() {
            Retry::Never => return None,
            Retry::Now => Duration::ZERO,
            Retry::After(delay) => delay,
        };
        let doubled = policy.base.saturating_mul(1_u32.checked_shl(attempts - 1).unwrap_or(u32::MAX));
        // A server that names a time is not left alone for much longer; the jitter keeps those it told the same from coming all at once.
        let spread = if asked.is_zero() { doubled.min(policy.max_delay) } else { policy.base };
        let delay = asked.saturating_add(spread.mul_f64(self.jitter.next()));
        let fits = elapsed.saturating_add(delay) <= policy.max_total;
        (attempts < policy.attempts && fits).then_some(delay)
    }
}

#[async_trait]
impl ChatModel for Retrying<dyn ChatModel> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let attempt = || async { begun(self.inner.stream(Arc::clone(&request)).await?).await };
        self.repeat(self.capabilities().adapter, attempt).await
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.inner.prompt_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.repeat(self.capabilities().adapter, || self.inner.models()).await
    }
}

#[async_trait]
impl Embedder for Retrying<dyn Embedder> {
    fn capabilities(&self) -> &EmbedCapabilities {
        self.inner.capabilities()
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        self.repeat(self.capabilities().adapter, || self.inner.embed(Arc::clone(&request))).await
    }

    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        self.inner.input_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

/// Numbers from 0 to 1 that no two processes share: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) from the seed of the standard hash maps.
struct Jitter(Mutex<u64>);

impl Default for Jitter {
    fn default() -> Self {
        Self(Mutex::new(RandomState::new().build_hasher().finish()))
    }
}

impl Jitter {
    fn next(&self) -> f64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
