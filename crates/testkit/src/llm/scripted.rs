//! A model that does what it is told: for tests of what is around it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use heptad_core::{
    Error, ErrorKind, Result, Retry,
    clock::Clock,
    llm::{
        Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, FinishReason, Structured, Usage,
    },
};

use crate::VirtualClock;

/// What a [`Scripted`] model does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Fails before an answer begins; only as the first step.
    Refuse(ErrorKind, Retry),
    /// A piece of the answer.
    Say(Delta),
    /// Fails within the answer, which is its end.
    Fail(ErrorKind, Retry),
    /// Waits, by the clock of the test.
    Wait(Duration),
}

impl Step {
    /// A whole answer: start, text, usage of ten and five tokens, finish.
    pub fn answer(text: &str) -> Vec<Self> {
        let usage = Usage { input_tokens: 10, output_tokens: 5, cached_tokens: 0 };
        let deltas = [
            Delta::Start { model: "scripted".to_owned(), cached: false },
            Delta::text(text),
            Delta::Usage(usage),
            Delta::Finish { reason: FinishReason::Stop },
        ];
        deltas.map(Self::Say).to_vec()
    }

    /// An answer that does not begin.
    pub fn refuse(kind: ErrorKind, retry: Retry) -> Vec<Self> {
        vec![Self::Refuse(kind, retry)]
    }
}

/// A [`ChatModel`] that gives scripted answers, one for each request in order, and remembers what it was asked. Without a script for a request it
/// panics: a test must say what it expects to be asked. Clones are the same model.
#[derive(Clone)]
pub struct Scripted(Arc<Shared>);

struct Shared {
    capabilities: Capabilities,
    embed: EmbedCapabilities,
    clock: VirtualClock,
    script: Mutex<VecDeque<Vec<Step>>>,
    asked: Mutex<Vec<ChatRequest>>,
    running: AtomicUsize,
}

impl Scripted {
    /// A model with this script, that can do everything.
    pub fn new(script: impl IntoIterator<Item = Vec<Step>>, clock: &VirtualClock) -> Self {
        let mut all = Capabilities::new("scripted", "scripted");
        (all.tools, all.forced_tools, all.images, all.sampling, all.seed) = (true, true, true, true, true);
        (all.max_stop, all.structured, all.structured_with_tools) = (4, Structured::Guided, true);
        all.max_output_tokens = 100;
        Self::with(all, script, clock)
    }

    /// A model that can do what `capabilities` says.
    pub fn with(
        capabilities: Capabilities,
        script: impl IntoIterator<Item = Vec<Step>>,
        clock: &VirtualClock,
    ) -> Self {
        Self(Arc::new(Shared {
            embed: EmbedCapabilities::new(capabilities.adapter, capabilities.model.clone(), 8),
            capabilities,
            clock: clock.clone(),
            script: Mutex::new(script.into_iter().collect()),
            asked: Mutex::default(),
            running: AtomicUsize::new(0),
        }))
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<ChatRequest> {
        lock(&self.0.asked).clone()
    }

    /// How many answers have begun and are neither at their end nor dropped.
    pub fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }

    fn next(&self) -> Vec<Step> {
        lock(&self.0.script).pop_front().expect("the model is asked more often than its script says")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failure(kind: ErrorKind, retry: Retry) -> Error {
    Error::new(kind, "as scripted").retry(retry)
}

/// Counts an answer while it runs.
struct Running(Scripted);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl ChatModel for Scripted {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        self.0.capabilities.check(&request)?;
        lock(&self.0.asked).push((*request).clone());
        let steps = self.next();
        if let Some(Step::Refuse(kind, retry)) = steps.first() {
            return Err(failure(*kind, *retry));
        }
        self.0.running.fetch_add(1, Ordering::SeqCst);
        let state = (Running(self.clone()), VecDeque::from(steps));
        let deltas = stream::unfold(state, |(running, mut steps)| async move {
            loop {
                let item = match steps.pop_front()? {
                    Step::Wait(duration) => {
                        running.0.0.clock.sleep(duration).await;
                        continue;
                    }
                    Step::Say(delta) => Ok(delta),
                    Step::Fail(kind, retry) | Step::Refuse(kind, retry) => Err(failure(kind, retry)),
                };
                return Some((item, (running, steps)));
            }
        });
        Ok(deltas.boxed())
    }
}

#[async_trait]
impl Embedder for Scripted {
    fn capabilities(&self) -> &EmbedCapabilities {
        &self.0.embed
    }

    /// The first axis for every text; the script says whether it fails.
    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        self.0.embed.check(&request)?;
        for step in self.next() {
            match step {
                Step::Refuse(kind, retry) | Step::Fail(kind, retry) => return Err(failure(kind, retry)),
                Step::Wait(duration) => self.0.clock.sleep(duration).await,
                Step::Say(_) => {}
            }
        }
        let usage = Usage { input_tokens: request.texts.len() as u64 * 3, ..Usage::default() };
        Ok(Embeddings {
            model: "scripted".to_owned(),
            vectors: vec![vec![1.0, 0.0]; request.texts.len()],
            usage,
        })
    }
}
