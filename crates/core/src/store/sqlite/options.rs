//! What can be chosen when a store is opened.

use std::time::Duration;

use super::LogGate;
use crate::telemetry::GroupSizes;

/// How a [`SqliteStore`](super::SqliteStore) is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// What an acknowledged commit survives.
    pub durability: Durability,
    /// How the file is checked when it is opened.
    pub integrity: Integrity,
    /// How long to wait for another process that is writing. Default: 10 seconds.
    pub busy_timeout: Duration,
    /// The most reads that run at once, each on a connection of its own. Default: 4.
    pub readers: usize,
    /// How often to look for entries of other processes while somebody [watches](crate::store::Store::watch) a stream; commits of this
    /// process need no looking. Default: 50 ms.
    pub poll_interval: Duration,
    /// The name of a registered SQLite VFS to reach the files through, in place of the default one: for tests.
    pub vfs: Option<String>,
    /// Where to count how many commits share a transaction: [`Metrics::group_sizes`](crate::telemetry::Metrics::group_sizes).
    pub group_sizes: Option<GroupSizes>,
    /// Overwrites with zeros what is deleted or replaced, in the file as soon as the write-ahead log is copied into it: for stores that are
    /// encrypted, so that a data key that was retired, or a value from before the encryption, does not stay in free pages. It costs writes.
    pub erase: bool,
    /// A backup ships the write-ahead log and checkpoints in the store's place. The store itself where it is `None`.
    pub log: Option<LogGate>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            integrity: Integrity::Automatic,
            busy_timeout: Duration::from_secs(10),
            readers: 4,
            poll_interval: Duration::from_millis(50),
            vfs: None,
            group_sizes: None,
            erase: false,
            log: None,
        }
    }
}

/// What an acknowledged commit survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The loss of power: the disk has confirmed it (`fsync`) before the commit is acknowledged. Concurrent commits share one wait.
    #[default]
    Full,
    /// The end of the process, however sudden. A loss of power can take the last commits with it, whole and from the end, and never
    /// damages the file.
    Normal,
}

/// How the file is checked when it is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Integrity {
    /// [`Quick`](Self::Quick) where the file was not closed cleanly, is in use, or is small (up to 16 MiB); nothing otherwise.
    #[default]
    Automatic,
    /// The structure of every page; takes about a second for each gigabyte.
    Quick,
    /// The structure of every page, and that all of them agree.
    Full,
    /// No check.
    Skip,
}
