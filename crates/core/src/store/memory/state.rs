//! What is kept, and how a batch changes it.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::Bound,
    sync::Arc,
};

use super::super::{
    Append, Appended, Batch, Change, Entry, Key, KeyRange, Offset, Page, Receipt, Record, StreamId, Value,
    Version, Watch, WatchHandle,
    batch::refused,
    producer::{LastAppend, applied_before},
    stream::to_millisecond,
};
use crate::{clock::Timestamp, error::Result};

#[derive(Default)]
pub(super) struct State {
    last_commit: Version,
    collections: HashMap<Arc<str>, BTreeMap<String, Record>>,
    streams: HashMap<StreamId, Stream>,
}

struct Stream {
    /// The last offset ever used.
    head: Offset,
    /// What retention left of the entries up to `head`.
    entries: VecDeque<Entry>,
    producers: HashMap<Arc<str>, LastAppend>,
    watches: WatchHandle,
}

impl Default for Stream {
    fn default() -> Self {
        let watches = WatchHandle::new(Some(Offset::START));
        Self { head: Offset::START, entries: VecDeque::new(), producers: HashMap::new(), watches }
    }
}

impl State {
    pub(super) fn get(&self, key: &Key) -> Option<Record> {
        self.collections.get(key.collection())?.get(key.id()).cloned()
    }

    pub(super) fn scan(&self, range: &KeyRange, page: Page) -> Vec<Record> {
        let Some(records) = self.collections.get(&range.collection) else { return Vec::new() };
        let end = range.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        if range.end.as_deref().is_some_and(|end| end <= range.start.as_str()) {
            return Vec::new();
        }
        let found =
            records.range::<str, _>((Bound::Included(range.start.as_str()), end)).map(|(_, record)| record);
        if page.reverse {
            found.rev().take(page.limit).cloned().collect()
        } else {
            found.take(page.limit).cloned().collect()
        }
    }

    pub(super) fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Vec<Entry> {
        let Some(stream) = self.streams.get(stream) else { return Vec::new() };
        let from = stream.entries.partition_point(|entry| entry.offset <= after);
        stream.entries.iter().skip(from).take(limit).cloned().collect()
    }

    pub(super) fn watch(&mut self, stream: &StreamId) -> Watch {
        self.streams.entry(stream.clone()).or_default().watches.subscribe()
    }

    pub(super) fn commit(&mut self, batch: Batch, now: Timestamp) -> Result<Receipt> {
        let repeated =
            applied_before(&batch, |stream, producer| -> Result<_> { Ok(self.last(stream, producer)) })?;
        if let Some(appended) = repeated {
            return Ok(Receipt { version: self.last_commit, appended });
        }
        self.check(&batch)?;
        if batch.writes() {
            self.last_commit.0 += 1;
        }
        let (version, time) = (self.last_commit, to_millisecond(now));
        let mut appended = Vec::new();
        for change in batch.into_changes() {
            match change {
                Change::Put(key, value, _) => self.put(key, value, version),
                Change::Delete(key, _) => self.delete(&key),
                Change::Require(..) => {}
                Change::Append(append) => appended.push(self.append(append, time)),
                Change::Trim(stream, upto) => self.trim(&stream, upto),
            }
        }
        Ok(Receipt { version, appended })
    }

    fn last(&self, stream: &StreamId, producer: &Arc<str>) -> Option<LastAppend> {
        self.streams.get(stream)?.producers.get(producer).copied()
    }

    fn check(&self, batch: &Batch) -> Result<()> {
        for change in batch.changes() {
            let Some((key, expect)) = change.requirement() else { continue };
            let found = self.get(key).map(|record| record.version);
            if !expect.holds(found) {
                return Err(refused(key, expect, found));
            }
        }
        Ok(())
    }

    fn put(&mut self, key: Key, value: Value, version: Version) {
        let records = self.collections.entry(key.collection().into()).or_default();
        records.insert(key.id().to_owned(), Record { key, value, version });
    }

    fn delete(&mut self, key: &Key) {
        if let Some(records) = self.collections.get_mut(key.collection()) {
            records.remove(key.id());
        }
    }

    fn append(&mut self, append: Append, time: Timestamp) -> Appended {
        let Append { stream: id, values, producer } = append;
        let stream = self.streams.entry(id.clone()).or_default();
        let (first, count) = (Offset(stream.head.0 + 1), values.len() as u64);
        for value in values {
            stream.head.0 += 1;
            stream.entries.push_back(Entry { offset: stream.head, time, value });
        }
        if let Some(producer) = producer {
            let (epoch, sequence) = (producer.epoch, producer.sequence);
            stream.producers.insert(producer.id, LastAppend { epoch, sequence, first, count });
        }
        stream.watches.advance(stream.head);
        Appended { stream: id, first, count, duplicate: false }
    }

    fn trim(&mut self, stream: &StreamId, upto: Offset) {
        if let Some(stream) = self.streams.get_mut(stream) {
            let keep = stream.entries.partition_point(|entry| entry.offset <= upto);
            stream.entries.drain(..keep);
        }
    }
}
