//! The next model where one fails.

use std::sync::Arc;

use async_trait::async_trait;

use super::begin::begun;
use crate::{
    error::{Error, ErrorKind, Result},
    llm::{Capabilities, ChatModel, ChatRequest, DeltaStream, ModelCard},
    telemetry::Metrics,
};

/// Models that stand in for each other. The first is asked first; one that fails before its answer has begun, with an error of a kind that
/// falls through, makes room for the next, which is asked for its own default model.
///
/// Who answered is in the answer: `model`, as the model calls itself.
///
/// Embedders have no such chain: the vectors of two models cannot be compared.
pub struct Fallback {
    models: Vec<Arc<dyn ChatModel>>,
    through: Vec<ErrorKind>,
    metrics: Option<Metrics>,
}

impl Fallback {
    /// What falls through unless chosen otherwise: what another model may do better. Wrong input, wrong keys and defects do not.
    pub const THROUGH: &'static [ErrorKind] =
        &[ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::LimitExceeded, ErrorKind::Unsupported];

    /// `first`, then `rest` in order.
    pub fn new(first: Arc<dyn ChatModel>, rest: impl IntoIterator<Item = Arc<dyn ChatModel>>) -> Self {
        let models = std::iter::once(first).chain(rest).collect();
        Self { models, through: Self::THROUGH.to_vec(), metrics: None }
    }

    /// Chooses the kinds of errors that fall through.
    #[must_use]
    pub fn through(mut self, kinds: impl IntoIterator<Item = ErrorKind>) -> Self {
        self.through = kinds.into_iter().collect();
        self
    }

    pub(super) fn counted(mut self, metrics: Option<Metrics>) -> Self {
        self.metrics = metrics;
        self
    }

    /// Counts what became of asking the model at `place`, from 0.
    fn count(&self, place: usize, model: &dyn ChatModel, failure: Option<ErrorKind>) {
        if let Some(metrics) = &self.metrics {
            metrics.llm().link(place + 1, model.capabilities(), failure);
        }
    }

    fn first(&self) -> &Arc<dyn ChatModel> {
        self.models.first().expect("`new` is given a first one")
    }
}

#[async_trait]
impl ChatModel for Fallback {
    fn capabilities(&self) -> &Capabilities {
        self.first().capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let mut failures: Vec<Error> = Vec::new();
        let unnamed = Arc::new(ChatRequest { model: None, ..(*request).clone() });
        for (place, model) in self.models.iter().enumerate() {
            let request = if failures.is_empty() { &request } else { &unnamed };
            let answer = async { begun(model.stream(Arc::clone(request)).await?).await };
            let answer = answer.await;
            self.count(place, &**model, answer.as_ref().err().map(Error::kind));
            match answer {
                Ok(deltas) => return Ok(deltas),
                Err(error) if self.through.contains(&error.kind()) => {
                    let adapter = model.capabilities().adapter;
                    tracing::warn!(target: "heptad::llm", adapter, kind = error.kind().as_str(), "the next model is asked");
                    failures.push(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(exhausted(failures))
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.models.iter().map(|model| model.prompt_tokens(request)).max().unwrap_or(0)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        let mut all = Vec::new();
        for model in &self.models {
            all.extend(model.models().await?);
        }
        Ok(all)
    }
}

/// The last error, with what the ones before it were.
fn exhausted(mut failures: Vec<Error>) -> Error {
    let last = failures.pop().unwrap_or_else(|| Error::internal("a chain of no models"));
    let Some(first) = failures.first() else { return last };
    let before = format!("{}: {}", first.kind(), first.message());
    last.with("first_model", before)
}
