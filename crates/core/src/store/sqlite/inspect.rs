//! Looking through a whole file: is it ours, is every page in order, does every segment hold what its row says.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{
    fault::{Fault, damaged},
    schema,
    segment::Segment,
};
use crate::error::Result;

/// What a file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// No commit in it has a greater number.
    pub commits: u64,
    /// Records.
    pub records: u64,
    /// Streams.
    pub streams: u64,
    /// Entries of all streams.
    pub entries: u64,
}

/// Checks the file at `path`, which nobody may have open and which has no write-ahead log: SQLite's `integrity_check`, the checksum of
/// every segment, streams without gaps, no record newer than the last commit. Changes nothing and leaves nothing beside it.
///
/// # Errors
/// [`Corrupt`](crate::ErrorKind::Corrupt) where a check fails, [`Unsupported`](crate::ErrorKind::Unsupported) where a newer Heptad wrote it,
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is another program's.
pub fn inspect(path: &Path) -> Result<Contents> {
    Ok(look(path)?)
}

fn look(path: &Path) -> Result<Contents, Fault> {
    // Immutable: SQLite takes no locks and makes no log beside it.
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?;
    schema::check(&connection)?;
    let finding: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if finding != "ok" {
        return Err(damaged(format!("the file is damaged: {finding}")).into());
    }
    let number = |sql: &str| -> rusqlite::Result<u64> {
        Ok(connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0).unsigned_abs())
    };
    let mut contents = Contents {
        commits: number("SELECT commits FROM meta")?,
        records: number("SELECT count(*) FROM records")?,
        streams: number("SELECT count(*) FROM streams")?,
        entries: 0,
    };
    let newest = number("SELECT max(version) FROM records")?;
    if newest > contents.commits {
        let message = format!("a record is of commit {newest}, the last one is {}", contents.commits);
        return Err(damaged(message).into());
    }
    contents.entries = entries(&connection)?;
    Ok(contents)
}

/// Counts the entries of all streams, and looks at each segment on the way.
fn entries(connection: &Connection) -> Result<u64, Fault> {
    let sql = "SELECT base, count, min_time, max_time, codec, crc32c, data, streams.name, streams.trimmed
        FROM segments LEFT JOIN streams ON streams.id = segments.stream ORDER BY place";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let (mut entries, mut next): (u64, (String, u64)) = (0, Default::default());
    while let Some(row) = rows.next()? {
        let Some(name) = row.get::<_, Option<String>>(7)? else {
            return Err(damaged("a segment belongs to no stream").into());
        };
        let segment = Segment::of(row, &name)?;
        for entry in segment.entries() {
            entry?;
        }
        let trimmed = row.get::<_, i64>(8)?.unsigned_abs();
        let (base, count) = (segment.header.base, segment.header.count);
        let follows = if next.0 == name { base == next.1 } else { base <= trimmed + 1 };
        if !follows {
            return Err(damaged("a stream has a gap").with("stream", &name).with("offset", base).into());
        }
        entries += count;
        next = (name, base + count);
    }
    Ok(entries)
}
