//! Counts what goes through an event bus.

use std::sync::Arc;

use async_trait::async_trait;
use prometheus::IntCounter;

use super::{
    Metrics, context,
    meter::{Meter, Verb},
};
use crate::{
    clock::Clock,
    error::Result,
    events::{
        Applied, Capabilities, Consumer, DeadLetter, Event, EventBus, GroupConfig, GroupName, GroupStatus,
        Message, Outcome, Published, Redriven, Retention, Start, Subscription, Token, Topic, TopicStatus,
        Traced, Trimmed,
    },
    store::{Batch, Offset, Producer, Watch},
};

/// An [`EventBus`] that counts what another publishes and delivers, with a span for each publication and each delivery. An event carries the trace it
/// was published in (`traceparent`), and what its consumer does is part of that trace.
///
/// Events that go into a batch ([`EventBus::publish_in`]) are published by the store's commit and are counted there, as entries.
pub struct MeteredBus {
    inner: Arc<dyn EventBus>,
    meter: Meter,
    publish: Verb,
    read: Verb,
    published: IntCounter,
    deliveries: Arc<Deliveries>,
}

struct Deliveries {
    delivered: IntCounter,
    redelivered: IntCounter,
    acknowledged: IntCounter,
    failed: IntCounter,
    rejected: IntCounter,
}

impl MeteredBus {
    /// `inner`, counted in `metrics`; `clock` tells how long it takes.
    pub fn new(inner: Arc<dyn EventBus>, metrics: &Metrics, clock: Arc<dyn Clock>) -> Self {
        let meter = Meter::new("events", inner.capabilities().name, metrics, clock);
        let deliveries = Deliveries {
            delivered: meter.items("delivered"),
            redelivered: meter.items("redelivered"),
            acknowledged: meter.items("acknowledged"),
            failed: meter.items("failed"),
            rejected: meter.items("rejected"),
        };
        Self {
            publish: meter.verb("publish"),
            read: meter.verb("read"),
            published: meter.items("published"),
            deliveries: Arc::new(deliveries),
            inner,
            meter,
        }
    }
}

#[async_trait]
impl EventBus for MeteredBus {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn declare(&self, topic: &Topic) -> Result<()> {
        self.inner.declare(topic).await
    }

    async fn publish(
        &self,
        topic: &Topic,
        events: Vec<Event>,
        producer: Option<Producer>,
    ) -> Result<Published> {
        // Polled within the span, which the events then tell of.
        let work = async { self.inner.publish(topic, context::carried(events), producer).await };
        let published = self.meter.measure_at(&self.publish, topic.as_str(), work).await?;
        self.published.inc_by(if published.duplicate { 0 } else { published.count });
        Ok(published)
    }

    async fn publish_in(&self, batch: &mut Batch, topic: &Topic, events: Vec<Event>) -> Result<()> {
        self.inner.publish_in(batch, topic, context::carried(events)).await
    }

    async fn read(&self, topic: &Topic, after: Offset, limit: usize) -> Result<Vec<Message>> {
        self.meter.measure_at(&self.read, topic.as_str(), self.inner.read(topic, after, limit)).await
    }

    fn watch(&self, topic: &Topic) -> Watch {
        self.inner.watch(topic)
    }

    async fn subscribe(&self, topic: &Topic, config: GroupConfig) -> Result<Subscription> {
        let deliveries = Arc::clone(&self.deliveries);
        let traced = Traced::new(topic.as_str(), &config.name);
        let subscription = self.inner.subscribe(topic, config).await?;
        Ok(subscription.layered(|inner| Arc::new(MeteredConsumer { inner, deliveries })).traced(traced))
    }

    async fn seek(&self, topic: &Topic, group: &GroupName, to: Start) -> Result<()> {
        self.inner.seek(topic, group, to).await
    }

    async fn topics(&self) -> Result<Vec<TopicStatus>> {
        self.inner.topics().await
    }

    async fn groups(&self, topic: Option<&Topic>) -> Result<Vec<GroupStatus>> {
        self.inner.groups(topic).await
    }

    async fn dead_letters(
        &self,
        topic: &Topic,
        group: &GroupName,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<DeadLetter>> {
        self.inner.dead_letters(topic, group, after, limit).await
    }

    async fn redrive(&self, topic: &Topic, group: &GroupName, up_to: Offset) -> Result<Redriven> {
        self.inner.redrive(topic, group, up_to).await
    }

    async fn trim(&self, topic: &Topic, retention: Retention) -> Result<Trimmed> {
        self.inner.trim(topic, retention).await
    }
}

struct MeteredConsumer {
    inner: Arc<dyn Consumer>,
    deliveries: Arc<Deliveries>,
}

impl MeteredConsumer {
    fn settled(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Ack => self.deliveries.acknowledged.inc(),
            Outcome::Nack { .. } => self.deliveries.failed.inc(),
            Outcome::Reject { .. } => self.deliveries.rejected.inc(),
        }
    }
}

#[async_trait]
impl Consumer for MeteredConsumer {
    async fn next(&self) -> Result<(Arc<Message>, Token)> {
        let (message, token) = self.inner.next().await?;
        self.deliveries.delivered.inc();
        self.deliveries.redelivered.inc_by((token.attempt > 1).into());
        Ok((message, token))
    }

    async fn settle(&self, token: Token, outcome: Outcome) -> Result<()> {
        let settled = outcome.clone();
        self.inner.settle(token, outcome).await?;
        self.settled(&settled);
        Ok(())
    }

    fn settle_later(&self, token: Token, outcome: Outcome) {
        self.settled(&outcome);
        self.inner.settle_later(token, outcome);
    }

    async fn settle_in(&self, token: Token, batch: Batch) -> Result<Applied> {
        let applied = self.inner.settle_in(token, batch).await?;
        self.deliveries.acknowledged.inc_by((applied == Applied::Yes).into());
        Ok(applied)
    }

    fn extend(&self, token: Token) {
        self.inner.extend(token);
    }

    fn leave(&self) {
        self.inner.leave();
    }
}
