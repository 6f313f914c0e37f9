//! Continuous backup of the store's SQLite file, and restoring any commit of it.
//!
//! Every half second (`backup.interval`) what was committed is read from the write-ahead log and put into a *target*: a folder, or with the
//! feature `object-store` a bucket. A daily snapshot and merged objects make that a restore reads few of them. Begin with `ship` (from the
//! file to the target), `restore` (back), `worker` (when) and `jobs` (what is done beside it), `object` and `header` (the form of what is kept).
//!
//! # What is kept
//! The pages of the file, as SQLite has them: everything in the store. An encrypted store stays encrypted in its backup, and what it leaves
//! readable (names, sizes, times; see [`store::encrypted`](crate::store)) is readable there. The search index is derived: it is removed when
//! a file is restored over, and built anew. Keys are not in it: keep the key ring in another place.
//!
//! # What is promised
//! - What is acknowledged as shipped ([`Backups::run`], [`Live::complete`]) can be restored, whatever ends the process or the machine. Without
//!   a failure of the target that is everything older than the interval and the time the target takes for an object. Snapshots, merges and
//!   forgetting are done beside shipping: it waits for none of them, and goes on where one fails (which is told).
//! - Any commit within the retention can be restored, exactly. Commits that SQLite wrote in one transaction (those that waited at the same
//!   time: group commit) are one state. Times are those of shipping.
//! - A gap cannot stay unseen: objects are numbered and chained by their hashes, and a chain goes on only where the write-ahead log proves that
//!   nothing was committed unseen. Otherwise a new chain is begun with a new snapshot, whatever the size of the file. A restore of the latest
//!   state from a copy of a backup whose log ends before its last snapshot is refused, never an older state.
//! - A restore changes nothing where a process has the database open, with a backup or without, or restores to the same place.
//! - Only what was shipped is copied from the write-ahead log into the file, and the log stays below `backup.most_log` and one transaction
//!   (16 MiB) more: commits wait, for five seconds at most, until it is shipped or given up. So a target that is down or too slow costs the
//!   history in between, never the disk. The bound needs readers to end: another process that keeps a read transaction open makes any log of
//!   SQLite's grow.
//! - A restore reads one snapshot (an object for each 16 MiB) and at most 15 objects up and 15 down for each of five levels, about 20 more to
//!   find a commit. Objects above 64 MiB of pages are not merged further.
//!
//! # What is not
//! Processes that use the file without this configuration checkpoint by themselves: nothing is lost, but a new chain (and snapshot) may
//! follow. Two copies of one database must not share a target. The target must be trusted with what it holds: hashes find damage, not forgery.

#[cfg(feature = "sqlite")]
mod archive;
mod config;
mod disk;
#[cfg(feature = "sqlite")]
mod header;
#[cfg(feature = "sqlite")]
mod jobs;
mod keeper;
#[cfg(feature = "sqlite")]
mod object;
#[cfg(feature = "sqlite")]
pub mod operations;
#[cfg(feature = "sqlite")]
mod pages;
#[cfg(feature = "sqlite")]
mod restore;
#[cfg(feature = "sqlite")]
mod ship;
mod status;
pub mod target;
#[cfg(feature = "sqlite")]
mod verify;
#[cfg(feature = "sqlite")]
mod wal;
#[cfg(feature = "sqlite")]
mod worker;

pub use self::{
    config::{
        BACKUP_INTERVAL, BACKUP_MOST_LOG, BACKUP_RETENTION, BACKUP_SNAPSHOT, BACKUP_TARGET, BACKUP_TIMEOUT,
        KEYS,
    },
    keeper::Backups,
    status::{BackupState, Live},
    target::BackupTarget,
};
#[cfg(feature = "sqlite")]
pub use self::{
    restore::{Existing, RestorePoint, Restored, restore},
    verify::{Verified, verify},
    worker::BackupOptions,
};

/// The operations that must work where the database is damaged or gone: whoever calls them opens a platform in memory.
pub const OFFLINE: &[&str] = &["backup.restore", "backup.status", "backup.verify"];
