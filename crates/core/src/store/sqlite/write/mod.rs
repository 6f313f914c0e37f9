//! The one thread that changes the file.
//!
//! Commits wait in a queue. The thread takes all that wait, applies them in one transaction ([`group`]), and answers them when the
//! disk has it: while one group is being written the next one gathers, so the wait for the disk is shared (group commit). What it knows of
//! streams and producers it keeps in memory ([`cache`]); when nobody wants anything it merges small segments ([`merge`]).

mod cache;
mod group;
mod merge;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use self::{cache::Cache, merge::MERGE_OVERDUE};
use super::{
    super::{Batch, Change, Receipt, Value},
    LogGate, SqliteOptions, closed,
    connect::CHECKPOINT_PAGES,
    watch::Table,
};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    telemetry::GroupSizes,
};

/// How much may wait in the queue, in units of a KiB; whoever comes later waits outside.
const QUEUE: u32 = 64 << 10;
/// How much one transaction takes: this many commits, or this many KiB.
const GROUP_LEN: usize = 1024;
const GROUP_WEIGHT: u32 = 16 << 10;
/// How long a transaction waits at most for a write-ahead log that is too long.
const LOG_PATIENCE: Duration = Duration::from_secs(5);
/// How long it must have been quiet before segments are merged.
const IDLE: Duration = Duration::from_millis(20);

/// The way to the writing thread.
pub(super) struct Writer {
    queue: Option<Sender<Job>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    batch: Batch,
    weight: u32,
    reply: oneshot::Sender<Result<Receipt>>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        options: &SqliteOptions,
        clock: Arc<dyn Clock>,
        watches: Arc<Table>,
    ) -> Result<Self> {
        let (queue, jobs) = channel();
        let room = Arc::new(Semaphore::new(QUEUE as usize));
        let state = State {
            connection,
            clock,
            watches,
            room: Arc::clone(&room),
            cache: Cache::default(),
            durability: options.durability,
            group_sizes: options.group_sizes.clone(),
            log: options.log.clone(),
            last_group: 0,
            last_duration: Duration::ZERO,
        };
        let thread = std::thread::Builder::new()
            .name("heptad-store-write".into())
            .spawn(move || state.run(&jobs))
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "a thread cannot be started").because(error)
            })?;
        Ok(Self { queue: Some(queue), room, thread: Some(thread) })
    }

    /// Hands the batch to the thread and waits for its answer.
    pub(super) async fn commit(&self, batch: Batch) -> Result<Receipt> {
        let weight = weigh(&batch);
        let room = self.room.acquire_many(weight).await.map_err(|_| closed())?;
        // Given back by the thread: the batch takes its room until it is applied, whether anybody still waits for it or not.
        room.forget();
        let (reply, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.send(Job { batch, weight, reply }).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

impl Drop for Writer {
    /// What was handed over is still committed.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It panicked or it ended: it is over in either case.
            let _ = thread.join();
        }
    }
}

/// What the batch takes of the queue: its values in KiB, and something for itself.
fn weigh(batch: &Batch) -> u32 {
    let len = |value: &Value| value.as_bytes().len();
    let bytes: usize = batch
        .changes()
        .iter()
        .map(|change| match change {
            Change::Put(_, value, _) => len(value),
            Change::Append(append) => append.values.iter().map(len).sum(),
            Change::Delete(..) | Change::Require(..) | Change::Trim(..) => 0,
        })
        .sum();
    u32::try_from(bytes / 1024).unwrap_or(QUEUE).saturating_add(1).min(QUEUE)
}

/// What the thread owns.
struct State {
    connection: Connection,
    clock: Arc<dyn Clock>,
    watches: Arc<Table>,
    room: Arc<Semaphore>,
    cache: Cache,
    durability: super::Durability,
    group_sizes: Option<GroupSizes>,
    /// Who keeps the write-ahead log, where it is not this thread.
    log: Option<LogGate>,
    /// How many commits the last transaction had, and how long it took.
    last_group: usize,
    last_duration: Duration,
}

impl State {
    fn run(mut self, queue: &Receiver<Job>) {
        let mut jobs = Vec::new();
        while let Some(first) = self.next(queue) {
            jobs.push(first);
            self.gather(queue, &mut jobs);
            let (begin, len) = (Instant::now(), jobs.len());
            self.wait_for_log();
            let pass = self.log.as_ref().map(LogGate::pass);
            self.commit(&mut jobs);
            drop(pass);
            self.take_back_log();
            (self.last_group, self.last_duration) = (len, begin.elapsed());
            if let Some(sizes) = &self.group_sizes {
                sizes.observe(len);
            }
            if let Some(stream) = self.cache.backlog(MERGE_OVERDUE) {
                self.merge(stream);
            }
        }
        let _pass = self.log.as_ref().map(LogGate::pass);
        if let Err(error) = self.give_back() {
            tracing::debug!(%error, "numbers of commits are left out");
            self.abandon();
        }
        let last = if self.log.is_some() {
            "PRAGMA optimize"
        } else {
            "PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)"
        };
        if let Err(error) = self.connection.execute_batch(last) {
            tracing::debug!(%error, "the write-ahead log stays for the next to open the file");
        }
    }

    /// The next commit; merges small segments while there is none. `None` when the store is closed and the queue is empty.
    fn next(&mut self, queue: &Receiver<Job>) -> Option<Job> {
        while let Some(stream) = self.cache.backlog(merge::MERGE_AT) {
            match queue.recv_timeout(IDLE) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.merge(stream),
            }
        }
        queue.recv().ok()
    }

    /// Waits while the write-ahead log is longer than whoever keeps it allows.
    fn wait_for_log(&self) {
        let Some(log) = &self.log else { return };
        let begin = Instant::now();
        while let Some(most) = log.most().filter(|_| !log.is_released() && begin.elapsed() < LOG_PATIENCE) {
            let frames = self
                .connection
                .prepare_cached("PRAGMA wal_checkpoint(NOOP)")
                .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(1)));
            // A page of SQLite's usual size and the header of its frame.
            if frames.is_ok_and(|frames| frames.unsigned_abs() * 4120 <= most) {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Checkpoints again where whoever kept the log has ended.
    fn take_back_log(&mut self) {
        if self.log.as_ref().is_some_and(LogGate::is_released) {
            self.log = None;
            if let Err(error) = self.connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES) {
                tracing::warn!(%error, "the write-ahead log grows until the store is opened anew");
            }
        }
    }

    /// Takes what else is waiting.
    ///
    /// Where commits wait for the disk, those just answered come back at once with their next batch: waiting a moment for as many as
    /// there were last time makes one group of what would be two, and costs little beside what the disk takes. It sleeps meanwhile: they
    /// need the processor that turning round would take.
    fn gather(&self, queue: &Receiver<Job>, jobs: &mut Vec<Job>) {
        let mut weight: u32 = jobs.iter().map(|job| job.weight).sum();
        let patience = match self.durability {
            super::Durability::Full => (self.last_duration / 8).min(Duration::from_micros(500)),
            super::Durability::Normal => Duration::ZERO,
        };
        let begin = Instant::now();
        while jobs.len() < GROUP_LEN && weight < GROUP_WEIGHT {
            match queue.try_recv() {
                Ok(job) => {
                    weight = weight.saturating_add(job.weight);
                    jobs.push(job);
                }
                Err(TryRecvError::Empty) if jobs.len() < self.last_group && begin.elapsed() < patience => {
                    std::thread::sleep(Duration::from_micros(20));
                }
                Err(_) => return,
            }
        }
    }
}
