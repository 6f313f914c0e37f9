//! One transaction: the batches of a group one after the other, each seeing what those before it did; then everything they appended, one
//! segment for each stream.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{
        super::{
            Append, Appended, Batch, Change, Key, Offset, Receipt, StreamId, Value, Version,
            batch::refused,
            producer::{LastAppend, applied_before},
            stream::to_millisecond,
        },
        fault::{Breakage, Fault},
        segment::{Packer, Place},
    },
    Job, State,
    cache::{Cache, Stream, signed, unsigned},
    merge::{FULL, SEALED},
};
use crate::error::{Error, ErrorKind, Result};

/// How many numbers of commits are written down before they are used: a commit need not change the row that counts them.
const RESERVED_AHEAD: u64 = 1024;

impl State {
    /// Commits what of the jobs can be committed and answers all of them.
    pub(super) fn commit(&mut self, jobs: &mut Vec<Job>) {
        let weight: u32 = jobs.iter().fold(0, |sum, job| sum.saturating_add(job.weight));
        match self.transact(jobs) {
            Ok(answers) => {
                let heads = self.cache.touched().map(|stream| (&stream.id, Offset(stream.head)));
                self.watches.advance(heads);
                self.cache.settle();
                for (job, answer) in jobs.drain(..).zip(answers) {
                    // Whoever stopped waiting does not need to be told.
                    let _ = job.reply.send(answer);
                }
            }
            Err(error) => {
                self.abandon();
                let breakage = Breakage::from(error);
                for job in jobs.drain(..) {
                    let _ = job.reply.send(Err(breakage.clone().into()));
                }
            }
        }
        self.room.add_permits(weight as usize);
    }

    /// The answers; or what broke, and then nothing has happened and every job is to hear of it: also one that was refused, for what it
    /// was refused for may be something that did not happen.
    fn transact(&mut self, jobs: &mut [Job]) -> rusqlite::Result<Vec<Result<Receipt>>> {
        self.begin()?;
        let time = to_millisecond(self.clock.now()).as_millisecond();
        let (connection, cache) = (&self.connection, &mut self.cache);
        let before = cache.commits;
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            match apply(connection, cache, std::mem::take(&mut job.batch), time) {
                Ok(receipt) => answers.push(Ok(receipt)),
                Err(Fault::Refused(error)) => answers.push(Err(error)),
                Err(Fault::Broken(error)) => return Err(error),
            }
        }
        if cache.commits > before {
            flush(connection, cache, self.log.is_some())?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(answers)
    }

    /// Begins a transaction that may write, and forgets what others have changed.
    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        self.cache.refresh(&self.connection)
    }

    /// Gives back the numbers that were reserved and not used. Where it fails they are left out.
    pub(super) fn give_back(&mut self) -> rusqlite::Result<()> {
        if self.cache.reserved > self.cache.commits {
            self.begin()?;
            let last = self.cache.commits;
            reserve(&self.connection, &mut self.cache, last)?;
            self.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    }

    /// After a failure: nothing of the transaction stays, here or in the file.
    pub(super) fn abandon(&mut self) {
        self.cache.clear();
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
}

/// Applies one batch, except for what [`flush`] writes at the end. Everything is checked before anything is written.
fn apply(connection: &Connection, cache: &mut Cache, batch: Batch, time: i64) -> Result<Receipt, Fault> {
    let last = |stream: &StreamId, producer: &_| -> Result<_, Fault> {
        Ok(cache.last_append(connection, stream, producer)?)
    };
    if let Some(appended) = applied_before(&batch, last)? {
        return Ok(Receipt { version: Version(cache.commits), appended });
    }
    for change in batch.changes() {
        let Some((key, expect)) = change.requirement() else { continue };
        let found = version(connection, key)?;
        if !expect.holds(found) {
            return Err(refused(key, expect, found).into());
        }
    }
    check_room(connection, cache, &batch)?;
    if batch.writes() {
        cache.commits += 1;
    }
    let version = Version(cache.commits);
    let mut appended = Vec::new();
    for change in batch.into_changes() {
        match change {
            Change::Put(key, value, _) => put(connection, &key, &value, version)?,
            Change::Delete(key, _) => delete(connection, &key)?,
            Change::Require(..) => {}
            Change::Append(append) => appended.push(self::append(connection, cache, append, time)?),
            Change::Trim(stream, upto) => trim(connection, cache, &stream, upto)?,
        }
    }
    Ok(Receipt { version, appended })
}

/// Refuses what would go beyond the last offset that a [`Place`] has.
fn check_room(connection: &Connection, cache: &mut Cache, batch: &Batch) -> Result<(), Fault> {
    let appends = || {
        batch.changes().iter().filter_map(|change| match change {
            Change::Append(append) => Some(append),
            _ => None,
        })
    };
    // Of all streams together: no batch is so large that this would refuse what fits.
    let entries: u64 = appends().map(|append| append.values.len() as u64).sum();
    for append in appends() {
        let Some(slot) = cache.find(connection, &append.stream)? else { continue };
        if cache.streams[slot].head.saturating_add(entries) > Place::LAST_OFFSET {
            let message = format!("a stream of this store has at most {} entries", Place::LAST_OFFSET);
            let error = Error::new(ErrorKind::LimitExceeded, message).with("stream", &append.stream);
            return Err(error.into());
        }
    }
    Ok(())
}

fn version(connection: &Connection, key: &Key) -> rusqlite::Result<Option<Version>> {
    let sql = "SELECT version FROM records WHERE collection = ?1 AND id = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row([key.collection(), key.id()], |row| row.get(0)).optional()?;
    Ok(found.map(|version| Version(unsigned(version))))
}

fn put(connection: &Connection, key: &Key, value: &Value, version: Version) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO records (collection, id, value, version) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = connection.prepare_cached(sql)?;
    let (collection, id, version) = (key.collection(), key.id(), signed(version.0));
    match value {
        Value::Json(text) => statement.execute(params![collection, id, &**text, version]),
        Value::Bytes(bytes) => statement.execute(params![collection, id, &**bytes, version]),
    }
    .map(drop)
}

