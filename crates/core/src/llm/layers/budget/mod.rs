//! Refuses what could exceed a limit of tokens or money, before it is sent.
//!
//! Before each attempt the most it can use is reserved in the store, by a conditional put, so that two processes cannot both take the last
//! of it; when it ends, what it did use takes the place of the reservation. An attempt that ends badly counts what is known of it: the upper bound
//! of its input, and as many tokens of output as bytes came. A reservation that the end of a process leaves behind counts until its
//! period is over: a budget errs towards spending less.

mod ledger;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};

use self::ledger::{Ledger, Reservation};
pub use self::ledger::{Period, Spent};
use crate::{
    clock::Clock,
    error::{Error, Result},
    llm::{
        Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, ModelCard, Usage,
        money::{Money, Price, Prices},
    },
    store::Store,
};

/// What a period may cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Tokens, of conversations and answers together.
    pub tokens: Option<u64>,
    /// Money, in the currency of the price list. With it, a model without a price is refused.
    pub money: Option<Money>,
    /// How long a period is.
    pub period: Period,
}

/// The budget of one platform, which all its models share. Kept in the store, and with it among processes.
pub struct Budget {
    ledger: Ledger,
    limits: BudgetLimits,
    prices: Arc<Prices>,
    /// What was dropped in the middle: settled with the next call.
    dropped: Mutex<Vec<(Reservation, u64, Money)>>,
}

impl Budget {
    /// A budget of `limits`, kept in `store`.
    pub fn new(
        store: Arc<dyn Store>,
        limits: BudgetLimits,
        prices: Arc<Prices>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { ledger: Ledger::new(store, clock), limits, prices, dropped: Mutex::default() }
    }

    /// What the current period has used so far.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn spent(&self) -> Result<Spent> {
        self.settle_dropped().await?;
        self.ledger.spent(self.limits.period).await
    }

    fn price(&self, model: &str, local: bool) -> Result<Price> {
        match self.prices.of(model) {
            Some(price) => Ok(price),
            None if local || self.limits.money.is_none() => Ok(Price::FREE),
            None => {
                let shown = crate::suggest::shortened(&model.escape_debug().to_string(), 80);
                let message = format!(
                    "there is a budget of money, but the model `{shown}` has no price: add it to the list that `llm.prices` names"
                );
                Err(Error::invalid(message).with("field", "llm.prices"))
            }
        }
    }

    async fn reserve(self: &Arc<Self>, model: &str, local: bool, input: u64, output: u64) -> Result<Held> {
        self.settle_dropped().await?;
        let price = self.price(model, local)?;
        let most = price.most(input, output);
        let reservation = self.ledger.reserve(&self.limits, input.saturating_add(output), most).await?;
        Ok(Held {
            budget: Arc::clone(self),
            reservation: Some(reservation),
            price,
            input,
            usage: None,
            output_bytes: 0,
        })
    }

    async fn settle_dropped(&self) -> Result<()> {
        loop {
            let next = self.dropped.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some((reservation, tokens, money)) = next else { return Ok(()) };
            self.ledger.settle(&reservation, tokens, money).await?;
        }
    }
}

/// A reservation, and what is known of the attempt that it is for.
struct Held {
    budget: Arc<Budget>,
    reservation: Option<Reservation>,
    price: Price,
    input: u64,
    usage: Option<Usage>,
    output_bytes: u64,
}

impl Held {
    fn see(&mut self, delta: &Delta) {
        match delta {
            Delta::Usage(usage) => self.usage = Some(*usage),
            Delta::Text { text } | Delta::Arguments { json: text, .. } => {
                self.output_bytes += text.len() as u64
            }
            _ => {}
        }
    }

