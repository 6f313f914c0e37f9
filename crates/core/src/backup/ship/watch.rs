//! Waiting for the target, but not for ever, and not while the write-ahead log grows beyond its bound.

use std::time::Duration;

use futures_util::{
    future::{Either, select},
    pin_mut,
};

use super::{Shipper, checkpoint::COMMITS_WAIT};
use crate::error::{Error, ErrorKind, Result, Retry};

/// How often the write-ahead log is looked at while the target is waited for.
const LOOK: Duration = Duration::from_millis(50);

impl Shipper {
    /// What `work` gives; an error where it takes too long, or the write-ahead log has reached its bound meanwhile.
    pub(super) async fn watch<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        pin_mut!(work);
        let began = self.clock.monotonic();
        loop {
            match select(work.as_mut(), self.clock.sleep(LOOK)).await {
                Either::Left((outcome, _)) => return outcome,
                Either::Right(_) => {}
            }
            let waited = self.clock.monotonic().saturating_sub(began);
            // Commits wait meanwhile.
            if waited > COMMITS_WAIT && self.log_bytes()? > self.options.most_log {
                return Err(too_long());
            }
            if waited > self.options.patience {
                return Err(unanswered(self.options.patience));
            }
        }
    }
}

pub(super) fn unanswered(patience: Duration) -> Error {
    let message = format!("the backup target did not answer within {} s", patience.as_secs_f64());
    Error::new(ErrorKind::Timeout, message).retry(Retry::Now)
}

pub(super) fn too_long() -> Error {
    let message = "the backup target is slower than the database is written: the write-ahead log has reached `backup.most_log` and is given up; \
                   a new snapshot follows when the target keeps up";
    Error::new(ErrorKind::LimitExceeded, message)
}
