//! Reading: on connections of its own, which neither wait for the writer nor make it wait.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OptionalExtension, params, types::ValueRef};
use tokio::sync::Semaphore;

use super::{
    super::{Entry, Key, KeyRange, Offset, Page, Record, StreamId, Value, Version},
    SqliteOptions, closed, connect,
    fault::{Fault, damaged},
    segment::{Place, Segment},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// Connections for reading; more are opened as they are needed, up to the number the options allow.
pub(super) struct Readers {
    shared: Arc<Shared>,
    turns: Arc<Semaphore>,
}

struct Shared {
    path: PathBuf,
    options: SqliteOptions,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, options: SqliteOptions) -> Self {
        let turns = Arc::new(Semaphore::new(options.readers.max(1)));
        Self { shared: Arc::new(Shared { path, options, idle: Mutex::default() }), turns }
    }

    /// Runs `work` with a connection, away from the async workers.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| closed())?;
        let shared = Arc::clone(&self.shared);
        let reading = tokio::task::spawn_blocking(move || {
            let idle = || shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let free = idle().pop();
            let connection = match free {
                Some(connection) => connection,
                None => connect::reader(&shared.path, &shared.options)?,
            };
            let outcome = work(&connection);
            idle().push(connection);
            // Held until here: a caller that stopped waiting does not free a turn that is still taken.
            drop(turn);
            Ok(outcome?)
        });
        reading.await.map_err(|error| Error::internal("a read panicked").because(error))?
    }
}

pub(super) fn get(connection: &Connection, key: Key) -> Result<Option<Record>, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT value, version FROM records WHERE collection = ?1 AND id = ?2")?;
    let found = statement
        .query_row(params![key.collection(), key.id()], |row| Ok((value(row.get_ref(0)?), row.get(1)?)))
        .optional()?;
    let Some((value, version)) = found else { return Ok(None) };
    let value = value.map_err(|error| error.with("key", &key))?;
    Ok(Some(Record { key, value, version: unsigned_version(version) }))
}

pub(super) fn scan(connection: &Connection, range: &KeyRange, page: Page) -> Result<Vec<Record>, Fault> {
    // Four statements rather than one with OR: each is one walk along the primary key.
    let sql = match (&range.end, page.reverse) {
        (None, false) => {
            "SELECT id, value, version FROM records WHERE collection = ?1 AND id >= ?2 ORDER BY id LIMIT ?3"
        }
        (None, true) => {
            "SELECT id, value, version FROM records WHERE collection = ?1 AND id >= ?2 ORDER BY id DESC LIMIT ?3"
        }
        (Some(_), false) => {
            "SELECT id, value, version FROM records WHERE collection = ?1 AND id >= ?2 AND id < ?4 ORDER BY id LIMIT ?3"
        }
        (Some(_), true) => {
            "SELECT id, value, version FROM records WHERE collection = ?1 AND id >= ?2 AND id < ?4 ORDER BY id DESC LIMIT ?3"
        }
    };
    let mut statement = connection.prepare_cached(sql)?;
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
    let mut rows = match &range.end {
        None => statement.query(params![&*range.collection, range.start, limit])?,
        Some(end) => statement.query(params![&*range.collection, range.start, limit, end])?,
    };
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let key = Key::new(Arc::clone(&range.collection), row.get::<_, String>(0)?)
            .map_err(|error| damaged("a stored id is not an id").because(error))?;
        let value = value(row.get_ref(1)?).map_err(|error| error.with("key", &key))?;
        records.push(Record { key, value, version: unsigned_version(row.get(2)?) });
    }
    Ok(records)
}

/// From the segment in which an offset lies (the last one that begins at or before it) to the end.
const SEGMENTS_FROM: &str = "SELECT base, count, min_time, max_time, codec, crc32c, data FROM segments
     WHERE place BETWEEN coalesce((SELECT max(place) FROM segments WHERE place BETWEEN ?1 AND ?2), ?1) AND ?3
     ORDER BY place";

pub(super) fn entries(
    connection: &Connection,
    stream: &StreamId,
    after: Offset,
    limit: usize,
) -> Result<Vec<Entry>, Fault> {
    let mut find = connection.prepare_cached("SELECT id, trimmed FROM streams WHERE name = ?1")?;
    let found: Option<(i64, i64)> =
        find.query_row([stream.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, trimmed)) = found else { return Ok(Vec::new()) };
    let after = i64::try_from(after.0).unwrap_or(i64::MAX).max(trimmed);
    let mut statement = connection.prepare_cached(SEGMENTS_FROM)?;
    let from = Place::of(id, after.unsigned_abs().saturating_add(1));
    let mut rows = statement.query(params![Place::first(id), from, Place::last(id)])?;
    let mut entries = Vec::new();
    while entries.len() < limit {
        let Some(row) = rows.next()? else { break };
        let segment = Segment::of(row, stream.as_str())?;
        let wanted = (segment.header.base..).zip(segment.entries());
        for (offset, raw) in wanted {
            let raw = raw.map_err(|error| error.with("stream", stream))?;
            if i64::try_from(offset).is_ok_and(|offset| offset <= after) {
                continue;
            }
            if entries.len() == limit {
                break;
            }
            let wrong = || {
                damaged("a stored entry is not what this store writes")
                    .with("stream", stream)
                    .with("offset", offset)
            };
            let value = raw.value().ok_or_else(wrong)?;
            let time = Timestamp::from_millisecond(raw.time).map_err(|error| wrong().because(error))?;
            entries.push(Entry { offset: Offset(offset), time, value });
        }
    }
    Ok(entries)
}

/// A row of `streams`, with the head as it is.
pub(super) struct StreamRow {
    pub(super) id: i64,
    /// The last offset ever used.
    pub(super) head: u64,
    pub(super) trimmed: u64,
}

/// What is kept of a stream. The column `head` is only written when entries are forgotten: the last segment knows it as well.
pub(super) fn stream_row(connection: &Connection, name: &str) -> rusqlite::Result<Option<StreamRow>> {
    let sql = "SELECT id, trimmed, max(head, ifnull(
            (SELECT base + count - 1 FROM segments
             WHERE place BETWEEN id << 39 AND (id << 39) + 0x7FFFFFFFFF ORDER BY place DESC LIMIT 1), 0))
        FROM streams WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let unsigned = |number: i64| number.unsigned_abs();
    let found = statement.query_row([name], |row| {
        Ok(StreamRow { id: row.get(0)?, trimmed: unsigned(row.get(1)?), head: unsigned(row.get(2)?) })
    });
    found.optional()
}

/// The last offset of a stream.
pub(super) fn head(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Offset> {
    Ok(Offset(stream_row(connection, stream.as_str())?.map_or(0, |row| row.head)))
}

fn value(column: ValueRef<'_>) -> Result<Value> {
    match column {
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Value::Json(text.into())),
            Err(error) => Err(damaged("a stored JSON text is not UTF-8").because(error)),
        },
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.into())),
        _ => Err(damaged("a stored value is neither text nor bytes")),
    }
}

fn unsigned_version(number: i64) -> Version {
    Version(number.unsigned_abs())
}
