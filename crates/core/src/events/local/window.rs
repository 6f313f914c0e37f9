//! The part of a topic that a worker has in view: events it has looked at that are not done.

use std::{collections::BTreeMap, sync::Arc};

use super::{dead, state::GroupState};
use crate::{
    error::Result,
    events::{Event, GroupConfig, Message, Order, Topic},
    store::{Entry, Offset, Store},
};

/// The most entries that are read at once.
const PAGE: usize = 256;
/// How long an entry is taken to be before one was seen.
const FIRST_GUESS: usize = 1 << 20;

/// See the module.
#[derive(Default)]
pub(super) struct Window {
    /// Every event up to this offset has been looked at.
    pub(super) scanned: u64,
    slots: BTreeMap<u64, Slot>,
    /// The bytes of the events that are not put aside.
    bytes: usize,
    /// How long the entries of the last page were.
    entry_bytes: usize,
    /// Looked at and of no interest to the group, and not yet kept as done.
    skipped: Vec<(u64, u64)>,
}

/// An event in view.
pub(super) struct Slot {
    /// A hash of the subject, or 0 where the event is independent of all others.
    pub(super) subject: u64,
    /// The event, unless it was put aside to save memory.
    body: Option<Arc<Message>>,
    /// How long its entry is.
    bytes: usize,
    /// Why the entry is no event, where it is none.
    pub(super) broken: Option<String>,
}

impl Window {
    /// A view that begins behind what `state` says is done.
    pub(super) fn of(state: &GroupState) -> Self {
        Self { scanned: state.committed, ..Self::default() }
    }

    /// Whether there is room for more. When one subject is held back for so long that there is none, the group waits for it.
    pub(super) fn has_room(&self, config: &GroupConfig) -> bool {
        self.slots.len() < config.max_in_view && self.bytes < config.max_bytes_in_view
    }

    /// Whether the event at `offset` is in memory, or may be read again.
    pub(super) fn has_room_for(&self, offset: u64, config: &GroupConfig) -> bool {
        let bytes =
            self.slots.get(&offset).map_or(0, |slot| if slot.body.is_some() { 0 } else { slot.bytes });
        self.bytes + bytes <= config.max_bytes_in_view || bytes == 0
    }

    /// The events in view behind offset `after`, with their subjects.
    pub(super) fn subjects(&self, after: u64) -> impl Iterator<Item = (u64, u64)> {
        self.slots.range(after + 1..).map(|(offset, slot)| (*offset, slot.subject))
    }

    /// Why the entry at `offset` is no event, where it is none.
    pub(super) fn broken(&self, offset: u64) -> Option<&str> {
        self.slots.get(&offset)?.broken.as_deref()
    }

    /// Forgets the content of an event that is not needed for long.
    pub(super) fn put_aside(&mut self, offset: u64) {
        if let Some(slot) = self.slots.get_mut(&offset)
            && slot.body.take().is_some()
        {
            self.bytes -= slot.bytes;
        }
    }

    fn insert(&mut self, offset: u64, slot: Slot) {
        self.put_aside(offset);
        self.bytes += slot.bytes;
        self.slots.insert(offset, slot);
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
        let bytes = &mut self.bytes;
        self.slots.retain(|&offset, slot| {
            let done = state.is_done(offset);
            *bytes -= if done && slot.body.is_some() { slot.bytes } else { 0 };
            !done
        });
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
        let room = config.max_bytes_in_view.saturating_sub(self.bytes);
        let guess = if self.entry_bytes == 0 { FIRST_GUESS } else { self.entry_bytes };
        let page = (room / guess).min(config.max_in_view.saturating_sub(self.slots.len())).clamp(1, PAGE);
        let entries = store.read(topic.stream(), Offset(before), page).await?;
        let bytes: usize = entries.iter().map(|entry| entry.value.as_bytes().len()).sum();
        self.entry_bytes = bytes.checked_div(entries.len()).unwrap_or(self.entry_bytes).max(1);
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
                self.insert(offset, slot);
                if self.bytes > config.max_bytes_in_view && self.slots.len() > 1 {
                    self.put_aside(offset);
                }
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
        self.insert(offset, slot);
        Ok(body)
    }
}

impl Slot {
    fn of(entry: Entry, topic: &Topic, config: &GroupConfig) -> Self {
        let Entry { offset, time, value } = entry;
        let bytes = value.as_bytes().len();
        let (event, broken) = match Event::from_json(value.as_bytes()) {
            Ok(event) => (event, None),
            Err(error) => (dead::unreadable(topic, value.as_bytes()), Some(error.message().to_owned())),
        };
        let subject = match (config.order, &event.subject) {
            (Order::Subject, Some(subject)) => hash(subject),
            _ => 0,
        };
        Self { subject, body: Some(Arc::new(Message { offset, time, event })), bytes, broken }
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
