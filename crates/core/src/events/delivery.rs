//! The consumer's side: a [`Subscription`] hands out [`Delivery`]s, each of which is settled once.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_core::Stream;
use tracing::{Instrument as _, Span, field};

use super::{Applied, Event};
use crate::{
    clock::Timestamp,
    error::Result,
    store::{Batch, Offset},
    telemetry::context,
};

/// An event and its place in a topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its place.
    pub offset: Offset,
    /// When it was committed, UTC.
    pub time: Timestamp,
    /// The event.
    pub event: Event,
}

/// Which claim of an event a consumer holds: whoever holds an older one has been replaced and is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// Grows when the group is moved to another place.
    pub epoch: u64,
    /// The event.
    pub offset: Offset,
    /// Grows whenever the event is claimed for a consumer: 1, 2, 3 …
    pub claim: u32,
    /// The number of the attempt: as many of the claims as came to a consumer.
    pub attempt: u32,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Ack,
    /// It is to be tried again, or goes to the dead letters when this was the last attempt.
    Nack {
        /// How long to wait; `None`: as the group's backoff says.
        after: Option<Duration>,
        /// Why, for the dead letters.
        reason: String,
    },
    /// It goes to the dead letters now.
    Reject {
        /// Why.
        reason: String,
    },
}

/// The adapter's end of subscriptions and deliveries. Every method may be called by several consumers at once.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// The next event that may be handed out. Cancelling the wait loses nothing.
    async fn next(&self) -> Result<(Arc<Message>, Token)>;

    /// Settles a delivery and returns when that is as durable as the bus is.
    async fn settle(&self, token: Token, outcome: Outcome) -> Result<()>;

    /// Settles a delivery with one of the next commits; if the process dies before, the event is delivered again.
    fn settle_later(&self, token: Token, outcome: Outcome);

    /// Applies `batch` and acknowledges in one commit.
    async fn settle_in(&self, token: Token, batch: Batch) -> Result<Applied>;

    /// Gives the consumer the whole time to acknowledge once more.
    fn extend(&self, token: Token);

    /// One subscription is gone.
    fn leave(&self);
}

/// What the spans of a subscription's deliveries say.
#[derive(Clone)]
pub(crate) struct Traced {
    topic: String,
    group: String,
}

impl Traced {
    pub(crate) fn new(topic: &str, group: &str) -> Self {
        Self { topic: topic.to_owned(), group: group.to_owned() }
    }

    /// A span that continues what `event` tells of, and else begins a trace: whoever waits for events is in none.
    fn span(&self, event: &Event, token: Token) -> Span {
        let span = tracing::info_span!(
            target: "heptad::events",
            parent: None,
            "delivery",
            topic = self.topic,
            group = self.group,
            attempt = token.attempt,
            outcome = field::Empty,
        );
        context::continued(&span, event);
        span
    }
}

/// A member of a consumer group. Several subscriptions to one group, in one process or in several, share its work.
///
/// Dropping it returns what was claimed for it and not handed out yet; what was handed out may still be settled.
pub struct Subscription {
    consumer: Arc<dyn Consumer>,
    traced: Option<Traced>,
}

impl Subscription {
    /// A subscription on the adapter's `consumer`.
    pub fn new(consumer: Arc<dyn Consumer>) -> Self {
        Self { consumer, traced: None }
    }

    /// The same subscription with a span for each delivery.
    #[must_use]
    pub(crate) fn traced(mut self, traced: Traced) -> Self {
        self.traced = Some(traced);
        self
    }

    /// The same subscription with a layer around its consumer.
    #[must_use]
    pub fn layered(mut self, layer: impl FnOnce(Arc<dyn Consumer>) -> Arc<dyn Consumer>) -> Self {
        self.consumer = layer(Arc::clone(&self.consumer));
        self
    }

    /// Waits for the next event. Cancelling the wait loses nothing.
    ///
    /// # Errors
    /// Where the store failed; the subscription is of no use then and has to be made anew.
    pub async fn next(&self) -> Result<Delivery> {
        let (message, token) = self.consumer.next().await?;
        let span = self.traced.as_ref().map_or_else(Span::none, |traced| traced.span(&message.event, token));
        Ok(Delivery { message, token, consumer: Arc::clone(&self.consumer), span, settled: false })
    }

