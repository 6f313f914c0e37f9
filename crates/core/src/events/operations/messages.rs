//! What the operations of the event bus take and return.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    events::{DeadLetter, Event, GroupName, GroupStatus, Message, Topic, TopicStatus},
    store::Offset,
};

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

/// Which dead letters to read.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeadLettersRequest {
    /// The topic.
    pub topic: Topic,
    /// The group that gave the events up.
    pub group: GroupName,
    /// Behind this offset of the group's dead letters; 0: from the oldest that was not sent again.
    #[serde(default)]
    pub after: Offset,
    /// At most so many, 1 to 10,000.
    #[serde(default = "hundred")]
    pub limit: u32,
}

/// Dead letters of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterPage {
    /// The dead letters, oldest first.
    pub letters: Vec<DeadLetter>,
    /// Where to go on: the `after` of the next call.
    pub next: Offset,
}

/// Which dead letters to send again.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RedriveRequest {
    /// The topic.
    pub topic: Topic,
    /// The group that gave the events up.
    pub group: GroupName,
    /// Those up to this offset of the group's dead letters; where it is not given, all there are now.
    #[serde(default)]
    pub up_to: Option<Offset>,
}

/// Where a group is to go on: exactly one of `after`, `time` and `latest`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SeekRequest {
    /// The topic.
    pub topic: Topic,
    /// The group to move.
    pub group: GroupName,
    /// Behind this offset; 0: at the oldest event that is kept.
    #[serde(default)]
    pub after: Option<Offset>,
    /// At the first event that was committed at this time or later.
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// Behind the last event there is now.
    #[serde(default)]
    pub latest: bool,
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
