//! The bus on the streams of the store: a topic is a stream, a group is one record.
//!
//! - [`LocalBus`] is the adapter; `admin` has the verbs that look after topics and groups.
//! - `state` is what is kept of a group: up to where everything is done, and the few events beyond that are done or open.
//! - `worker` is the task that drafts and commits the changes to it (`draft`); `window` is the part of the topic it has in view.
//! - `shared` is where the worker and the consumers of this process meet.
//! - `dead` writes and reads dead letters.
//!
//! **Cost.** One commit carries the claims of up to `prefetch` events and all acknowledgements since the last commit: about 21 commits for
//! 1,000 events with [`ack_later`](super::Delivery::ack_later) and the defaults, one for each event where a single consumer awaits each
//! [`ack`](super::Delivery::ack). The record grows with what is in flight, at most `max_in_flight`, by about 40 bytes each.
//!
//! **Several processes** may consume one group. Each claim lasts `ack_wait` and is renewed by the worker that made it for as long as its
//! consumer has time; when a process dies its claims lapse and another takes them over with a higher number. That number, and the
//! group's epoch, fence whoever was replaced: their acknowledgements are refused as conflicts. What a dead process had claimed ahead and
//! not handed out was no attempt. Telling the record of every delivery would cost a commit each; so it learns of them with the commits
//! that are made anyway, and of those that are claimed for a waiting consumer, as all redeliveries are, with the claim. An event that
//! kills its process is therefore delivered at most once more than `max_attempts` says, and no event is given up for another's sake.
//!
//! A group that is moved by another process tells its workers through a stream; the watch on it wakes also those that are idle.

mod admin;
mod dead;
mod draft;
mod shared;
mod state;
mod window;
mod worker;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use self::{shared::Shared, state::GroupState, worker::Worker};
use super::{
    Capabilities, DeadLetter, Event, EventBus, GroupConfig, GroupName, GroupStatus, Message, Published,
    Redriven, Retention, Start, Subscription, Topic, TopicStatus, Trimmed,
};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    store::{Batch, Expect, Key, Offset, Producer, Store, StreamId, Value, Watch},
};

/// One record for each topic.
const TOPICS: &str = "events.topics";
/// One record for each group: `<topic>/<group>`.
const GROUPS: &str = "events.groups";
/// One entry for each move of a group; only the last is kept.
const MOVES: &str = "events.moves";
/// What an event may grow by when it becomes a dead letter.
const ATTRIBUTE_ROOM: usize = 8 << 10;

/// The [`EventBus`] on the streams of a [`Store`]. Its consumers need a tokio runtime.
///
/// ```
/// use std::sync::Arc;
/// use heptad_core::{
///     clock::SystemClock,
///     events::{Applied, Effects, Event, EventBus, GroupConfig, LocalBus, Topic},
///     store::{Batch, Key, Store, Value, memory::MemoryStore},
/// };
///
/// # async fn example() -> heptad_core::Result<()> {
/// let clock = Arc::new(SystemClock);
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new(clock.clone()));
/// let bus = LocalBus::new(store.clone(), clock);
/// let orders = Topic::new("orders")?;
///
/// // A state change and the event that tells of it, in one commit.
/// let mut batch = Batch::new();
/// batch.put(Key::new("orders", "o-1")?, Value::json(&"paid")?);
/// let paid = Event::new("/shop", "shop.order.paid").subject("o-1").data(&42)?;
/// bus.publish_in(&mut batch, &orders, vec![paid]).await?;
/// store.commit(batch).await?;
///
/// // A group consumes it; what it writes and its acknowledgement are one commit too.
/// let ledger = bus.subscribe(&orders, GroupConfig::new("ledger")).await?;
/// let mut delivery = ledger.next().await?;
/// let mut effect = Batch::new();
/// effect.put(Key::new("ledger", delivery.event().id.as_str())?, Value::json(&delivery.event().decode::<u32>()?)?);
/// assert_eq!(Effects::once(&mut delivery, effect).await?, Applied::Yes);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(example()).expect("the example");
/// ```
pub struct LocalBus {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    groups: Mutex<HashMap<(Topic, GroupName), Arc<Shared>>>,
    /// Topics that are known to have a record, for publishing need not look twice.
    declared: Mutex<HashSet<Topic>>,
}

impl LocalBus {
    /// A bus on `store`; `clock` times redeliveries and dates events that have no time.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, groups: Mutex::default(), declared: Mutex::default() }
    }

    fn encode(&self, events: Vec<Event>) -> Result<Vec<Value>> {
        let now = self.clock.now();
        let longest = self.capabilities().max_event_bytes;
        let encode = |(index, mut event): (usize, Event)| {
            event.time.get_or_insert(now);
            let text = event.to_json().map_err(|error| error.with("event", index))?;
            if text.len() > longest {
                let message =
                    format!("an event has {} bytes as JSON, at most {longest} are allowed", text.len());
                return Err(Error::new(ErrorKind::LimitExceeded, message).with("event", index));
            }
            Ok(Value::Json(text.into()))
        };
        events.into_iter().enumerate().map(encode).collect()
    }

    /// Makes sure that the group has a record.
    async fn found(&self, topic: &Topic, key: &Key, start: Start) -> Result<()> {
        if self.store.get(key).await?.is_some() {
            return Ok(());
        }
        let state = GroupState::starting_after(self.place(topic, start).await?);
        let mut batch = Batch::new();
        batch.put_if(key.clone(), Value::json(&state)?, Expect::Absent);
        match self.store.commit(batch).await {
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
            other => other.map(|_receipt| ()),
        }
    }

    fn running(&self, topic: &Topic, group: &GroupName) -> Option<Arc<Shared>> {
        let groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.get(&(topic.clone(), group.clone())).cloned()
    }
}

