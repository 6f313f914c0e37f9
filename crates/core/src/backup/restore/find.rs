//! Which chain, which snapshot, which objects.

use super::RestorePoint;
use crate::{
    backup::{
        archive::{Archive, Snapshot, Snapshots},
        header::Point,
    },
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
};

/// What a state is put together from.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) database: String,
    pub(super) chain: String,
    pub(super) snapshot: Snapshot,
    /// Level and first sequence number, in order: all of each.
    pub(super) whole: Vec<(u8, u64)>,
    /// The object of which only the first points are wanted, and how many.
    pub(super) part: Option<(u64, usize)>,
}

/// Finds the point.
pub(super) async fn find(archive: &Archive, point: RestorePoint) -> Result<Plan> {
    let Some(database) = archive.database().await? else {
        let message = format!("there is no backup in {}", archive.target.describe());
        return Err(Error::not_found(message));
    };
    let mut newer: Option<Point> = None;
    // Why a chain that could have the point has it not.
    let mut without: Option<Error> = None;
    for chain in archive.chains().await?.into_iter().rev() {
        let Snapshots { whole: snapshots, damaged } = archive.snapshots(&chain).await?;
        let damage = damaged.into_iter().next().map(|(_, error)| error);
        let (Some(first), Some(newest)) = (snapshots.first(), snapshots.last()) else {
            match damage {
                Some(damage) if point == RestorePoint::Latest => return Err(damage),
                damage => without = without.or(damage),
            }
            continue;
        };
        let first = Point { commit: first.header.commit, time: first.header.time, pages: 0, size: 0 };
        if !begins_by(&first, point) {
            without = without.or(damage);
            newer = Some(first);
            continue;
        }
        let last = archive.last_sequence(&chain).await?.unwrap_or(0);
        let found = match point {
            RestorePoint::Latest => None,
            wanted => search(archive, &chain, snapshots[0].header.until, last, wanted).await?,
        };
        let (sequence, points) = match found {
            Some(found) => found,
            // What is behind the end that is there cannot be known.
            None if last < newest.header.until => return Err(cut_off(&chain, last, newest)),
            None if matches!(point, RestorePoint::Commit(_)) => {
                let error = not_yet(archive, &chain, last, newer, point).await?;
                without = without.or(Some(error));
                // Where the database was set back, the commits behind that are in an older chain.
                newer = Some(first);
                continue;
            }
            None => {
                // It is an object, and no stray name.
                archive.log(&chain, 0, last).await?;
                (last, None)
            }
        };
        let usable = |snapshot: &&Snapshot| {
            snapshot.header.until < sequence || (snapshot.header.until == sequence && points.is_none())
        };
        // The first snapshot is usable for everything that `search` finds.
        let Some(snapshot) = snapshots.iter().rev().find(usable).cloned() else { continue };
        let upto = if points.is_some() { sequence - 1 } else { sequence };
        let whole = archive.cover(&chain, snapshot.header.from, upto).await?;
        let part = points.map(|points| (sequence, points));
        return Ok(Plan { database, chain, snapshot, whole, part });
    }
    if let Some(error) = without {
        return Err(error);
    }
    let message = match newer {
        Some(first) => format!(
            "the backup begins with commit {} ({}): nothing before it can be restored",
            first.commit,
            shown(first.time)
        ),
        None => format!("the backup in {} has no complete snapshot yet", archive.target.describe()),
    };
    Err(Error::not_found(message))
}

/// The log of a chain ends before one of its snapshots.
fn cut_off(chain: &str, last: u64, newest: &Snapshot) -> Error {
    let message = format!(
        "the log ends with object {last}, a snapshot goes up to object {}: what is between is missing, or was not copied; restore a commit",
        newest.header.until
    );
    Error::new(ErrorKind::Corrupt, message).with("chain", chain)
}

/// Whether a chain whose first state this is can have the point.
fn begins_by(first: &Point, point: RestorePoint) -> bool {
    match point {
        RestorePoint::Latest => true,
        RestorePoint::Commit(commit) => first.commit <= commit,
        RestorePoint::Time(time) => first.time <= time.as_millisecond(),
    }
}

/// The object with the point, and how many of its points are wanted; `None` of them where it is all. `None` where the log ends before it is
/// reached. Binary search: commits and times grow.
///
/// A commit: the first state that has it. A time: the last state of it.
async fn search(
    archive: &Archive,
    chain: &str,
    from: u64,
    to: u64,
    wanted: RestorePoint,
) -> Result<Option<(u64, Option<usize>)>> {
    let reached = |point: &Point| match wanted {
        RestorePoint::Latest => false,
        RestorePoint::Commit(commit) => point.commit >= commit,
        RestorePoint::Time(time) => point.time > time.as_millisecond(),
    };
    // The first object whose last point is there.
    let (mut low, mut high) = (from, to + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let (header, _) = archive.log(chain, 0, middle).await?;
        if header.points.last().is_some_and(reached) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if low > to {
        return Ok(None);
    }
    let (header, _) = archive.log(chain, 0, low).await?;
    let index = header.points.iter().position(reached).unwrap_or(0);
    // Of a snapshot's own last object only its end is a state.
    let points = if let RestorePoint::Time(_) = wanted { index } else { index + 1 };
    Ok(Some(match points {
        _ if low == from => (from, None),
        0 => (low - 1, None),
        all if all == header.points.len() => (low, None),
        some => (low, Some(some)),
    }))
}

/// The commit is not in this chain: it was not shipped, or it is between two chains.
async fn not_yet(
    archive: &Archive,
    chain: &str,
    last: u64,
    newer: Option<Point>,
    wanted: RestorePoint,
) -> Result<Error> {
    let (header, _) = archive.log(chain, 0, last).await?;
    let last = header.points.last().map_or(0, |point| point.commit);
    let RestorePoint::Commit(commit) = wanted else {
        return Ok(Error::internal("a time was searched for and not found"));
    };
    let message = match newer {
        Some(newer) => format!(
            "commit {commit} is not in the backup by itself: between commit {last} and commit {} shipping was interrupted; restore one of these",
            newer.commit
        ),
        None => format!("commit {commit} is not in the backup: the last one is {last}"),
    };
    Ok(Error::new(ErrorKind::NotFound, message))
}

fn shown(time: i64) -> String {
    Timestamp::from_millisecond(time).map_or_else(|_| time.to_string(), |time| time.to_string())
}
