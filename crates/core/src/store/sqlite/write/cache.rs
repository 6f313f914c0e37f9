//! What the writer remembers between transactions: true as long as nobody else has written, and dropped when somebody has.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{
        super::{Offset, StreamId, producer::LastAppend},
        read::{StreamRow, stream_row},
        segment::Packer,
    },
    merge::MERGE_AT,
};

/// Beyond this many the memory is cleared rather than grown.
const MOST_STREAMS: usize = 16 << 10;
const MOST_PRODUCERS: usize = 64 << 10;

#[derive(Default)]
pub(super) struct Cache {
    /// `PRAGMA data_version` as it was: changes when another connection has written.
    data_version: Option<i64>,
    /// The number of the last commit; after others have written, or an end that was not clean, a greater one.
    pub(super) commits: u64,
    /// Up to here numbers of commits are ours: what the file says is the last.
    pub(super) reserved: u64,
    slots: HashMap<StreamId, usize>,
    pub(super) streams: Vec<Stream>,
    producers: usize,
    /// The streams that the running transaction changes.
    pub(super) touched: Vec<usize>,
    /// The streams that have many small segments.
    backlog: Vec<usize>,
}

/// A stream that exists.
pub(super) struct Stream {
    pub(super) id: StreamId,
    /// Its number in the table.
    pub(super) row: i64,
    pub(super) head: u64,
    pub(super) trimmed: u64,
    pub(super) producers: HashMap<Arc<str>, LastAppend>,
    /// How many small segments were written since segments were last merged.
    small: usize,
    /// Segments before this place have been looked at for merging.
    pub(super) merged: i64,
    /// What the running transaction will write.
    pub(super) pending: Pending,
}

#[derive(Default)]
pub(super) struct Pending {
    pub(super) touched: bool,
    pub(super) trimmed: bool,
    /// Full segments, and the one being filled.
    pub(super) segments: Vec<Packer>,
    pub(super) producers: Vec<Arc<str>>,
}

impl Cache {
    /// To be called at the beginning of a transaction, with the write lock taken: forgets everything if somebody else has written.
    pub(super) fn refresh(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let version: i64 =
            connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if self.data_version != Some(version) {
            self.clear();
            let mut statement = connection.prepare_cached("SELECT commits FROM meta")?;
            self.commits = unsigned(statement.query_row([], |row| row.get(0))?);
            self.reserved = self.commits;
            self.data_version = Some(version);
        } else if self.streams.len() > MOST_STREAMS || self.producers > MOST_PRODUCERS {
            self.forget_streams();
        }
        Ok(())
    }

    /// Forgets everything: after another's write, and after a transaction that failed.
    pub(super) fn clear(&mut self) {
        self.data_version = None;
        self.forget_streams();
    }

    fn forget_streams(&mut self) {
        self.slots.clear();
        self.streams.clear();
        self.touched.clear();
        self.backlog.clear();
        self.producers = 0;
    }

    /// The stream, if it exists.
    pub(super) fn find(&mut self, connection: &Connection, id: &StreamId) -> rusqlite::Result<Option<usize>> {
        if let Some(slot) = self.slots.get(id) {
            return Ok(Some(*slot));
        }
        let found = stream_row(connection, id.as_str())?;
        Ok(found.map(|row| self.add(id.clone(), row)))
    }

    /// The stream, made if it does not exist.
    pub(super) fn find_or_make(&mut self, connection: &Connection, id: &StreamId) -> rusqlite::Result<usize> {
        if let Some(slot) = self.find(connection, id)? {
            return Ok(slot);
        }
        let mut statement =
            connection.prepare_cached("INSERT INTO streams (name, head, trimmed) VALUES (?1, 0, 0)")?;
        let row = StreamRow { id: statement.insert([id.as_str()])?, head: 0, trimmed: 0 };
        Ok(self.add(id.clone(), row))
    }

    fn add(&mut self, id: StreamId, row: StreamRow) -> usize {
        let slot = self.streams.len();
        self.slots.insert(id.clone(), slot);
        let (producers, pending) = (HashMap::new(), Pending::default());
        let StreamRow { id: row, head, trimmed } = row;
        self.streams.push(Stream { id, row, head, trimmed, producers, small: 0, merged: 0, pending });
        slot
    }

    /// What is known of a producer in a stream.
    pub(super) fn last_append(
        &mut self,
        connection: &Connection,
        stream: &StreamId,
        producer: &Arc<str>,
    ) -> rusqlite::Result<Option<LastAppend>> {
        let Some(slot) = self.find(connection, stream)? else { return Ok(None) };
        let stream = &mut self.streams[slot];
        if let Some(last) = stream.producers.get(producer) {
            return Ok(Some(*last));
        }
        let sql = "SELECT epoch, sequence, first, count FROM producers WHERE stream = ?1 AND id = ?2";
        let found = connection
            .prepare_cached(sql)?
            .query_row(params![stream.row, &**producer], |row| {
                Ok(LastAppend {
                    epoch: unsigned(row.get(0)?),
                    sequence: unsigned(row.get(1)?),
                    first: Offset(unsigned(row.get(2)?)),
                    count: unsigned(row.get(3)?),
                })
            })
            .optional()?;
        if let Some(last) = found {
            stream.producers.insert(Arc::clone(producer), last);
            self.producers += 1;
        }
        Ok(found)
    }

    /// Remembers the last append of a producer.
    pub(super) fn set_last_append(&mut self, slot: usize, producer: Arc<str>, last: LastAppend) {
        let stream = &mut self.streams[slot];
        if stream.producers.insert(Arc::clone(&producer), last).is_none() {
            self.producers += 1;
        }
        stream.pending.producers.push(producer);
    }

    /// Marks the stream as changed by the running transaction.
    pub(super) fn touch(&mut self, slot: usize) -> &mut Stream {
        let stream = &mut self.streams[slot];
        if !std::mem::replace(&mut stream.pending.touched, true) {
            self.touched.push(slot);
        }
        stream
    }

    /// The streams that the running transaction changes.
    pub(super) fn touched(&self) -> impl Iterator<Item = &Stream> {
        self.touched.iter().map(|slot| &self.streams[*slot])
    }

    /// The transaction is over.
    pub(super) fn settle(&mut self) {
        for slot in self.touched.drain(..) {
            self.streams[slot].pending.touched = false;
        }
    }

    /// Counts small segments that were written to a stream.
    pub(super) fn count_small(&mut self, slot: usize, segments: usize) {
        let stream = &mut self.streams[slot];
        let before = stream.small;
        stream.small += segments;
        if before < MERGE_AT && stream.small >= MERGE_AT {
            self.backlog.push(slot);
        }
    }

    /// There is nothing left to merge in the stream.
    pub(super) fn merged(&mut self, slot: usize) {
        self.streams[slot].small = 0;
        self.backlog.retain(|other| *other != slot);
    }

    /// A stream with at least `least` small segments; `least` is not below [`MERGE_AT`].
    pub(super) fn backlog(&self, least: usize) -> Option<usize> {
        self.backlog.iter().copied().find(|slot| self.streams[*slot].small >= least)
    }
}

/// A count or offset as the database keeps it. What this store writes is never negative.
pub(super) fn unsigned(number: i64) -> u64 {
    number.unsigned_abs()
}

/// A count or offset as the database keeps it. Offsets are counted, and nobody counts to 2^63.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
