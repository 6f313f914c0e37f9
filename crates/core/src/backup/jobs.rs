//! What is done beside shipping: snapshots, merges, forgetting. Each in a task of its own; shipping waits for none of them, and goes on where
//! one fails.

use std::time::Duration;

use tokio::task::{self, JoinHandle};

use super::ship::{Merged, Parts, Shipper};
use crate::error::{Error, Result};

/// How often what is older than the retention is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(3600);
/// The pauses after failures: the first, which doubles with each, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// The tasks that run, at most one of a kind.
#[derive(Default)]
pub(super) struct Jobs {
    snapshot: Option<Job<Parts>>,
    /// Which one that is.
    taking: Option<String>,
    /// Of one that was taken: it is complete when what was committed meanwhile is shipped.
    parts: Option<Parts>,
    merge: Option<Job<Merged>>,
    forget: Option<Job<u64>>,
    /// When it was last forgotten (monotonic, as all times here).
    forgotten: Option<Duration>,
    /// What failed last, until something succeeds.
    trouble: Option<String>,
    pause: Duration,
    resume_at: Duration,
}

/// What a job failed with.
#[derive(Debug)]
pub(super) struct Failed {
    /// It is the snapshot that failed.
    pub(super) snapshot: bool,
    pub(super) error: Error,
}

/// What is to be done about snapshots.
#[derive(Clone, Copy)]
pub(super) struct Snapshots {
    /// One is wanted now.
    pub(super) now: bool,
    /// How often one is taken.
    pub(super) every: Duration,
}

impl Jobs {
    /// What failed last, until something succeeds.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    /// Whether a snapshot is being taken.
    pub(super) fn snapshot_runs(&self) -> bool {
        self.snapshot.is_some() || self.parts.is_some()
    }

    /// Goes on from what has ended, and begins what is to do. Everything that was committed must have been shipped a moment ago.
    ///
    /// # Errors
    /// What a job failed with. It is begun anew after a pause; what else is to do goes on.
    pub(super) async fn look_after(
        &mut self,
        shipper: &mut Shipper,
        snapshots: Snapshots,
        time: Duration,
    ) -> Result<(), Failed> {
        let outcome = self.go_on(shipper, time).await;
        match &outcome {
            Ok(true) => (self.trouble, self.pause) = (None, Duration::ZERO),
            Ok(false) => {}
            Err(Failed { error, .. }) => {
                self.trouble = Some(error.to_string());
                self.pause = (self.pause * 2).clamp(PAUSES.0, PAUSES.1);
                self.resume_at = time + self.pause;
            }
        }
        if time >= self.resume_at || snapshots.now {
            self.begin(shipper, snapshots, time);
        }
        outcome.map(|_| ())
    }

    /// Whether something has ended well.
    async fn go_on(&mut self, shipper: &mut Shipper, time: Duration) -> Result<bool, Failed> {
        let mut ended = false;
        let snapshot = |error| Failed { snapshot: true, error };
        if let Some(parts) = &self.parts {
            shipper.finish_snapshot(parts).await.map_err(snapshot)?;
            self.parts = None;
            ended = true;
        }
        if let Some(parts) = outcome(&mut self.snapshot, shipper).await {
            self.parts = Some(parts.map_err(snapshot)?);
        }
        let beside = |error| Failed { snapshot: false, error };
        if let Some(deleted) = outcome(&mut self.forget, shipper).await {
            shipper.counts.deleted += deleted.map_err(beside)?;
            self.forgotten = Some(time);
            ended = true;
        }
        if let Some(merged) = outcome(&mut self.merge, shipper).await {
            shipper.finish_merge(merged).map_err(beside)?;
            ended = true;
        }
        Ok(ended)
    }

    fn begin(&mut self, shipper: &Shipper, snapshots: Snapshots, time: Duration) {
        // What is being forgotten would not know of a snapshot that is begun meanwhile.
        if !self.snapshot_runs()
            && self.forget.is_none()
            && (snapshots.now || shipper.wants_snapshot(snapshots.every))
            && let Some(base) = shipper.begin_snapshot()
        {
            self.taking = Some(base.id.clone());
            self.snapshot = Job::begin(shipper, base.put());
        }
        let old = self.forgotten.is_none_or(|last| time.saturating_sub(last) >= FORGET_EVERY);
        if self.forget.is_none()
            && old
            && let Some(forget) =
                shipper.begin_to_forget(self.taking.clone().filter(|_| self.snapshot_runs()))
        {
            self.forget = Job::begin(shipper, forget.forget());
        }
        if self.merge.is_none()
            && let Some(merge) = shipper.due_merge()
        {
            self.merge = Job::begin(shipper, merge.make());
        }
    }
}

/// A task for one chain; it ends when it is dropped.
struct Job<T> {
    chain: String,
    task: JoinHandle<Result<T>>,
}

impl<T: Send + 'static> Job<T> {
    fn begin(shipper: &Shipper, work: impl Future<Output = Result<T>> + Send + 'static) -> Option<Self> {
        let chain = shipper.chain()?.name.clone();
        Some(Self { chain, task: task::spawn(work) })
    }
}

impl<T> Drop for Job<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a job came to, where it has ended. One for a chain that is not shipped to any more is dropped.
async fn outcome<T>(job: &mut Option<Job<T>>, shipper: &Shipper) -> Option<Result<T>> {
    let current = shipper.chain().map(|chain| chain.name.as_str());
    drop(job.take_if(|job| current != Some(job.chain.as_str())));
    let mut ended = job.take_if(|job| job.task.is_finished())?;
    let done = (&mut ended.task).await;
    Some(done.map_err(|error| Error::internal("a task of the backup panicked").because(error)).flatten())
}
