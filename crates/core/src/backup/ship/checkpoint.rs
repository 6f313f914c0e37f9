//! Copying the write-ahead log into the database, so that it is begun anew: only what was shipped, or what is given up.

use std::time::Duration;

use super::{Shipper, State};
use crate::{
    error::{ErrorKind, Result},
    store::sqlite::storage_error,
};

/// From this many bytes on the log is copied into the file: 16 MiB, as the store does it without a backup.
const CHECKPOINT_BYTES: u64 = 16 << 20;
/// From this many on also while much is left to ship, where that takes no longer than [`MOMENT`]: in a storm of commits there always is.
const STORM_BYTES: u64 = 4 * CHECKPOINT_BYTES;
const MOMENT: Duration = Duration::from_millis(250);
/// So many bytes that are not shipped are little.
pub(in crate::backup) const LITTLE: u64 = 4 << 20;
/// How long commits wait at most for the target to take what came since the last object.
pub(super) const COMMITS_WAIT: Duration = Duration::from_secs(2);
/// How many objects that is at most: one that was made, one of what was left, and one of the transaction that ran.
const COMMITS_WAIT_FOR: usize = 4;
/// How long a checkpoint waits for readers of the old log.
const READERS: Duration = Duration::from_millis(200);

impl Shipper {
    /// How many bytes of the write-ahead log are in use.
    pub(in crate::backup) fn log_bytes(&self) -> Result<u64> {
        Ok(u64::from(self.frames()?) * (u64::from(self.page_size) + 24))
    }

    /// How many frames of it are committed.
    pub(super) fn frames(&self) -> Result<u32> {
        let frames: i64 = self
            .hand
            .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))
            .map_err(storage_error)?;
        Ok(u32::try_from(frames).unwrap_or(0))
    }

    /// How many of them hold what was not shipped.
    pub(in crate::backup) fn unshipped(&self) -> Result<u64> {
        let shipped = self.chain().map_or(0, |chain| u64::from(chain.position.frames));
        Ok(self.log_bytes()?.saturating_sub(shipped * (u64::from(self.page_size) + 24)))
    }

    /// Whether the log is to be copied into the file: it is large enough, and commits, which wait for what is left, would not wait for long.
    pub(in crate::backup) fn wants_checkpoint(&self) -> Result<bool> {
        let log = self.log_bytes()?;
        if log < CHECKPOINT_BYTES {
            return Ok(false);
        }
        let left = self.unshipped()?;
        let (bytes, took) = self.chain().map_or((0, Duration::ZERO), |chain| chain.pace);
        let soon = left as f64 * took.as_secs_f64() <= bytes as f64 * MOMENT.as_secs_f64();
        Ok(left <= LITTLE || (log >= STORM_BYTES && soon))
    }

    /// Ships what is left while no commit runs, copies the log into the file and begins it anew. `false` where a reader was in the way: then
    /// nothing is lost, and it is for the next time. So where the chain is given up meanwhile: the next one is begun when commits run again.
    pub(in crate::backup) async fn checkpoint(&mut self) -> Result<bool> {
        let closed = self.gate.close();
        let patience = self.options.patience;
        let shipped = self.ship_rest().await;
        self.options.patience = patience;
        if !shipped? {
            return Ok(false);
        }
        let ended = self.begin_log_anew()?;
        if ended.is_some() {
            self.chain_mut()?.ended = ended;
        }
        // The proof that nothing came between is in the log now, and need not be later.
        self.read_log()?;
        drop(closed);
        self.counts.checkpoints += u64::from(ended.is_some());
        self.put_pending().await?;
        Ok(ended.is_some())
    }

    /// Ships what is left within the time that commits wait; whether that was all. Begins no chain: that needs the gate, which is closed.
    async fn ship_rest(&mut self) -> Result<bool> {
        let until = self.clock.monotonic() + COMMITS_WAIT;
        for _ in 0..COMMITS_WAIT_FOR {
            self.options.patience = until.saturating_sub(self.clock.monotonic());
            if self.ship_next().await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives up a log that is beyond its bound.
    pub(in crate::backup) fn bound_log(&mut self) -> Result<()> {
        if self.log_bytes()? > self.options.most_log {
            self.abandon()?;
        }
        Ok(())
    }

    /// Keeps the log within its bound although it is not shipped. `false` where a reader was in the way.
    pub(in crate::backup) fn abandon(&mut self) -> Result<bool> {
        if let State::Chain(_) = self.state {
            self.give_up("the write-ahead log had reached its bound before it was shipped");
        }
        let _closed = self.gate.close();
        self.begin_log_anew().map(|ended| ended.is_some())
    }

    /// How many frames the log had that is begun anew; `None` where a reader was in the way.
    fn begin_log_anew(&self) -> Result<Option<u32>> {
        self.hand.busy_timeout(READERS).map_err(storage_error)?;
        let outcome = self
            .hand
            .query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })
            .map_err(storage_error);
        self.hand.busy_timeout(Duration::from_secs(5)).map_err(storage_error)?;
        match outcome {
            Ok((0, frames)) => {
                self.gate.bound(Some(self.options.most_log));
                self.touch()?;
                Ok(Some(u32::try_from(frames).unwrap_or(0)))
            }
            // A reader: that commits wait would not help.
            Ok(_) => {
                self.gate.bound(None);
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::Unavailable => Ok(None),
            Err(error) => Err(error),
        }
    }
}