    /// The deliveries as a stream that ends with the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Delivery>> + Send {
        futures_util::stream::unfold(Some(self), |subscription| async {
            let subscription = subscription?;
            match subscription.next().await {
                Ok(delivery) => Some((Ok(delivery), Some(subscription))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.consumer.leave();
    }
}

/// One attempt at one event. Dropped without having been settled it counts as a failed attempt and is tried again after the backoff.
pub struct Delivery {
    message: Arc<Message>,
    token: Token,
    consumer: Arc<dyn Consumer>,
    span: Span,
    settled: bool,
}

impl Delivery {
    /// The event.
    pub fn event(&self) -> &Event {
        &self.message.event
    }

    /// Its place in the topic.
    pub fn offset(&self) -> Offset {
        self.message.offset
    }

    /// When it was committed, UTC.
    pub fn time(&self) -> Timestamp {
        self.message.time
    }

    /// The number of this attempt: 1, 2, 3 …
    pub fn attempt(&self) -> u32 {
        self.token.attempt
    }

    /// The span of this attempt, which ends when it is settled: part of the trace in which the event was published. A consumer that wants its own work
    /// in it instruments that with it (`work.instrument(delivery.span().clone())`).
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The event is done; returns when that is as durable as the bus is. Acknowledgements of several consumers share a commit.
    ///
    /// # Errors
    /// [`Conflict`](crate::ErrorKind::Conflict) where the time to acknowledge passed, or the group was moved, and the event is
    /// somebody else's now.
    pub async fn ack(self) -> Result<()> {
        self.settle(Outcome::Ack).await
    }

    /// The event is done, and that may be made durable with one of the next commits: the cheap way for work that may be done twice,
    /// for if the process dies before, the event is delivered again.
    pub fn ack_later(mut self) {
        self.settled = true;
        self.tell(&Outcome::Ack);
        self.consumer.settle_later(self.token, Outcome::Ack);
    }

    /// The attempt failed for `reason`; the event comes again after the group's backoff, or goes to the dead letters when this was the
    /// last attempt.
    ///
    /// # Errors
    /// As [`ack`](Self::ack).
    pub async fn nack(self, reason: impl Into<String>) -> Result<()> {
        self.settle(Outcome::Nack { after: None, reason: reason.into() }).await
    }

    /// The same with a wait of the caller's choice.
    ///
    /// # Errors
    /// As [`ack`](Self::ack).
    pub async fn nack_after(self, wait: Duration, reason: impl Into<String>) -> Result<()> {
        self.settle(Outcome::Nack { after: Some(wait), reason: reason.into() }).await
    }

    /// No attempt can succeed, for `reason`: the event goes to the dead letters now.
    ///
    /// # Errors
    /// As [`ack`](Self::ack).
    pub async fn reject(self, reason: impl Into<String>) -> Result<()> {
        self.settle(Outcome::Reject { reason: reason.into() }).await
    }

    /// The consumer is still at work and has the whole time to acknowledge once more.
    pub fn extend(&self) {
        self.consumer.extend(self.token);
    }

    async fn settle(mut self, outcome: Outcome) -> Result<()> {
        self.settled = true;
        self.tell(&outcome);
        self.consumer.settle(self.token, outcome).await
    }

    /// For [`Effects`](super::Effects).
    pub(super) async fn settle_in(&mut self, batch: Batch) -> Result<Applied> {
        let work = self.consumer.settle_in(self.token, batch).instrument(self.span.clone());
        let applied = work.await?;
        self.settled = true;
        self.tell(&Outcome::Ack);
        Ok(applied)
    }

    fn tell(&self, outcome: &Outcome) {
        self.span.record(
            "outcome",
            match outcome {
                Outcome::Ack => "acknowledged",
                Outcome::Nack { .. } => "failed",
                Outcome::Reject { .. } => "rejected",
            },
        );
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if !self.settled {
            let reason = "dropped without an acknowledgement".to_owned();
            let outcome = Outcome::Nack { after: None, reason };
            self.tell(&outcome);
            self.consumer.settle_later(self.token, outcome);
        }
    }
}
