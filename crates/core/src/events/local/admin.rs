//! Looking after topics and groups: listing, moving, dead letters, retention.

use super::{
    GROUPS, LocalBus, TOPICS, dead, group_key,
    state::{GroupState, millis},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    events::{DeadLetter, GroupName, GroupStatus, Redriven, Retention, Start, Topic, TopicStatus, Trimmed},
    store::{Batch, Entry, Expect, Key, KeyRange, Offset, Page, Receipt, Record, Value},
};

/// How many records or entries are read at once.
const PAGE: usize = 512;
/// How many dead letters are read at once, before it is known how long they are.
const READ: usize = 8;
/// About how many bytes of dead letters are sent again in one commit.
const PAGE_BYTES: usize = 8 << 20;

impl LocalBus {
    /// The offset before the first event that a group which begins at `start` gets.
    pub(super) async fn place(&self, topic: &Topic, start: Start) -> Result<Offset> {
        match start {
            Start::Earliest => Ok(Offset::START),
            Start::Latest => self.last(topic).await,
            Start::After(offset) => Ok(offset.min(self.last(topic).await?)),
            Start::Time(time) => self.before(topic, millis(time)).await,
        }
    }

    pub(super) async fn move_group(&self, topic: &Topic, group: &GroupName, to: Start) -> Result<()> {
        let after = self.place(topic, to).await?;
        let before = self.store.watch(&super::moves()).current().await?;
        let told = Value::json(&serde_json::json!({ "topic": topic, "group": group, "after": after }))?;
        self.update(topic, group, |state, batch| {
            state.move_to(after);
            batch.append(super::moves(), vec![told.clone()]).trim(super::moves(), before);
            Ok(())
        })
        .await
        .map(|_receipt| ())
    }

    pub(super) async fn list_topics(&self) -> Result<Vec<TopicStatus>> {
        let mut topics = Vec::new();
        for record in self.records(KeyRange::all(TOPICS)).await? {
            let topic = Topic::new(record.key.id())?;
            let first = self.first(&topic).await?;
            let last = self.last(&topic).await?;
            topics.push(TopicStatus { topic, first, last });
        }
        Ok(topics)
    }

    pub(super) async fn list_groups(&self, topic: Option<&Topic>) -> Result<Vec<GroupStatus>> {
        let range = topic
            .map_or_else(|| KeyRange::all(GROUPS), |topic| KeyRange::prefix(GROUPS, format!("{topic}/")));
        let mut groups = Vec::new();
        for record in self.records(range).await? {
            let (topic, group) = names(&record.key)?;
            let state: GroupState = record.value.decode()?;
            let in_flight = state.open.values().filter(|open| open.is_claimed()).count() as u64;
            let last = self.last(&topic).await?.0;
            let dead = topic.dead_letters(&group)?;
            let dead_from = self.first(&dead).await?.0.max(state.redriven + 1);
            groups.push(GroupStatus {
                committed: Offset(state.committed),
                in_flight,
                waiting: state.open.len() as u64 - in_flight,
                lag: last.saturating_sub(state.committed + state.done_ahead()),
                dead: (self.last(&dead).await?.0 + 1).saturating_sub(dead_from),
                topic,
                group,
            });
        }
        Ok(groups)
    }

    pub(super) async fn list_dead(
        &self,
        topic: &Topic,
        group: &GroupName,
        after: Offset,
        limit: usize,
    ) -> Result<Vec<DeadLetter>> {
        let (state, _) = self.state(topic, group).await?;
        let dead = topic.dead_letters(group)?;
        let entries = self.store.read(dead.stream(), after.max(Offset(state.redriven)), limit).await?;
        Ok(entries.iter().map(|entry| dead::read(&dead, entry).0).collect())
    }

