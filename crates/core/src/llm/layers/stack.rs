//! The layers, in their one order.

use std::sync::Arc;

use super::{
    Budget, Budgeted, CachePolicy, Cached, Fallback, Limited, Metered, RateLimit, Redacted, Redaction,
    RetryPolicy, Retrying, Timed, Timeouts, Traced, Validated,
};
use crate::{
    clock::Clock,
    error::ErrorKind,
    llm::{ChatModel, Embedder, money::Prices},
    store::Store,
    telemetry::Metrics,
};

/// Puts the layers around models, in the order of the [module](super). Retries, time limits, checked answers and traces are there unless chosen otherwise;
/// everything else when it is asked for. In whatever order its methods are called, the order of the layers is the same.
#[must_use]
pub struct Stack {
    models: Vec<Arc<dyn ChatModel>>,
    around: Around,
    through: Vec<ErrorKind>,
    cache: Option<(Arc<dyn Store>, CachePolicy)>,
    repairs: u32,
}

/// What goes around every single model, of either port.
struct Around {
    clock: Arc<dyn Clock>,
    retry: RetryPolicy,
    timeouts: Timeouts,
    rate: RateLimit,
    budget: Option<Arc<Budget>>,
    prices: Arc<Prices>,
    metrics: Option<Metrics>,
    redaction: Option<Arc<Redaction>>,
}

/// The layers around one model, inside first. One text for two ports, which differ in nothing here.
macro_rules! wrap {
    ($around:expr, $model:expr, $port:ident) => {{
        let (around, clock) = ($around, || Arc::clone(&$around.clock));
        let mut model: Arc<dyn $port> =
            Arc::new(Timed::<dyn $port>::new($model, around.timeouts.clone(), clock()));
        if around.rate.requests_per_minute.is_some() || around.rate.tokens_per_minute.is_some() {
            model = Arc::new(Limited::<dyn $port>::new(model, &around.rate, clock()));
        }
        if let Some(budget) = &around.budget {
            model = Arc::new(Budgeted::<dyn $port>::new(model, Arc::clone(budget)));
        }
        if let Some(metrics) = &around.metrics {
            model = Arc::new(Metered::<dyn $port>::new(model, metrics, Arc::clone(&around.prices), clock()));
        }
        let retrying = Retrying::<dyn $port>::new(model, around.retry.clone(), clock());
        Arc::new(retrying.counted(around.metrics.clone())) as Arc<dyn $port>
    }};
}

impl Stack {
    /// Around `model`, with the time from `clock`.
    pub fn new(model: Arc<dyn ChatModel>, clock: Arc<dyn Clock>) -> Self {
        Self { models: vec![model], ..Self::around_none(clock) }
    }

    /// Around no chat model yet: for embedders alone.
    pub(crate) fn around_none(clock: Arc<dyn Clock>) -> Self {
        let around = Around {
            clock,
            retry: RetryPolicy::default(),
            timeouts: Timeouts::default(),
            rate: RateLimit::default(),
            budget: None,
            prices: Arc::default(),
            metrics: None,
            redaction: None,
        };
        Self { models: Vec::new(), around, through: Fallback::THROUGH.to_vec(), cache: None, repairs: 2 }
    }

    /// Asks `model` where all before it failed.
    pub fn fallback(mut self, model: Arc<dyn ChatModel>) -> Self {
        self.models.push(model);
        self
    }

    /// Chooses the kinds of errors after which the next model is asked.
    pub fn fall_through(mut self, kinds: impl IntoIterator<Item = ErrorKind>) -> Self {
        self.through = kinds.into_iter().collect();
        self
    }

    /// Chooses how often is tried again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.around.retry = policy;
        self
    }

    /// Chooses how long what may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.around.timeouts = timeouts;
        self
    }

    /// Keeps each model to a rate.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.around.rate = limit;
        self
    }

    /// Keeps all models together to a budget.
    pub fn budget(mut self, budget: Arc<Budget>) -> Self {
        self.around.budget = Some(budget);
        self
    }

    /// Counts what calls cost by this list, in the metrics.
    pub fn prices(mut self, prices: Arc<Prices>) -> Self {
        self.around.prices = prices;
        self
    }

    /// Keeps answers in `store`.
    pub fn cache(mut self, store: Arc<dyn Store>, policy: CachePolicy) -> Self {
        self.cache = Some((store, policy));
        self
    }

    /// Counts in `metrics`.
    pub fn metrics(mut self, metrics: &Metrics) -> Self {
        self.around.metrics = Some(metrics.clone());
        self
    }

    /// Takes out of what is sent what `redaction` finds.
    pub fn redact(mut self, redaction: Redaction) -> Self {
        self.around.redaction = Some(Arc::new(redaction));
        self
    }

    /// Chooses how often the model may mend a structured answer.
    pub fn repairs(mut self, most: u32) -> Self {
        self.repairs = most;
        self
    }

    /// `embedder` within the same layers, as far as they are for embedders.
    pub fn embedder(&self, embedder: Arc<dyn Embedder>) -> Arc<dyn Embedder> {
        let mut embedder = wrap!(&self.around, embedder, Embedder);
        if let Some(redaction) = &self.around.redaction {
            embedder = Arc::new(Redacted::<dyn Embedder>::new(embedder, Arc::clone(redaction)));
        }
        Arc::new(Traced::<dyn Embedder>::new(embedder))
    }

    /// The model within its layers.
    pub fn build(self) -> Arc<dyn ChatModel> {
        self.build_chat().expect("`new` is given a first model")
    }

    /// The model within its layers, where there is one.
    pub(crate) fn build_chat(self) -> Option<Arc<dyn ChatModel>> {
        let Self { models, around, through, cache, repairs } = self;
        let mut wrapped = models.into_iter().map(|model| {
            let model = wrap!(&around, model, ChatModel);
            let model = Arc::new(Validated::new(model, repairs)) as Arc<dyn ChatModel>;
            match &cache {
                None => model,
                Some((store, policy)) => {
                    let (store, clock) = (Arc::clone(store), Arc::clone(&around.clock));
                    let cached = Cached::new(model, store, policy.clone(), clock);
                    Arc::new(cached.counted(around.metrics.clone())) as Arc<dyn ChatModel>
                }
            }
        });
        let first = wrapped.next()?;
        let rest: Vec<_> = wrapped.collect();
        let mut model = if rest.is_empty() {
            first
        } else {
            Arc::new(Fallback::new(first, rest).through(through).counted(around.metrics.clone()))
        };
        if let Some(redaction) = around.redaction {
            model = Arc::new(Redacted::<dyn ChatModel>::new(model, redaction));
        }
        Some(Arc::new(Traced::<dyn ChatModel>::new(model)))
    }
}