fn delete(connection: &Connection, key: &Key) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("DELETE FROM records WHERE collection = ?1 AND id = ?2")?;
    statement.execute([key.collection(), key.id()]).map(drop)
}

fn append(
    connection: &Connection,
    cache: &mut Cache,
    append: Append,
    time: i64,
) -> rusqlite::Result<Appended> {
    let Append { stream: id, values, producer } = append;
    let slot = cache.find_or_make(connection, &id)?;
    let stream = cache.touch(slot);
    let (first, count) = (Offset(stream.head + 1), values.len() as u64);
    for value in &values {
        stream.head += 1;
        let segments = &mut stream.pending.segments;
        if segments.last().is_none_or(|last| last.data().len() >= FULL) {
            segments.push(Packer::new(stream.head));
        }
        if let Some(segment) = segments.last_mut() {
            segment.push(time, value);
        }
    }
    if let Some(producer) = producer {
        let (epoch, sequence) = (producer.epoch, producer.sequence);
        cache.set_last_append(slot, producer.id, LastAppend { epoch, sequence, first, count });
    }
    Ok(Appended { stream: id, first, count, duplicate: false })
}

fn trim(connection: &Connection, cache: &mut Cache, id: &StreamId, upto: Offset) -> rusqlite::Result<()> {
    let Some(slot) = cache.find(connection, id)? else { return Ok(()) };
    let upto = upto.0.min(cache.streams[slot].head);
    if upto > cache.streams[slot].trimmed {
        let stream = cache.touch(slot);
        stream.trimmed = upto;
        stream.pending.trimmed = true;
    }
    Ok(())
}

/// Writes what the batches left to be written together. `exact`: the file is to tell the number of the last commit, not a greater one.
fn flush(connection: &Connection, cache: &mut Cache, exact: bool) -> rusqlite::Result<()> {
    for index in 0..cache.touched.len() {
        let slot = cache.touched[index];
        let small = flush_stream(connection, &mut cache.streams[slot])?;
        cache.count_small(slot, small);
    }
    if cache.commits > cache.reserved && !exact {
        let last = cache.commits + RESERVED_AHEAD;
        reserve(connection, cache, last)?;
    } else if exact && cache.commits != cache.reserved {
        let last = cache.commits;
        reserve(connection, cache, last)?;
    }
    Ok(())
}

/// Writes down that commits may have numbers up to `last`.
fn reserve(connection: &Connection, cache: &mut Cache, last: u64) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE meta SET commits = ?1")?.execute([signed(last)])?;
    cache.reserved = last;
    Ok(())
}

/// Writes what was left of one stream, and says how many small segments it got.
fn flush_stream(connection: &Connection, stream: &mut Stream) -> rusqlite::Result<usize> {
    let mut small = 0;
    for segment in stream.pending.segments.drain(..) {
        insert_segment(connection, stream.row, &segment)?;
        small += usize::from(segment.data().len() < SEALED);
    }
    if std::mem::take(&mut stream.pending.trimmed) {
        let mut statement =
            connection.prepare_cached("UPDATE streams SET head = ?2, trimmed = ?3 WHERE id = ?1")?;
        statement.execute([stream.row, signed(stream.head), signed(stream.trimmed)])?;
        let sql = "DELETE FROM segments WHERE place BETWEEN ?1 AND ?2 AND place + count - 1 <= ?2";
        let upto = Place::of(stream.row, stream.trimmed);
        connection.prepare_cached(sql)?.execute([Place::first(stream.row), upto])?;
    }
    for producer in stream.pending.producers.drain(..) {
        let Some(last) = stream.producers.get(&producer) else { continue };
        let sql = "INSERT OR REPLACE INTO producers (stream, id, epoch, sequence, first, count)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        connection.prepare_cached(sql)?.execute(params![
            stream.row,
            &*producer,
            signed(last.epoch),
            signed(last.sequence),
            signed(last.first.0),
            signed(last.count)
        ])?;
    }
    Ok(small)
}

/// Writes one row of `segments`.
pub(super) fn insert_segment(connection: &Connection, stream: i64, segment: &Packer) -> rusqlite::Result<()> {
    let header = segment.header();
    let sql = "INSERT INTO segments (place, count, min_time, max_time, codec, crc32c, data)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection
        .prepare_cached(sql)?
        .execute(params![
            Place::of(stream, header.base),
            signed(header.count),
            header.min_time,
            header.max_time,
            segment.codec(),
            segment.checksum(),
            segment.data()
        ])
        .map(drop)
}
