//! Shipping: from the write-ahead log of a database to a target.
//!
//! A [`Shipper`] is what one process does for one file; it decides nothing about time: whoever owns it (the `worker`) says when to ship, to
//! checkpoint, to take a snapshot, to merge and to forget.
//!
//! What is shipped is a *chain* of objects, numbered from 1 without a gap, each naming the hash of the one before. A chain goes on as long
//! as the write-ahead log proves that nothing was committed between two looks that was not seen ([`LogFile::look`]), also across restarts of
//! the process. Where it cannot, a new chain is begun, with a new snapshot: never is there a gap inside one.

mod aside;
mod checkpoint;
mod compact;
mod log;
mod resume;
mod retain;
mod snapshot;
mod watch;

use std::{collections::VecDeque, path::PathBuf, sync::Arc, time::Duration};

use rusqlite::Connection;

pub(super) use self::{checkpoint::LITTLE, compact::Merged, snapshot::Parts};
use super::{
    archive::Archive,
    header::{Header, What, log_place},
    object::Link,
    wal::{LogFile, Position},
};
use crate::{
    backup::BackupTarget,
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind, Result},
    store::sqlite::LogGate,
};

/// About how many bytes of pages one object has.
const OBJECT_BYTES: usize = 16 << 20;

/// How a file is shipped.
#[derive(Clone)]
pub(super) struct ShipOptions {
    /// How large the write-ahead log may grow, in bytes, before it is given up and a new snapshot is due.
    pub(super) most_log: u64,
    /// How long one object may take.
    pub(super) patience: Duration,
    /// How long history is kept.
    pub(super) retention: Duration,
    /// The VFS through which the file is reached, where it is not the default one: for tests.
    pub(super) vfs: Option<String>,
}

pub(super) struct Shipper {
    path: PathBuf,
    log: LogFile,
    target: Arc<dyn BackupTarget>,
    clock: Arc<dyn Clock>,
    options: ShipOptions,
    gate: LogGate,
    /// For what must be written and for checkpoints.
    hand: Connection,
    database: String,
    page_size: u32,
    /// The page that tells the number of the last commit.
    label_page: u32,
    state: State,
    pub(super) counts: Counts,
}

/// What was done, for whoever counts it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) objects: u64,
    pub(super) bytes: u64,
    pub(super) chains: u64,
    pub(super) checkpoints: u64,
    pub(super) merges: u64,
    pub(super) deleted: u64,
}

enum State {
    /// What the target has is not known yet, or is not to be gone on with: why.
    Unknown(Option<&'static str>),
    /// Shipping.
    Chain(Box<Chain>),
}

/// The chain that is being made.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) name: String,
    /// The number of the next object.
    pub(super) next: u64,
    /// The hash of the last one.
    link: Link,
    /// The number of the object that the write-ahead log begins with, and the link before it.
    log_start: (u64, Link),
    position: Position,
    /// How many frames the log that `position` is in had when it was begun anew here.
    ended: Option<u32>,
    pub(super) commit: u64,
    pub(super) time: i64,
    /// An object that is made and perhaps not put.
    pending: Option<Pending>,
    /// The last object had all that the log had when it was made.
    whole: bool,
    /// What the log had when it was looked at, oldest first, where that is not all shipped yet.
    seen: VecDeque<Seen>,
    /// Everything that was committed by this time is shipped.
    pub(super) complete: Option<Timestamp>,
    /// How many bytes of pages the last object had, and how long it took from the look at the log until the target had it.
    pace: (u64, Duration),
    /// When the last snapshot was complete, and how many bytes of pages were shipped since.
    pub(super) snapshot: Option<i64>,
    pub(super) since_snapshot: u64,
    /// For each level above the first, the number its next object begins with.
    merged: [u64; super::header::LEVELS as usize],
}

/// The end of the log at some time.
#[derive(Debug)]
struct Seen {
    salts: [u32; 2],
    frames: u32,
    time: Timestamp,
}

#[derive(Debug)]
struct Pending {
    place: String,
    bytes: Arc<[u8]>,
    link: Link,
    end: Position,
    commit: u64,
    time: i64,
    raw: u64,
    /// When the log was looked at for it (monotonic).
    began: Duration,
    whole: bool,
}

