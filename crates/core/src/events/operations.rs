//! The operations of the event bus.

mod messages;
mod tail;

use std::time::Duration;

use futures_core::Stream;
use futures_util::{StreamExt as _, stream};

pub use self::messages::{
    DeadLetterPage, DeadLettersRequest, EventPage, GroupList, GroupsRequest, PlacedEvent, PublishRequest,
    PublishedBy, ReadRequest, RedriveRequest, SeekRequest, TailRequest, TopicList, TrimRequest,
};
use self::tail::Tail;
use super::{GroupStatus, Published, Redriven, Retention, Start, Trimmed};
use crate::{
    error::{Error, Result},
    operation::{Context, Handle, operations},
    store::Producer,
};

/// The most events one call returns.
const MOST: u32 = 10_000;

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
        let limit = limit(request.limit)?;
        let messages = self.context.kernel.bus.read(&request.topic, request.after, limit).await?;
        let next = messages.last().map_or(request.after, |message| message.offset);
        Ok(EventPage { events: messages.into_iter().map(PlacedEvent::from).collect(), next })
    }

    /// Follows a topic: what is there behind an offset, then whatever is published, until the caller stops.
    #[operation(streams)]
    pub fn tail(&self, request: TailRequest) -> impl Stream<Item = Result<PlacedEvent>> {
        let tail = Tail::new(self.context.kernel.bus.clone(), request.topic, request.after);
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

    /// Reads the events that a group gave up, and why, oldest first.
    ///
    /// Those that were sent again are no longer among them.
    #[operation(reads)]
    pub async fn dead_letters(&self, request: DeadLettersRequest) -> Result<DeadLetterPage> {
        let DeadLettersRequest { topic, group, after, .. } = request;
        let limit = limit(request.limit)?;
        let letters = self.context.kernel.bus.dead_letters(&topic, &group, after, limit).await?;
        Ok(DeadLetterPage { next: letters.last().map_or(after, |letter| letter.offset), letters })
    }

    /// Publishes the events that a group gave up again, for this group only.
    ///
    /// They come behind everything that is in the topic, begin with their first attempt and are no longer dead letters. Damaged dead letters
    /// are passed over, kept and named.
    #[operation(writes)]
    pub async fn redrive(&self, request: RedriveRequest) -> Result<Redriven> {
        let RedriveRequest { topic, group, up_to } = request;
        let bus = &self.context.kernel.bus;
        let up_to = match up_to {
            Some(up_to) => up_to,
            // An event that fails again at once is left for the next call: this one ends.
            None => bus.watch(&topic.dead_letters(&group)?).current().await?,
        };
        bus.redrive(&topic, &group, up_to).await
    }

    /// Moves a group: back to see events again, or forward to pass over some.
    ///
    /// Whatever the group has in flight can no longer be acknowledged, and attempts are counted anew. Returns the group as it stands then.
    #[operation(writes)]
    pub async fn seek(&self, request: SeekRequest) -> Result<GroupStatus> {
        let SeekRequest { topic, group, after, time, latest } = request;
        let to = match (after, time, latest) {
            (Some(offset), None, false) => Start::After(offset),
            (None, Some(time), false) => Start::Time(time),
            (None, None, true) => Start::Latest,
            _ => {
                return Err(Error::invalid(
                    "exactly one of `after`, `time` and `latest` says where to go on",
                ));
            }
        };
        let bus = &self.context.kernel.bus;
        bus.seek(&topic, &group, to).await?;
        let moved = bus.groups(Some(&topic)).await?.into_iter().find(|status| status.group == group);
        moved.ok_or_else(|| Error::not_found(format!("topic `{topic}` has no group `{group}`")))
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

/// `given` as a number of events to return.
fn limit(given: u32) -> Result<usize> {
    match usize::try_from(given) {
        Ok(limit) if (1..=MOST).contains(&given) => Ok(limit),
        _ => Err(Error::invalid(format!("`limit` is {given}; it must be 1 to {MOST}"))),
    }
}
