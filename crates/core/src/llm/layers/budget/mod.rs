//! Refuses what could exceed a limit of tokens or money, before it is sent.
//!
//! Before each attempt the most it can use is reserved in the store, by a conditional put, so that two processes cannot both take the last
//! of it; when it ends, what it did use takes the place of the reservation. An attempt that ends badly counts what is known of it: the upper bound
//! of its input, and as many tokens of output as bytes came; one that ran out of time, after which the model may be at work still, all that was
//! reserved. What cannot be settled, because the store fails or nobody waits for it any more, is settled with the next call. A reservation that the end of a process leaves behind counts until its
//! period is over: a budget errs towards spending less.

mod ledger;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};

use self::ledger::{Ledger, Reservation};
pub use self::ledger::{Period, Spent};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
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
    books: Arc<Books>,
    limits: BudgetLimits,
    prices: Arc<Prices>,
}

/// The ledger, and what is to be written into it.
struct Books {
    ledger: Ledger,
    /// What has ended and is not settled: what was used takes the place of the reservation.
    ended: Mutex<VecDeque<(Reservation, u64, Money)>>,
}

impl Books {
    fn ended(&self) -> MutexGuard<'_, VecDeque<(Reservation, u64, Money)>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn settle_ended(&self) -> Result<()> {
        loop {
            let Some((reservation, tokens, money)) = self.ended().pop_front() else { return Ok(()) };
            if let Err(error) = self.ledger.settle(&reservation, tokens, money).await {
                self.ended().push_front((reservation, tokens, money));
                return Err(error);
            }
        }
    }
}

impl Budget {
    /// A budget of `limits`, kept in `store`.
    pub fn new(
        store: Arc<dyn Store>,
        limits: BudgetLimits,
        prices: Arc<Prices>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let books = Books { ledger: Ledger::new(store, clock), ended: Mutex::default() };
        Self { books: Arc::new(books), limits, prices }
    }

    /// What the current period has used so far.
    ///
    /// # Errors
    /// What the store fails with.
    pub async fn spent(&self) -> Result<Spent> {
        self.settle_ended().await?;
        self.books.ledger.spent(self.limits.period).await
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
        self.settle_ended().await?;
        let price = self.price(model, local)?;
        let most = price.most(input, output);
        let budget = Arc::clone(self);
        // In a task of its own, for the same reason: given up in the middle, it is released there.
        let reserving = tokio::spawn(async move {
            let tokens = input.saturating_add(output);
            let reservation = budget.books.ledger.reserve(&budget.limits, tokens, most).await?;
            let (reservation, usage) = (Some(reservation), None);
            Ok(Held { budget, reservation, price, input, sent: false, usage, output_bytes: 0 })
        });
        reserving.await.map_err(|error| Error::internal("reserving of the budget panicked").because(error))?
    }

    /// Settles what has ended, in a task of its own: a commit that is given up in the middle has happened, or has not, and nobody would know.
    async fn settle_ended(&self) -> Result<()> {
        if self.books.ended().is_empty() {
            return Ok(());
        }
        let books = Arc::clone(&self.books);
        let settling = tokio::spawn(async move { books.settle_ended().await });
        settling.await.map_err(|error| Error::internal("settling the budget panicked").because(error))?
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It came to its end.
    Complete,
    /// It failed, or nobody wanted more of it.
    Cut,
    /// It was not waited for any longer: the model may be at work still.
    Late,
    /// It was refused before anything was sent or made.
    Refused,
}

impl End {
    /// By the error that ended it, after the model had begun.
    fn by(error: &Error) -> Self {
        if error.kind() == ErrorKind::Timeout { Self::Late } else { Self::Cut }
    }

    /// By the error in place of an answer: every failure before the first byte is free, but for one.
    fn before_all(error: &Error) -> Self {
        if error.kind() == ErrorKind::Timeout { Self::Late } else { Self::Refused }
    }
}

/// A reservation, and what is known of the attempt that it is for.
struct Held {
    budget: Arc<Budget>,
    reservation: Option<Reservation>,
    price: Price,
    input: u64,
    /// Whether anybody may have been asked.
    sent: bool,
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
    fn cost(&self, end: End, reservation: &Reservation) -> (u64, Money) {
        match end {
            End::Refused => return (0, Money::ZERO),
            End::Late => return (reservation.tokens, reservation.money),
            End::Complete | End::Cut => {}
        }
        let complete = end == End::Complete;
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

    /// Notes what it used. From here on it is settled, if not now, then with the next call.
    fn end(&mut self, end: End) {
        if let Some(reservation) = self.reservation.take() {
            let (tokens, money) = self.cost(end, &reservation);
            self.budget.books.ended().push_back((reservation, tokens, money));
        }
    }

    async fn settle(&mut self, end: End) -> Result<()> {
        self.end(end);
        self.budget.settle_ended().await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.end(if self.sent { End::Cut } else { End::Refused });
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
        held.sent = true;
        let deltas = match self.inner.stream(request).await {
            Ok(deltas) => deltas,
            Err(error) => {
                held.settle(End::before_all(&error)).await?;
                return Err(error);
            }
        };
        let counted = stream::unfold(Some((held, deltas)), |state| async {
            let (mut held, mut deltas) = state?;
            let item = deltas.next().await?;
            if let Ok(delta) = &item {
                held.see(delta);
            }
            let end = match &item {
                Ok(Delta::Finish { .. }) => Some(End::Complete),
                Ok(_) => None,
                Err(error) => Some(End::by(error)),
            };
            if let Some(end) = end
                && let Err(error) = held.settle(end).await
            {
                return Some((Err(error), None));
            }
            Some((item, end.is_none().then_some((held, deltas))))
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
        held.sent = true;
        match self.inner.embed(request).await {
            Ok(embeddings) => {
                held.usage = Some(embeddings.usage).filter(|usage| usage.total() > 0);
                held.settle(if held.usage.is_some() { End::Complete } else { End::Cut }).await?;
                Ok(embeddings)
            }
            Err(error) => {
                held.settle(End::before_all(&error)).await?;
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