    pub(super) async fn send_again(
        &self,
        topic: &Topic,
        group: &GroupName,
        up_to: Offset,
    ) -> Result<Redriven> {
        let dead = topic.dead_letters(group)?;
        let up_to = up_to.min(self.last(&dead).await?);
        let mut redriven = Redriven::default();
        loop {
            let (state, _) = self.state(topic, group).await?;
            let page = self.page_of_dead(&dead, Offset(state.redriven), up_to).await?;
            let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(redriven) };
            let (first, last) = (first.offset, last.offset);
            let (mut events, mut damaged) = (Vec::new(), Vec::new());
            for entry in &page {
                match dead::read(&dead, entry) {
                    (letter, None) => events.push(dead::redriven(letter, group)),
                    (_, Some(why)) => {
                        tracing::warn!(%topic, %group, offset = %entry.offset, why, "a damaged dead letter is kept");
                        damaged.push(entry.value.clone());
                    }
                }
            }
            let count = events.len() as u64;
            let values = self.encode(events)?;
            let mut somebody_else_did = false;
            // Each page is one commit: the events are in the topic and the letters gone, or neither.
            let receipt = self
                .update(topic, group, |state, batch| {
                    somebody_else_did = state.redriven >= first.0;
                    if !somebody_else_did {
                        state.redriven = last.0;
                        for (stream, values) in [(topic.stream(), &values), (dead.stream(), &damaged)] {
                            if !values.is_empty() {
                                batch.append(stream.clone(), values.clone());
                            }
                        }
                        batch.trim(dead.stream().clone(), last);
                    }
                    Ok(())
                })
                .await?;
            if !somebody_else_did {
                redriven.count += count;
                let kept = receipt.appended.iter().filter(|appended| appended.stream == *dead.stream());
                redriven.skipped.extend(kept.flat_map(|at| (at.first.0..at.first.0 + at.count).map(Offset)));
            }
        }
    }

    /// Dead letters behind `after` and up to `up_to`, as many as one commit takes.
    async fn page_of_dead(&self, dead: &Topic, after: Offset, up_to: Offset) -> Result<Vec<Entry>> {
        let mut page = Vec::new();
        let (mut after, mut bytes) = (after, 0);
        while page.len() < PAGE && bytes < PAGE_BYTES && after < up_to {
            let entries = self.store.read(dead.stream(), after, READ).await?;
            let Some(last) = entries.last() else { break };
            after = last.offset;
            for entry in entries.into_iter().take_while(|entry| entry.offset <= up_to) {
                bytes += entry.value.as_bytes().len();
                page.push(entry);
            }
        }
        Ok(page)
    }

    pub(super) async fn forget(&self, topic: &Topic, retention: Retention) -> Result<Trimmed> {
        let last = self.last(topic).await?.0;
        let by_count = retention.max_events.map_or(0, |keep| last.saturating_sub(keep));
        let by_age = match retention.max_age {
            Some(age) => {
                let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                self.before(topic, millis(self.clock.now()).saturating_sub(age)).await?.0
            }
            None => 0,
        };
        let wanted = by_count.max(by_age);
        let (mut up_to, mut behind) = (wanted, Vec::new());
        for status in self.list_groups(Some(topic)).await? {
            if status.committed.0 < wanted {
                up_to = up_to.min(status.committed.0);
                behind.push(status.group);
            }
        }
        let up_to = Offset(if retention.force { wanted } else { up_to });
        if up_to > Offset::START {
            let mut batch = Batch::new();
            batch.trim(topic.stream().clone(), up_to);
            self.store.commit(batch).await?;
        }
        Ok(Trimmed { up_to, behind })
    }

    /// Changes the record of a group, and whatever else `change` puts into the batch, in one commit.
    async fn update(
        &self,
        topic: &Topic,
        group: &GroupName,
        mut change: impl FnMut(&mut GroupState, &mut Batch) -> Result<()>,
    ) -> Result<Receipt> {
        loop {
            let (mut state, record) = self.state(topic, group).await?;
            let mut batch = Batch::new();
            change(&mut state, &mut batch)?;
            batch.put_if(record.key, Value::json(&state)?, Expect::Exactly(record.version));
            match self.store.commit(batch).await {
                // Only somebody else's change of the record is refused, and then they have got on.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                other => {
                    if let Some(shared) = self.running(topic, group) {
                        shared.reread();
                    }
                    return other;
                }
            }
        }
    }

    async fn state(&self, topic: &Topic, group: &GroupName) -> Result<(GroupState, Record)> {
        let key = group_key(topic, group)?;
        match self.store.get(&key).await? {
            Some(record) => Ok((record.value.decode()?, record)),
            None => Err(Error::not_found(format!("topic `{topic}` has no group `{group}`"))),
        }
    }

    async fn records(&self, mut range: KeyRange) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        loop {
            let page = self.store.scan(range.clone(), Page::first(PAGE)).await?;
            let full = page.len() == PAGE;
            records.extend(page);
            match records.last() {
                Some(last) if full => range = range.after(last.key.id()),
                _ => return Ok(records),
            }
        }
    }

    /// The offset of the oldest event that is kept; 0 where there is none.
    async fn first(&self, topic: &Topic) -> Result<Offset> {
        let first = self.store.read(topic.stream(), Offset::START, 1).await?;
        Ok(first.first().map_or(Offset::START, |entry| entry.offset))
    }

    /// The offset of the last event there ever was; 0 where there was none.
    async fn last(&self, topic: &Topic) -> Result<Offset> {
        self.store.watch(topic.stream()).current().await
    }

    /// The offset before the first event that was committed at `time` (milliseconds) or later. Offsets and times grow together, except
    /// where the clock was set back; then it is one of the places where they fit.
    async fn before(&self, topic: &Topic, time: i64) -> Result<Offset> {
        let last = self.last(topic).await?.0;
        let (mut low, mut high) = (self.first(topic).await?.0.saturating_sub(1), last);
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.store.read(topic.stream(), Offset(middle), 1).await?;
            let early = |entry_time: Timestamp| millis(entry_time) < time;
            match entry.first() {
                Some(entry) if early(entry.time) => low = entry.offset.0,
                _ => high = middle,
            }
        }
        Ok(Offset(low.min(last)))
    }
}

fn names(key: &Key) -> Result<(Topic, GroupName)> {
    let (topic, group) = key.id().split_once('/').ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, "a group's record is not called `<topic>/<group>`").with("key", key)
    })?;
    Ok((Topic::new(topic)?, GroupName::new(group)?))
}
