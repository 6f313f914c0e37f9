//! Copying the write-ahead log into the database, so that it is begun anew: only what was shipped, or what is given up.

use std::time::Duration;

use super::{Shipper, State};
use crate::{
    error::{ErrorKind, Result},
    store::sqlite::storage_error,
};

/// From this many bytes on the log is copied into the file: 16 MiB, as the store does it without a backup.
pub(in crate::backup) const CHECKPOINT_BYTES: u64 = 16 << 20;
/// How long commits wait at most for the target to take what came since the last object.
pub(super) const COMMITS_WAIT: Duration = Duration::from_secs(2);
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

    /// Ships what is left while no commit runs, copies the log into the file and begins it anew. `false` where a reader was in the way: then
    /// nothing is lost, and it is for the next time.
    pub(in crate::backup) async fn checkpoint(&mut self) -> Result<bool> {
        let closed = self.gate.close();
        let patience = std::mem::replace(&mut self.options.patience, COMMITS_WAIT);
        let shipped = self.ship(64).await;
        self.options.patience = patience;
        if !shipped? || self.chain().is_none() {
            return Ok(false);
        }
        let done = self.begin_log_anew()?;
        // The proof that nothing came between is in the log now, and need not be later.
        self.read_log()?;
        drop(closed);
        self.counts.checkpoints += u64::from(done);
        Ok(done)
    }

    /// Keeps the log within its bound although it is not shipped. `false` where a reader was in the way.
    pub(in crate::backup) fn abandon(&mut self) -> Result<bool> {
        if let State::Chain(_) = self.state {
            self.give_up("the write-ahead log had reached its bound before it was shipped");
        }
        let _closed = self.gate.close();
        self.begin_log_anew()
    }

    fn begin_log_anew(&self) -> Result<bool> {
        self.hand.busy_timeout(READERS).map_err(storage_error)?;
        let outcome = self
            .hand
            .query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get::<_, i64>(0))
            .map_err(storage_error);
        self.hand.busy_timeout(Duration::from_secs(5)).map_err(storage_error)?;
        match outcome {
            Ok(0) => {
                self.gate.bound(Some(self.options.most_log));
                self.touch().map(|()| true)
            }
            // A reader: that commits wait would not help.
            Ok(_) => {
                self.gate.bound(None);
                Ok(false)
            }
            Err(error) if error.kind() == ErrorKind::Unavailable => Ok(false),
            Err(error) => Err(error),
        }
    }
}
