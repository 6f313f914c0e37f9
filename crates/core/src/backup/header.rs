//! What the objects of a backup say of themselves, and where each is kept.
//!
//! ```text
//! database                                        which database this is the backup of
//! chains/<chain>/log/<level>/<shard>/<first>      what changed in the commits of a run of sequence numbers
//! chains/<chain>/snapshots/<snapshot>/base-<n>    a part of the file as it was
//! chains/<chain>/snapshots/<snapshot>/manifest    that the snapshot is complete
//! ```

use serde::{Deserialize, Serialize};

use super::{object::Link, wal::Position};

/// The object that tells whose backup this is.
pub(super) const DATABASE: &str = "database";
/// The folder of the chains.
pub(super) const CHAINS: &str = "chains";
/// So many objects of one level become one of the next.
pub(super) const FAN_OUT: u64 = 16;
/// The levels above the first.
pub(super) const LEVELS: u8 = 5;

/// What every object says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    /// The name it was put under.
    pub(super) place: String,
    /// The database it was made of.
    pub(super) database: String,
    pub(super) page_size: u32,
    #[serde(flatten)]
    pub(super) what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum What {
    Database,
    Log(LogHeader),
    Base(BaseHeader),
    Snapshot(SnapshotHeader),
}

/// The pages that a run of transactions changed. Body: for each point its pages, each behind its number (4 bytes).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LogHeader {
    pub(super) level: u8,
    /// The sequence numbers it covers; one where the level is 0.
    pub(super) first: u64,
    pub(super) last: u64,
    /// The sequence number with which the write-ahead log that `end` lies in begins.
    pub(super) log_start: u64,
    /// The link of the object before `first`, at level 0.
    pub(super) previous: Link,
    /// The link of the object `last` at level 0; where the level is 0, its own hash.
    pub(super) link: Option<Link>,
    pub(super) points: Vec<Point>,
    /// Up to where the write-ahead log is shipped.
    pub(super) end: Position,
}

/// A state that can be restored; at levels above 0 only the last of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Point {
    /// The last commit in it.
    pub(super) commit: u64,
    /// When it was read from the log, in milliseconds since 1970.
    pub(super) time: i64,
    /// How many pages changed.
    pub(super) pages: u32,
    /// How many pages the file has.
    pub(super) size: u32,
}

/// A part of the file. Body: its pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BaseHeader {
    pub(super) part: u32,
    pub(super) first_page: u32,
}

/// That a snapshot is complete: its parts, overlaid with the log from `from` to `until`, are the state at the end of `until`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SnapshotHeader {
    pub(super) from: u64,
    /// The link before `from`.
    pub(super) previous: Link,
    pub(super) until: u64,
    /// The link of `until`.
    pub(super) link: Link,
    /// The state at the end of `until`.
    pub(super) commit: u64,
    pub(super) time: i64,
    pub(super) parts: Vec<Link>,
}

/// Which folder objects of the log are in, so that none has too many.
fn shard(first: u64) -> u64 {
    first >> 16
}

pub(super) fn log_folder(chain: &str, level: u8) -> String {
    format!("{CHAINS}/{chain}/log/{level}")
}

pub(super) fn log_place(chain: &str, level: u8, first: u64) -> String {
    format!("{}/{:08x}/{first:012x}", log_folder(chain, level), shard(first))
}

pub(super) fn snapshots_folder(chain: &str) -> String {
    format!("{CHAINS}/{chain}/snapshots")
}

pub(super) fn base_place(chain: &str, snapshot: &str, part: u32) -> String {
    format!("{}/{snapshot}/base-{part:06}", snapshots_folder(chain))
}

pub(super) fn manifest_place(chain: &str, snapshot: &str) -> String {
    format!("{}/{snapshot}/manifest", snapshots_folder(chain))
}

/// How many sequence numbers an object of this level covers.
pub(super) fn span(level: u8) -> u64 {
    FAN_OUT.pow(level.into())
}

/// The number of a shard, as the name of its folder has it.
pub(super) fn shard_number(name: &str) -> Option<u64> {
    digits(name, 8)
}

/// The sequence number that the name of an object in the folder of `shard` begins with. What is none, or does not belong there, is not of
/// our making.
pub(super) fn sequence(shard: u64, name: &str) -> Option<u64> {
    digits(name, 12).filter(|first| self::shard(*first) == shard)
}

fn digits(name: &str, count: usize) -> Option<u64> {
    let all = name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (name.len() == count && all).then(|| u64::from_str_radix(name, 16).ok()).flatten()
}
