//! The part of a topic that a worker has in view: events it has looked at that are not done.

use std::{collections::BTreeMap, sync::Arc};

use super::{dead, state::GroupState};
use crate::{
    error::Result,
    events::{Event, GroupConfig, Message, Order, Topic},
    store::{Entry, Offset, Store},
};

/// How many events a worker has in view at most. When one subject is held back for so long that so many later events have gone by, the
/// group waits for it.
const MAX_IN_VIEW: usize = 16_384;
/// How many entries are read at once.
const PAGE: usize = 256;

/// See the module.
#[derive(Default)]
pub(super) struct Window {
    /// Every event up to this offset has been looked at.
    pub(super) scanned: u64,
    pub(super) slots: BTreeMap<u64, Slot>,
    /// Looked at and of no interest to the group, and not yet kept as done.
    skipped: Vec<(u64, u64)>,
}

/// An event in view.
pub(super) struct Slot {
    /// A hash of the subject, or 0 where the event is independent of all others.
    pub(super) subject: u64,
    /// The event, unless it was put aside to save memory.
    pub(super) body: Option<Arc<Message>>,
    /// Why the entry is no event, where it is none.
    pub(super) broken: Option<String>,
}

impl Window {
    /// A view that begins behind what `state` says is done.
    pub(super) fn of(state: &GroupState) -> Self {
        Self { scanned: state.committed, ..Self::default() }
    }

    /// Whether there is room for more.
    pub(super) fn has_room(&self) -> bool {
        self.slots.len() < MAX_IN_VIEW
    }

    /// Tells `state` of what was skipped.
    pub(super) fn mark_skipped(&self, state: &mut GroupState) {
        for &(first, last) in &self.skipped {
            state.finish_run(first, last);
        }
    }

    /// Forgets what `state`, which is kept, says is done.
    pub(super) fn prune(&mut self, state: &GroupState) {
        self.skipped.retain(|&(_, last)| !state.is_done(last));
        self.slots.retain(|&offset, _| !state.is_done(offset));
        self.scanned = self.scanned.max(state.committed);
    }

    /// Looks at the next page of `topic`, whose last offset is `head`. Returns the offset before the first new one.
    pub(super) async fn look(
        &mut self,
        store: &dyn Store,
        topic: &Topic,
        head: Offset,
        config: &GroupConfig,
        state: &mut GroupState,
    ) -> Result<u64> {
        let before = self.scanned;
        let entries = store.read(topic.stream(), Offset(before), PAGE).await?;
        if entries.is_empty() {
            // Everything up to the head was forgotten.
            self.skip(before + 1, head.0, state);
            self.scanned = self.scanned.max(head.0);
        }
        for entry in entries {
            let offset = entry.offset.0;
            // What retention took away is done.
            self.skip(self.scanned + 1, offset - 1, state);
            self.scanned = offset;
            if state.is_done(offset) {
                continue;
            }
            let slot = Slot::of(entry, topic, config);
            if slot.body.as_ref().is_some_and(|message| unwanted(&message.event, config)) {
                self.skip(offset, offset, state);
            } else {
                self.slots.insert(offset, slot);
            }
        }
        Ok(before)
    }

    fn skip(&mut self, first: u64, last: u64, state: &mut GroupState) {
        if last < first {
            return;
        }
        state.finish_run(first, last);
        match self.skipped.last_mut() {
            Some(run) if run.1 + 1 == first => run.1 = last,
            _ => self.skipped.push((first, last)),
        }
    }

    /// The event at `offset`, read again where it was put aside; `None` where retention took it away.
    pub(super) async fn load(
        &mut self,
        store: &dyn Store,
        topic: &Topic,
        config: &GroupConfig,
        offset: u64,
    ) -> Result<Option<Arc<Message>>> {
        if let Some(body) = self.slots.get(&offset).and_then(|slot| slot.body.clone()) {
            return Ok(Some(body));
        }
        let entry = store.read(topic.stream(), Offset(offset - 1), 1).await?.pop();
        let Some(entry) = entry.filter(|entry| entry.offset.0 == offset) else { return Ok(None) };
        let slot = Slot::of(entry, topic, config);
        let body = slot.body.clone();
        self.slots.insert(offset, slot);
        Ok(body)
    }
}

impl Slot {
    fn of(entry: Entry, topic: &Topic, config: &GroupConfig) -> Self {
        let Entry { offset, time, value } = entry;
        let (event, broken) = match Event::from_json(value.as_bytes()) {
            Ok(event) => (event, None),
            Err(error) => (dead::unreadable(topic, value.as_bytes()), Some(error.message().to_owned())),
        };
        let subject = match (config.order, &event.subject) {
            (Order::Subject, Some(subject)) => hash(subject),
            _ => 0,
        };
        Self { subject, body: Some(Arc::new(Message { offset, time, event })), broken }
    }
}

/// Whether the group does not want to see `event`: by its filter, or because it was sent again for another group.
fn unwanted(event: &Event, config: &GroupConfig) -> bool {
    let for_another = dead::redriven_for(event).is_some_and(|group| group != config.name);
    let broken = event.event_type == dead::UNREADABLE;
    for_another || !(broken || config.wants(event))
}

/// Two subjects with one hash only wait for each other now and then.
fn hash(subject: &str) -> u64 {
    let digest = blake3::hash(subject.as_bytes());
    let (first, _) = digest.as_bytes().split_at(8);
    first.iter().fold(0, |hash, &byte| hash << 8 | u64::from(byte)).max(1)
}
