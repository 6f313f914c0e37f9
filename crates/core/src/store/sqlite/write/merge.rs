//! Merging small segments into larger ones, a bounded amount of work at a time.
//!
//! Segments have a level by their size. A run of [`MERGE_AT`] or more neighbours up to one level becomes one segment, so every entry is
//! rewritten about once for each level and never again once its segment is [`SEALED`] (size-tiered compaction, as in LSM trees).

use rusqlite::Connection;

use super::{
    super::{
        LogGate,
        fault::Fault,
        segment::{Packer, Place, Segment},
    },
    State,
    group::insert_segment,
};

/// From this many bytes on a segment is left alone: a larger one would be read no faster, and everything would be written once more.
pub(super) const SEALED: usize = 8 << 10;
/// A segment of this many bytes gets no more entries.
pub(super) const FULL: usize = 128 << 10;
/// The fewest neighbours that are merged.
pub(super) const MERGE_AT: usize = 16;
/// So many small segments are merged even while commits are waiting.
pub(super) const MERGE_OVERDUE: usize = 512;
/// A segment below the first size has level 0, and so on.
const LEVELS: [usize; 2] = [2 << 10, SEALED];
/// How many segments one turn looks at, and how many bytes it merges: more than `MERGE_AT` of them are below `SEALED`.
const WINDOW: usize = 1024;
const MOST_BYTES: usize = 4 * FULL;

/// What the database tells of a segment without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    place: i64,
    bytes: usize,
}

impl State {
    /// One turn for one stream, in a transaction of its own.
    pub(super) fn merge(&mut self, slot: usize) {
        let _pass = self.log.as_ref().map(LogGate::pass);
        if let Err(error) = self.try_merge(slot) {
            // Nothing is lost: the segments stay small until more are written.
            tracing::warn!(?error, "segments could not be merged");
            self.abandon();
        }
    }

    fn try_merge(&mut self, slot: usize) -> Result<(), Fault> {
        let row = self.cache.streams[slot].row;
        self.begin()?;
        // Beginning may have found that others wrote and forgotten the streams: then the next turn will do.
        let connection = &self.connection;
        let mut done = false;
        if let Some(stream) = self.cache.streams.get_mut(slot).filter(|stream| stream.row == row) {
            let (extents, all) = extents(connection, row, stream.merged)?;
            if let Some(run) = run(&extents) {
                rewrite(connection, stream.row, stream.id.as_str(), &extents[run])?;
            } else if all {
                done = true;
            } else {
                stream.merged = extents[extents.len() - MERGE_AT].place;
            }
            while_sealed(&extents, &mut stream.merged);
        }
        if done {
            self.cache.merged(slot);
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

/// Moves `from` past the sealed segments at the beginning.
fn while_sealed(extents: &[Extent], from: &mut i64) {
    let sealed = extents.iter().take_while(|extent| extent.bytes >= SEALED).last();
    if let Some(extent) = sealed {
        *from = (*from).max(extent.place);
    }
}

/// The segments of a stream from a place on, as many as one turn can use, and whether these are all.
fn extents(connection: &Connection, stream: i64, from: i64) -> rusqlite::Result<(Vec<Extent>, bool)> {
    let sql = "SELECT place, length(data) FROM segments WHERE place BETWEEN ?1 AND ?2 ORDER BY place";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([from.max(Place::first(stream)), Place::last(stream)])?;
    let (mut extents, mut small) = (Vec::new(), 0);
    while extents.len() < WINDOW && small <= MOST_BYTES {
        let Some(row) = rows.next()? else { return Ok((extents, true)) };
        let bytes = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX);
        small += if bytes < SEALED { bytes } else { 0 };
        extents.push(Extent { place: row.get(0)?, bytes });
    }
    Ok((extents, false))
}

/// The first run worth merging, of the lowest level possible.
fn run(extents: &[Extent]) -> Option<std::ops::Range<usize>> {
    LEVELS.iter().find_map(|below| {
        let mut begin = 0;
        while begin < extents.len() {
            let mut bytes = 0;
            let len = extents[begin..]
                .iter()
                .take_while(|extent| {
                    bytes += extent.bytes;
                    extent.bytes < *below && bytes <= MOST_BYTES
                })
                .count();
            if len >= MERGE_AT {
                return Some(begin..begin + len);
            }
            begin += len.max(1);
        }
        None
    })
}

/// Replaces the segments of a run by larger ones.
fn rewrite(connection: &Connection, row: i64, name: &str, run: &[Extent]) -> Result<(), Fault> {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(()) };
    let mut merged: Vec<Packer> = Vec::new();
    let sql = "SELECT base, count, min_time, max_time, codec, crc32c, data FROM segments
        WHERE place BETWEEN ?1 AND ?2 ORDER BY place";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([first.place, last.place])?;
    while let Some(found) = rows.next()? {
        let segment = Segment::of(found, name)?;
        let joins = merged.last().is_some_and(|open| {
            let header = open.header();
            open.data().len() < FULL && header.base + header.count == segment.header.base
        });
        if !joins {
            merged.push(Packer::new(segment.header.base));
        }
        if let Some(open) = merged.last_mut() {
            open.extend(&segment)?;
        }
    }
    let sql = "DELETE FROM segments WHERE place BETWEEN ?1 AND ?2";
    connection.prepare_cached(sql)?.execute([first.place, last.place])?;
    for segment in &merged {
        insert_segment(connection, row, segment)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(sizes: &[usize]) -> Vec<Extent> {
        sizes.iter().zip(1..).map(|(bytes, place)| Extent { place, bytes: *bytes }).collect()
    }

    #[test]
    fn neighbours_of_like_size_are_merged_and_sealed_ones_never() {
        let (tiny, some, sealed) = ([100; 20], [3000; 20], [SEALED; 20]);
        let cases: [(Vec<usize>, Option<std::ops::Range<usize>>); 6] = [
            (tiny.to_vec(), Some(0..20)),
            (tiny[..15].to_vec(), None),
            (sealed.to_vec(), None),
            ([&sealed[..], &some[..], &tiny[..]].concat(), Some(40..60)),
            ([&some[..10], &tiny[..10]].concat(), Some(0..20)),
            ([&tiny[..10], &sealed[..1], &tiny[..10]].concat(), None),
        ];
        for (extents, expected) in cases {
            assert_eq!(run(&sizes(&extents)), expected, "{extents:?}");
        }
    }

    #[test]
    fn merging_ends_and_leaves_few_segments() {
        let mut extents = vec![200; 5000];
        let (mut turns, mut moved) = (0, 0);
        while let Some(range) = run(&sizes(&extents)) {
            let bytes: usize = extents[range.clone()].iter().sum();
            extents.splice(range, [bytes]);
            (turns, moved) = (turns + 1, moved + bytes);
            assert!(turns < 1000, "merging does not end");
        }
        assert_eq!(extents.iter().sum::<usize>(), 5000 * 200);
        assert!(extents.len() < 3 * MERGE_AT, "{} segments are left", extents.len());
        assert!(moved < 4 * 5000 * 200, "{moved} bytes were rewritten");
    }
}
