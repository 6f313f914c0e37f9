//! The port.

use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, GroupConfig, GroupName, Message, Start, Subscription, Topic};
use crate::{
    clock::Timestamp,
    error::Result,
    store::{Batch, Offset, Producer, Watch},
};

/// What an adapter can do. What it lacks is refused as [`Unsupported`](crate::ErrorKind::Unsupported), never silently skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Name of the adapter, for reports and metrics.
    pub name: &'static str,
    /// Acknowledged events survive the loss of power.
    pub durable: bool,
    /// Several processes may use the same bus at once.
    pub shared: bool,
    /// [`EventBus::publish_in`]: events are published by a commit of the store.
    pub publish_in: bool,
    /// [`Effects::once`](super::Effects::once): acknowledgements take part in a commit of the store.
    pub effects: bool,
    /// Order per subject is kept across redeliveries.
    pub subject_order: bool,
    /// The most bytes an event may have as JSON.
    pub max_event_bytes: usize,
}

impl Capabilities {
    /// The capabilities of an adapter called `name` that can do nothing; what it can is set by field.
    pub const fn new(name: &'static str, max_event_bytes: usize) -> Self {
        Self {
            name,
            durable: false,
            shared: false,
            publish_in: false,
            effects: false,
            subject_order: false,
            max_event_bytes,
        }
    }
}

/// Where published events ended up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Published {
    /// The topic.
    pub topic: Topic,
    /// Offset of the first event; the others follow without a gap. 0 where nothing was published, or for a duplicate that is so old
    /// that its place is no longer known.
    pub first: Offset,
    /// How many events there are.
    pub count: u64,
    /// The producer had published them before: nothing was written, and these are the offsets from then.
    pub duplicate: bool,
}

/// A topic, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TopicStatus {
    /// The topic.
    pub topic: Topic,
    /// Offset of the oldest event that is kept; 0 where there is none.
    pub first: Offset,
    /// Offset of the last event there ever was; 0 where there was none.
    pub last: Offset,
}

/// A consumer group, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct GroupStatus {
    /// The topic.
    pub topic: Topic,
    /// The group.
    pub group: GroupName,
    /// Every event up to this offset is done.
    pub committed: Offset,
    /// How many events are handed out.
    pub in_flight: u64,
    /// How many events wait for redelivery.
    pub waiting: u64,
    /// How many events of the topic are not done.
    pub lag: u64,
    /// How many dead letters there are that were not sent again.
    pub dead: u64,
}

/// An event that a group gave up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its place among the dead letters.
    pub offset: Offset,
    /// When it was given up, UTC.
    pub time: Timestamp,
    /// Its place in the topic.
    pub origin: Offset,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why the last one failed.
    pub reason: String,
    /// The event as it was published.
    pub event: Event,
}

/// Which dead letters were sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Redriven {
    /// How many events.
    pub count: u64,
    /// Where the entries are now that could not be sent, for they are damaged and no dead letters: behind all the others, as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Offset>,
}

/// What to forget of a topic. Both may be given: an event goes when either says so. Events that some group has not finished stay unless
/// `force` is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Forget what is older than this.
    pub max_age: Option<Duration>,
    /// Forget all but the last so many.
    pub max_events: Option<u64>,
    /// Forget them even where a group has not read that far; it goes on behind them.
    pub force: bool,
}

/// What was forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Trimmed {
    /// Events up to this offset were given up. Storage is freed in segments, so that a few of them may still be read.
    pub up_to: Offset,
    /// The groups that had not finished everything that was to be forgotten: they were waited for, or with `force` have lost it.
    pub behind: Vec<GroupName>,
}

/// The port. Every adapter passes `heptad_testkit::events` unchanged.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// What this adapter can do.
    fn capabilities(&self) -> Capabilities;

    /// Makes sure that `topic` is there. Publishing and subscribing do it too.
    async fn declare(&self, topic: &Topic) -> Result<()>;

    /// Publishes `events` in this order, all or none; events without a time get the current one. With a `producer`, a sequence that was
    /// published before is acknowledged again and not published again.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where an event is wrong; [`Conflict`](crate::ErrorKind::Conflict) where the
    /// producer's epoch is old or its sequence has a gap; [`LimitExceeded`](crate::ErrorKind::LimitExceeded) where they are too large.
    async fn publish(
        &self,
        topic: &Topic,
        events: Vec<Event>,
        producer: Option<Producer>,
    ) -> Result<Published>;

    /// Adds `events` to `batch`: they are published if and when the store commits it.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); [`Unsupported`](crate::ErrorKind::Unsupported) where the adapter's events are not the store's.
    async fn publish_in(&self, batch: &mut Batch, topic: &Topic, events: Vec<Event>) -> Result<()>;

    /// The events of `topic` after offset `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt) where an entry is no event; its offset is in the context.
    async fn read(&self, topic: &Topic, after: Offset, limit: usize) -> Result<Vec<Message>>;

    /// Wakes when `topic` grows.
    fn watch(&self, topic: &Topic) -> Watch;

    /// Joins the group `config.name` on `topic`, which is made where it does not exist.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where a setting is wrong or differs from that of a member in this process.
    async fn subscribe(&self, topic: &Topic, config: GroupConfig) -> Result<Subscription>;

    /// Moves a group to another place. What is handed out at that time can no longer be acknowledged, from this moment on. The other
    /// consumers of this process know at once. Those of other processes go on with what they have claimed, in vain, until they hear of it:
    /// as soon as their store tells that a stream has grown (SQLite: within its `poll_interval`, 50 ms), at the latest when they commit
    /// something.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) where there is no such group.
    async fn seek(&self, topic: &Topic, group: &GroupName, to: Start) -> Result<()>;

    /// Every topic, by name.
    async fn topics(&self) -> Result<Vec<TopicStatus>>;

    /// The groups of `topic`, or of every topic, by topic and name.
    async fn groups(&self, topic: Option<&Topic>) -> Result<Vec<GroupStatus>>;

    /// The dead letters of a group after offset `after` of its dead letters, oldest first, at most `limit`. A damaged entry is listed with
    /// the origin 0; its reason says what is wrong with it.
    async fn dead_letters(
        &self,
        topic: &Topic,
        group: &GroupName,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<DeadLetter>>;

    /// Publishes the dead letters of a group up to offset `up_to` of its dead letters again, for this group only. Damaged entries are passed
    /// over, kept and named. What dies again meanwhile is left for the next call.
    async fn redrive(&self, topic: &Topic, group: &GroupName, up_to: Offset) -> Result<Redriven>;

    /// Forgets old events.
    async fn trim(&self, topic: &Topic, retention: Retention) -> Result<Trimmed>;
}
