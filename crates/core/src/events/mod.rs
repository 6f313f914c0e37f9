//! Events: CloudEvents 1.0 on named topics, read by consumer groups.
//!
//! [`Event`] is the envelope, [`EventBus`] the port, [`LocalBus`] the adapter on the streams of a [`Store`](crate::store::Store).
//!
//! [`Events`] is the handle with the bus's operations (`events.publish`, `events.tail` …).
//!
//! Begin with [`EventBus::publish`] and [`EventBus::subscribe`], then [`Effects::once`].

mod bus;
mod delivery;
mod effects;
mod envelope;
mod group;
mod local;
mod operations;
mod topic;

pub(crate) use self::delivery::Traced;
pub use self::{
    bus::{
        Capabilities, DeadLetter, EventBus, GroupStatus, Published, Redriven, Retention, TopicStatus, Trimmed,
    },
    delivery::{Consumer, Delivery, Message, Outcome, Subscription, Token},
    effects::{Applied, Effects},
    envelope::{
        BATCH_CONTENT_TYPE, CONTENT_TYPE, Data, Event, Extension, SPEC_VERSION, batch_from_json,
        batch_to_json,
    },
    group::{Backoff, GroupConfig, Order, Start},
    local::LocalBus,
    operations::{
        DeadLetterPage, DeadLettersRequest, EventPage, Events, GroupList, GroupsRequest, PlacedEvent,
        PublishRequest, PublishedBy, ReadRequest, RedriveRequest, SeekRequest, TailRequest, TopicList,
        TrimRequest,
    },
    topic::{GroupName, Topic},
};