    /// What to count: what the provider counted at the end, or else no less than can have been used.
    fn cost(&self, complete: bool, reservation: &Reservation) -> (u64, Money) {
        let counted = self.usage.unwrap_or_default();
        let unsure = Usage {
            input_tokens: if counted.input_tokens > 0 { counted.input_tokens } else { self.input },
            output_tokens: counted.output_tokens.max(self.output_bytes),
            cached_tokens: counted.cached_tokens,
        };
        let usage = if complete && self.usage.is_some() { counted } else { unsure };
        let (tokens, money) = (usage.total(), self.price.of(&usage));
        // A bound is a bound; what the provider says it counted may be more.
        if complete {
            (tokens, money)
        } else {
            (tokens.min(reservation.tokens), money.min(reservation.money))
        }
    }

    async fn settle(&mut self, complete: bool) -> Result<()> {
        let Some(reservation) = self.reservation.take() else { return Ok(()) };
        let (tokens, money) = self.cost(complete, &reservation);
        self.budget.ledger.settle(&reservation, tokens, money).await
    }

    /// The attempt was refused before anything was sent or made.
    async fn release(&mut self) -> Result<()> {
        let Some(reservation) = self.reservation.take() else { return Ok(()) };
        self.budget.ledger.settle(&reservation, 0, Money::ZERO).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(reservation) = self.reservation.take() {
            let (tokens, money) = self.cost(false, &reservation);
            self.budget.dropped.lock().unwrap_or_else(PoisonError::into_inner).push((
                reservation,
                tokens,
                money,
            ));
        }
    }
}

/// A model that stays within a [`Budget`].
pub struct Budgeted<M: ?Sized> {
    inner: Arc<M>,
    budget: Arc<Budget>,
}

impl<M: ?Sized> Budgeted<M> {
    /// `inner` within `budget`.
    pub fn new(inner: Arc<M>, budget: Arc<Budget>) -> Self {
        Self { inner, budget }
    }
}

#[async_trait]
impl ChatModel for Budgeted<dyn ChatModel> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let capabilities = self.capabilities();
        // A request that will be refused reserves nothing.
        capabilities.check(&request)?;
        let (input, output) =
            (self.inner.prompt_tokens(&request), capabilities.output_limit(&request).into());
        let mut held =
            self.budget.reserve(capabilities.model_of(&request), capabilities.local, input, output).await?;
        let deltas = match self.inner.stream(request).await {
            Ok(deltas) => deltas,
            Err(error) => {
                // A timeout leaves the model at work; every other failure before the first byte is free.
                let working = error.kind() == crate::ErrorKind::Timeout;
                if working {
                    held.settle(false).await?
                } else {
                    held.release().await?
                }
                return Err(error);
            }
        };
        let counted = stream::unfold(Some((held, deltas)), |state| async {
            let (mut held, mut deltas) = state?;
            let item = deltas.next().await?;
            if let Ok(delta) = &item {
                held.see(delta);
            }
            let finished = matches!(item, Ok(Delta::Finish { .. }));
            if (finished || item.is_err())
                && let Err(error) = held.settle(finished).await
            {
                return Some((Err(error), None));
            }
            let more = !finished && item.is_ok();
            Some((item, more.then_some((held, deltas))))
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
impl Embedder for Budgeted<dyn Embedder> {
    fn capabilities(&self) -> &EmbedCapabilities {
        self.inner.capabilities()
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        let capabilities = self.capabilities();
        capabilities.check(&request)?;
        let input = self.inner.input_tokens(&request);
        let mut held =
            self.budget.reserve(capabilities.model_of(&request), capabilities.local, input, 0).await?;
        match self.inner.embed(request).await {
            Ok(embeddings) => {
                held.usage = Some(embeddings.usage).filter(|usage| usage.total() > 0);
                held.settle(held.usage.is_some()).await?;
                Ok(embeddings)
            }
            Err(error) => {
                held.release().await?;
                Err(error)
            }
        }
    }

    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        self.inner.input_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

/// How long until the next period, for who is refused.
fn until(next: crate::clock::Timestamp, now: crate::clock::Timestamp) -> Duration {
    Duration::try_from(next.duration_since(now)).unwrap_or_default()
}