/// Keeps a record of `topic`, so that it can be listed.
async fn declare(store: &dyn Store, topic: &Topic) -> Result<()> {
    let key = Key::new(TOPICS, topic.as_str())?;
    if store.get(&key).await?.is_some() {
        return Ok(());
    }
    let mut batch = Batch::new();
    batch.put(key, Value::json(&serde_json::json!({ "stream": topic.stream().as_str() }))?);
    store.commit(batch).await.map(|_receipt| ())
}

fn moves() -> StreamId {
    StreamId::new(MOVES).expect("the name is well-formed")
}

fn group_key(topic: &Topic, group: &GroupName) -> Result<Key> {
    Key::new(GROUPS, format!("{topic}/{group}"))
}

#[async_trait]
impl EventBus for LocalBus {
    fn capabilities(&self) -> Capabilities {
        let store = self.store.capabilities();
        Capabilities {
            durable: store.durable,
            shared: store.shared,
            publish_in: true,
            effects: true,
            subject_order: true,
            ..Capabilities::new("local", store.max_value_bytes.saturating_sub(ATTRIBUTE_ROOM))
        }
    }

    async fn declare(&self, topic: &Topic) -> Result<()> {
        if self.declared.lock().unwrap_or_else(PoisonError::into_inner).contains(topic) {
            return Ok(());
        }
        declare(&*self.store, topic).await?;
        self.declared.lock().unwrap_or_else(PoisonError::into_inner).insert(topic.clone());
        Ok(())
    }

    async fn publish(
        &self,
        topic: &Topic,
        events: Vec<Event>,
        producer: Option<Producer>,
    ) -> Result<Published> {
        let values = self.encode(events)?;
        let nothing = Published { topic: topic.clone(), first: Offset::START, count: 0, duplicate: false };
        self.declare(topic).await?;
        if values.is_empty() && producer.is_none() {
            return Ok(nothing);
        }
        let mut batch = Batch::new();
        match producer {
            Some(producer) => batch.append_once(topic.stream().clone(), values, producer),
            None => batch.append(topic.stream().clone(), values),
        };
        let receipt = self.store.commit(batch).await?;
        Ok(receipt.appended.first().map_or(nothing, |appended| Published {
            topic: topic.clone(),
            first: appended.first,
            count: appended.count,
            duplicate: appended.duplicate,
        }))
    }

    async fn publish_in(&self, batch: &mut Batch, topic: &Topic, events: Vec<Event>) -> Result<()> {
        let values = self.encode(events)?;
        self.declare(topic).await?;
        if !values.is_empty() {
            batch.append(topic.stream().clone(), values);
        }
        Ok(())
    }

    async fn read(&self, topic: &Topic, after: Offset, limit: usize) -> Result<Vec<Message>> {
        let entries = self.store.read(topic.stream(), after, limit).await?;
        let message = |entry: crate::store::Entry| {
            let (offset, time) = (entry.offset, entry.time);
            let event = Event::from_json(entry.value.as_bytes()).map_err(|error| {
                let message = format!("an entry of a topic is {}", error.message());
                Error::new(ErrorKind::Corrupt, message).with("topic", topic).with("offset", offset)
            })?;
            Ok(Message { offset, time, event })
        };
        entries.into_iter().map(message).collect()
    }

    fn watch(&self, topic: &Topic) -> Watch {
        self.store.watch(topic.stream())
    }

    async fn subscribe(&self, topic: &Topic, config: GroupConfig) -> Result<Subscription> {
        let (name, dead) = config.validate(topic)?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| {
            Error::new(ErrorKind::Unavailable, "a subscription needs a tokio runtime").because(error)
        })?;
        let key = group_key(topic, &name)?;
        self.declare(topic).await?;
        self.found(topic, &key, config.start).await?;

        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.retain(|_, shared| !shared.has_ended());
        let id = (topic.clone(), name);
        if let Some(shared) = groups.get(&id)
            && shared.join()
        {
            if (GroupConfig { start: config.start, ..shared.config.clone() }) != config {
                drop(Subscription::new(Arc::clone(shared) as _));
                let message =
                    "the group has members in this process with other settings; all must have the same";
                return Err(Error::invalid(message).with("topic", topic).with("group", &config.name));
            }
            return Ok(Subscription::new(Arc::clone(shared) as _));
        }
        let shared = Arc::new(Shared::new(config, Arc::clone(&self.clock)));
        shared.join();
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        runtime.spawn(Worker::new(store, clock, topic.clone(), dead, key, Arc::clone(&shared)).run());
        groups.insert(id, Arc::clone(&shared));
        Ok(Subscription::new(shared))
    }

    async fn seek(&self, topic: &Topic, group: &GroupName, to: Start) -> Result<()> {
        self.move_group(topic, group, to).await
    }

    async fn topics(&self) -> Result<Vec<TopicStatus>> {
        self.list_topics().await
    }

    async fn groups(&self, topic: Option<&Topic>) -> Result<Vec<GroupStatus>> {
        self.list_groups(topic).await
    }

    async fn dead_letters(
        &self,
        topic: &Topic,
        group: &GroupName,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<DeadLetter>> {
        self.list_dead(topic, group, after, limit).await
    }

    async fn redrive(&self, topic: &Topic, group: &GroupName, up_to: Offset) -> Result<Redriven> {
        self.send_again(topic, group, up_to).await
    }

    async fn trim(&self, topic: &Topic, retention: Retention) -> Result<Trimmed> {
        self.forget(topic, retention).await
    }
}