impl Shipper {
    fn archive(&self) -> Archive {
        Archive::new(Arc::clone(&self.target))
    }

    /// The chain that is shipped to, where it is known.
    pub(super) fn chain(&self) -> Option<&Chain> {
        match &self.state {
            State::Chain(chain) => Some(chain),
            State::Unknown(_) => None,
        }
    }

    fn chain_mut(&mut self) -> Result<&mut Chain> {
        match &mut self.state {
            State::Chain(chain) => Ok(chain),
            State::Unknown(_) => Err(Error::internal("a chain was to be gone on with that is not known")),
        }
    }

    /// The chain is not gone on with.
    fn give_up(&mut self, why: &'static str) {
        tracing::warn!(target: "heptad::backup", why, "the backup begins a new chain with a new snapshot");
        self.state = State::Unknown(Some(why));
    }

    /// Ships an object of what was committed: whether that was everything that was committed when this was called. What is committed
    /// meanwhile does not count, or it would never be while the target is slower than commits come.
    ///
    /// # Errors
    /// Whatever the target fails with; trying again goes on where it stopped.
    pub(super) async fn ship(&mut self) -> Result<bool> {
        if let State::Unknown(_) = self.state {
            self.resume().await?;
        }
        let nothing = self.ship_next().await?;
        Ok(nothing || self.chain().is_some_and(|chain| chain.whole))
    }

    /// Ships the next object of the chain; whether there was none. A chain that cannot be gone on with is given up, and none is begun.
    async fn ship_next(&mut self) -> Result<bool> {
        self.put_pending().await?;
        if let State::Unknown(_) = self.state {
            return Ok(false);
        }
        if !self.read_log()? {
            return Ok(true);
        }
        self.put_pending().await?;
        Ok(false)
    }

    /// Puts the object that is made. An answer may have been lost: then it is there already.
    async fn put_pending(&mut self) -> Result<()> {
        let Ok(chain) = self.chain_mut() else { return Ok(()) };
        let Some(pending) = &chain.pending else { return Ok(()) };
        let (place, bytes) = (pending.place.clone(), Arc::clone(&pending.bytes));
        match self.put(&place, &bytes).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let archive = self.archive();
                let found = self.watch(async { archive.target.get(&place).await }).await?;
                if found[..] != bytes[..] {
                    self.give_up(
                        "something else ships to the same chain: two copies of one database share a target",
                    );
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        "another process ships to the same place: two copies of one database share a backup target; give each its own",
                    )
                    .with("object", place));
                }
            }
            outcome => outcome?,
        }
        let time = self.clock.monotonic();
        let chain = self.chain_mut()?;
        if let Some(pending) = chain.pending.take() {
            (chain.link, chain.position) = (pending.link, pending.end);
            (chain.commit, chain.time) = (pending.commit, pending.time);
            chain.next += 1;
            chain.since_snapshot += pending.raw;
            chain.whole = pending.whole;
            chain.pace = (pending.raw, time.saturating_sub(pending.began));
            // A log is begun anew only when all of it is shipped.
            let (salts, frames) = (chain.position.salts, chain.position.frames);
            let shipped = |seen: &&Seen| seen.salts != salts || seen.frames <= frames;
            while let Some(seen) = chain.seen.front().filter(shipped) {
                chain.complete = Some(seen.time);
                chain.seen.pop_front();
            }
        }
        Ok(())
    }

    /// Puts an object, and counts it.
    async fn put(&mut self, place: &str, bytes: &Arc<[u8]>) -> Result<()> {
        let target = Arc::clone(&self.target);
        self.watch(async { target.put(place, Arc::clone(bytes)).await }).await?;
        self.counts.objects += 1;
        self.counts.bytes += bytes.len() as u64;
        Ok(())
    }

    fn header(&self, place: String, what: What) -> Header {
        Header { place, database: self.database.clone(), page_size: self.page_size, what }
    }

    fn log_place(chain: &Chain, level: u8, first: u64) -> String {
        log_place(&chain.name, level, first)
    }
}
