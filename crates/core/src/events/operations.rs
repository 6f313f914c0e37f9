//! The operations of the event bus.

use std::{collections::VecDeque, time::Duration};

use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, EventBus, GroupStatus, Message, Published, Retention, Topic, TopicStatus, Trimmed};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    operation::{Context, Handle, operations},
    store::{Offset, Producer, Watch},
};

/// The most events one call returns.
const MOST: u32 = 10_000;
/// How many events a tail reads at once.
const PAGE: usize = 256;

/// The handle of the event bus.
#[derive(Clone)]
pub struct Events {
    context: Context,
}

impl Handle for Events {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

/// Events to publish, all or none.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PublishRequest {
    /// The topic; it is made where it does not exist.
    pub topic: Topic,
    /// The events, in order, as CloudEvents in JSON.
    pub events: Vec<Event>,
    /// Who publishes, where publishing twice must be prevented.
    #[serde(default)]
    pub producer: Option<PublishedBy>,
}

/// A publisher that may repeat itself.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PublishedBy {
    /// A stable name, unique within the topic.
    pub id: String,
    /// Grows whenever the publisher starts anew; who still uses an older one is refused.
    pub epoch: u64,
    /// The number of this call within the epoch: 1, 2, 3 … without a gap.
    pub sequence: u64,
}

/// Which events to read.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReadRequest {
    /// The topic.
    pub topic: Topic,
    /// Behind this offset; 0: from the oldest that is kept.
    #[serde(default)]
    pub after: Offset,
    /// At most so many, 1 to 10,000.
    #[serde(default = "hundred")]
    pub limit: u32,
}

fn hundred() -> u32 {
    100
}

/// An event and its place in a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacedEvent {
    /// Its place.
    pub offset: Offset,
    /// When it was committed, UTC.
    pub time: Timestamp,
    /// The event.
    pub event: Event,
}

impl From<Message> for PlacedEvent {
    fn from(Message { offset, time, event }: Message) -> Self {
        Self { offset, time, event }
    }
}

/// Events of a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventPage {
    /// The events, oldest first.
    pub events: Vec<PlacedEvent>,
    /// Where to go on: the `after` of the next call.
    pub next: Offset,
}

/// Which events to follow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TailRequest {
    /// The topic.
    pub topic: Topic,
    /// Behind this offset; where it is not given, only what comes from now on.
    #[serde(default)]
    pub after: Option<Offset>,
}

/// The topics of a bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicList {
    /// The topics, by name.
    pub topics: Vec<TopicStatus>,
}

/// Which groups to list.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GroupsRequest {
    /// Only those of this topic.
    #[serde(default)]
    pub topic: Option<Topic>,
}

/// Consumer groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupList {
    /// The groups, by topic and name.
    pub groups: Vec<GroupStatus>,
}

/// What to forget of a topic.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TrimRequest {
    /// The topic.
    pub topic: Topic,
    /// Forget what is older than so many seconds.
    #[serde(default)]
    pub max_age_seconds: Option<u64>,
    /// Forget all but the last so many.
    #[serde(default)]
    pub max_events: Option<u64>,
    /// Forget them even where a group has not read that far.
    #[serde(default)]
    pub force: bool,
}

#[operations(system = "events")]
impl Events {
    /// Publishes CloudEvents to a topic, all or none.
    ///
    /// Events without a time get the current one. With a `producer`, a call that comes again is acknowledged and not published again.
    #[operation(writes)]
    pub async fn publish(&self, request: PublishRequest) -> Result<Published> {
        let producer = request.producer.map(|PublishedBy { id, epoch, sequence }| Producer {
            id: id.into(),
            epoch,
            sequence,
        });
        self.context.kernel.bus.publish(&request.topic, request.events, producer).await
    }

    /// Reads events of a topic, oldest first.
    #[operation(reads)]
    pub async fn read(&self, request: ReadRequest) -> Result<EventPage> {
        if !(1..=MOST).contains(&request.limit) {
            return Err(Error::invalid(format!("`limit` is {}; it must be 1 to {MOST}", request.limit)));
        }
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let messages = self.context.kernel.bus.read(&request.topic, request.after, limit).await?;
        let next = messages.last().map_or(request.after, |message| message.offset);
        Ok(EventPage { events: messages.into_iter().map(PlacedEvent::from).collect(), next })
    }

    /// Follows a topic: what is there behind an offset, then whatever is published, until the caller stops.
    #[operation(streams)]
    pub fn tail(&self, request: TailRequest) -> impl Stream<Item = Result<PlacedEvent>> {
        let watch = self.context.kernel.bus.watch(&request.topic);
        let tail = Tail {
            bus: self.context.kernel.bus.clone(),
            topic: request.topic,
            seen: request.after,
            page: VecDeque::new(),
            watch,
        };
        stream::unfold(Some(tail), |tail| async {
            let mut tail = tail?;
            match tail.next().await {
                Ok(event) => Some((Ok(event), Some(tail))),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    /// Lists the topics.
    #[operation(reads)]
    pub async fn topics(&self) -> Result<TopicList> {
        Ok(TopicList { topics: self.context.kernel.bus.topics().await? })
    }

    /// Lists consumer groups: how far they are, what is in flight, how many events they lag behind, how many they gave up.
    #[operation(reads)]
    pub async fn groups(&self, request: GroupsRequest) -> Result<GroupList> {
        Ok(GroupList { groups: self.context.kernel.bus.groups(request.topic.as_ref()).await? })
    }

    /// Forgets old events of a topic, by age or by count.
    ///
    /// What a group has not finished stays, and the group is named, unless `force` is set.
    #[operation(writes)]
    pub async fn trim(&self, request: TrimRequest) -> Result<Trimmed> {
        let retention = Retention {
            max_age: request.max_age_seconds.map(Duration::from_secs),
            max_events: request.max_events,
            force: request.force,
        };
        self.context.kernel.bus.trim(&request.topic, retention).await
    }
}

/// A reader that never comes to the end.
struct Tail {
    bus: std::sync::Arc<dyn EventBus>,
    topic: Topic,
    /// `None` until it is known where to begin.
    seen: Option<Offset>,
    page: VecDeque<Message>,
    watch: Watch,
}

impl Tail {
    async fn next(&mut self) -> Result<PlacedEvent> {
        let mut seen = match self.seen {
            Some(seen) => seen,
            None => self.watch.current().await?,
        };
        loop {
            if let Some(message) = self.page.pop_front() {
                self.seen = Some(message.offset);
                return Ok(message.into());
            }
            self.seen = Some(seen);
            let head = self.watch.after(seen).await?;
            self.page = self.bus.read(&self.topic, seen, PAGE).await?.into();
            if self.page.is_empty() {
                // Retention was faster than the reader.
                seen = head;
            }
        }
    }
}
