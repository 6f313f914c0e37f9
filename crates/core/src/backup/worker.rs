//! The thread that backs up an open file, for as long as it is open: it says when to do what a [`Shipper`] does.
//!
//! One process of those that have the file open ships it: the one that holds the lock of a file beside it; the others stand by. A thread of
//! its own, because the gate of the store must open again even when everything else is busy; whatever ends it, the store takes its
//! write-ahead log back and the state says so.

use std::{
    fs::{File, TryLockError},
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use futures_util::{
    future::{Either, select},
    pin_mut,
};
use tokio::sync::{mpsc, oneshot};

use super::{
    BACKUP_INTERVAL, BACKUP_MOST_LOG, BACKUP_RETENTION, BACKUP_SNAPSHOT, BACKUP_TIMEOUT, BackupTarget,
    disk::beside,
    jobs::{Failed, Jobs, Snapshots},
    keeper::LOCK,
    ship::{Counts, LITTLE, ShipOptions, Shipper},
    status::{BackupState, Live, Shared},
};
use crate::{
    clock::{Clock, Timestamp},
    config::Config,
    error::{Error, ErrorKind, Result},
    store::sqlite::LogGate,
    telemetry::Metrics,
};

/// How often there is a look at what is to do.
const TICK: Duration = Duration::from_millis(50);
/// How many objects are shipped between two looks at what else there is to do.
const OBJECTS: u32 = 16;
/// How long the end of a platform waits for the last commits to be shipped.
const FAREWELL: Duration = Duration::from_secs(5);
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How a file is backed up.
#[derive(Clone, Debug)]
pub struct BackupOptions {
    /// How often what was committed is shipped. Default: half a second.
    pub interval: Duration,
    /// How long every commit can be restored. Default: seven days.
    pub retention: Duration,
    /// How often a snapshot is taken. Default: a day.
    pub snapshot: Duration,
    /// How many bytes the write-ahead log may have before it is given up. Default: 256 MiB.
    pub most_log: u64,
    /// How long the target may take for one object. Default: 30 seconds.
    pub timeout: Duration,
    /// The name of a registered SQLite VFS to reach the file through, in place of the default one: for tests.
    pub vfs: Option<String>,
}

impl Default for BackupOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(500),
            retention: Duration::from_secs(7 * 24 * 3600),
            snapshot: Duration::from_secs(24 * 3600),
            most_log: 256 << 20,
            timeout: Duration::from_secs(30),
            vfs: None,
        }
    }
}

impl BackupOptions {
    /// Those of a configuration.
    pub fn configured(config: &Config) -> Self {
        Self {
            interval: config.get(&BACKUP_INTERVAL).max(TICK),
            retention: config.get(&BACKUP_RETENTION),
            snapshot: config.get(&BACKUP_SNAPSHOT),
            most_log: config.get(&BACKUP_MOST_LOG),
            timeout: config.get(&BACKUP_TIMEOUT),
            vfs: None,
        }
    }
}

/// The way to the thread.
pub(super) struct Worker {
    commands: Option<mpsc::Sender<Command>>,
    shared: Shared,
    thread: Option<JoinHandle<()>>,
}

struct Command {
    snapshot: bool,
    reply: oneshot::Sender<Result<()>>,
}

impl Worker {
    pub(super) fn start(
        path: PathBuf,
        target: Arc<dyn BackupTarget>,
        gate: LogGate,
        options: BackupOptions,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Result<Self> {
        let cannot = |error: std::io::Error| {
            Error::new(ErrorKind::Unavailable, "the backup's thread cannot be started").because(error)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        let (commands, received) = mpsc::channel(16);
        gate.bound(Some(options.most_log));
        let shared = Shared::default();
        let keeper = Keeper {
            path,
            target,
            gate: gate.clone(),
            options,
            clock,
            metrics,
            shared: shared.clone(),
            lock: None,
            shipper: None,
            jobs: Jobs::default(),
            shipped: None,
            pause: Duration::ZERO,
            resume_at: Duration::ZERO,
            counted: Counts::default(),
        };
        let ending = Ending { gate, shared: shared.clone() };
        let thread = std::thread::Builder::new()
            .name("heptad-backup".into())
            .spawn(move || {
                let _ending = ending;
                runtime.block_on(keeper.work(received));
                // Not waited for: a target that does not answer would keep the platform from closing.
                runtime.shutdown_background();
            })
            .map_err(cannot)?;
        Ok(Self { commands: Some(commands), shared, thread: Some(thread) })
    }

    pub(super) fn live(&self) -> Live {
        self.shared.live().clone()
    }

    pub(super) async fn run(&self, snapshot: bool) -> Result<Live> {
        let stopped = || Error::new(ErrorKind::Unavailable, "the backup has ended: open the platform anew");
        let (reply, answer) = oneshot::channel();
        let commands = self.commands.as_ref().ok_or_else(stopped)?;
        commands.send(Command { snapshot, reply }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())??;
        Ok(self.live())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // It panicked or it ended: it is over in either case.
            let _ = thread.join();
        }
    }
}

/// However the thread ends, nobody takes it for alive.
struct Ending {
    gate: LogGate,
    shared: Shared,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.gate.release();
        self.shared.live().state = BackupState::Stopped;
    }
}

/// What the thread owns.
struct Keeper {
    path: PathBuf,
    target: Arc<dyn BackupTarget>,
    gate: LogGate,
    options: BackupOptions,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    shared: Shared,
    /// Held by the process that ships.
    lock: Option<File>,
    shipper: Option<Shipper>,
    jobs: Jobs,
    /// When everything was last shipped (monotonic).
    shipped: Option<Duration>,
    pause: Duration,
    resume_at: Duration,
    counted: Counts,
}

/// How a turn went.
struct Turn {
    /// Everything that was committed is shipped.
    shipped: bool,
    /// A snapshot that ended in it.
    snapshot: Result<()>,
}

impl Keeper {
    async fn work(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            let command = {
                let received = commands.recv();
                pin_mut!(received);
                match select(received, self.clock.sleep(TICK.min(self.options.interval))).await {
                    Either::Left((None, _)) => break,
                    Either::Left((Some(command), _)) => Some(command),
                    Either::Right(_) => None,
                }
            };
            match command {
                // What fails is told by the state and tried again.
                None => drop(self.turn(false, false).await),
                Some(Command { snapshot, reply }) => {
                    let outcome = self.run(snapshot).await;
                    let _ = reply.send(outcome);
                }
            }
        }
        self.farewell().await;
    }

    /// Ships until everything that is committed now can be restored.
    async fn run(&mut self, snapshot: bool) -> Result<()> {
        let mut wanted = snapshot;
        loop {
            let Turn { shipped, snapshot: taken } = self.turn(true, wanted).await?;
            wanted &= !self.jobs.snapshot_runs();
            if self.lock.is_none() {
                let message = "another process has the database open and ships it: ask that one, or end it";
                return Err(Error::new(ErrorKind::Conflict, message));
            }
            let restorable =
                self.shipper.as_ref().and_then(Shipper::chain).is_some_and(|chain| chain.snapshot.is_some());
            if snapshot || !restorable {
                taken?;
            }
            if shipped && restorable && !(snapshot && (wanted || self.jobs.snapshot_runs())) {
                return Ok(());
            }
            self.clock.sleep(Duration::from_millis(5)).await;
        }
    }

    /// Does what is to do, and tells how it went.
    async fn turn(&mut self, now: bool, snapshot: bool) -> Result<Turn> {
        let outcome = match self.hold_lock() {
            Ok(true) => self.ship(now).await,
            Ok(false) => {
                self.shared.live().state = BackupState::Standby;
                return Ok(Turn { shipped: false, snapshot: Ok(()) });
            }
            Err(error) => {
                // Nobody ships, perhaps: the log is kept within its bound all the same.
                let bounded = self.shipper().and_then(Shipper::bound_log);
                if !now && bounded.is_ok() && self.clock.monotonic() < self.resume_at {
                    Ok(false)
                } else {
                    bounded.and(Err(error))
                }
            }
        };
        let outcome = match outcome {
            Ok(true) => Ok(Turn { shipped: true, snapshot: self.look_after(snapshot).await }),
            Ok(false) => Ok(Turn { shipped: false, snapshot: Ok(()) }),
            Err(error) => {
                self.pause = (self.pause * 2).clamp(self.options.interval.min(LONGEST_PAUSE), LONGEST_PAUSE);
                self.resume_at = self.clock.monotonic() + self.pause;
                self.failed(&error);
                self.shared.live().state = BackupState::Failing;
                Err(error)
            }
        };
        self.tell();
        outcome
    }

    fn failed(&self, error: &Error) {
        tracing::warn!(target: "heptad::backup", %error, "the backup failed; it is tried again");
        self.metrics.backup().failed(error.kind());
        let mut live = self.shared.live();
        live.failures += 1;
        live.error = Some(error.to_string());
    }

    /// Whether this process is the one that ships.
    ///
    /// # Errors
    /// Where there is no telling: the file of the lock cannot be used.
    fn hold_lock(&mut self) -> Result<bool> {
        if self.lock.is_none() {
            let path = beside(&self.path, LOCK);
            let cannot = |error: std::io::Error| {
                let message = "the file whose lock says who backs up the database cannot be used: give this process access to it, or remove it";
                Error::new(ErrorKind::Unavailable, message).because(error).with("path", path.display())
            };
            let file =
                File::options().create(true).truncate(false).write(true).open(&path).map_err(cannot)?;
            match file.try_lock() {
                Ok(()) => self.lock = Some(file),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(cannot(error)),
            }
        }
        Ok(self.lock.is_some())
    }

    fn shipper(&mut self) -> Result<&mut Shipper> {
        match &mut self.shipper {
            Some(shipper) => Ok(shipper),
            none => {
                let options = ShipOptions {
                    most_log: self.options.most_log,
                    patience: self.options.timeout,
                    retention: self.options.retention,
                    vfs: self.options.vfs.clone(),
                };
                let (target, clock) = (Arc::clone(&self.target), Arc::clone(&self.clock));
                let shipper = Shipper::open(&self.path, target, clock, self.gate.clone(), options)?;
                Ok(none.insert(shipper))
            }
        }
    }

    /// Ships, where that is due or `now`, and copies the log into the database. Whether everything that was committed is shipped.
    async fn ship(&mut self, now: bool) -> Result<bool> {
        let time = self.clock.monotonic();
        // While the target takes what it gets, the commits that wait for the log are shipped in a moment.
        let failing = !self.pause.is_zero();
        let shipper = self.shipper()?;
        if failing {
            shipper.bound_log()?;
        }
        let unshipped = shipper.unshipped()?;
        let due = self.shipped.is_none_or(|shipped| time.saturating_sub(shipped) >= self.options.interval);
        if !now && (time < self.resume_at || !(due || unshipped >= LITTLE)) {
            return Ok(false);
        }
        let shipped = self.ship_some().await?;
        if shipped {
            self.shipped = Some(time);
            (self.pause, self.resume_at) = (Duration::ZERO, Duration::ZERO);
        }
        let Some(shipper) = &mut self.shipper else { return Ok(shipped) };
        if shipper.wants_checkpoint()? {
            shipper.checkpoint().await?;
            self.complete();
        }
        Ok(shipped)
    }

    /// Ships everything that is committed now, or as much of it as is shipped between two looks at what else there is to do.
    async fn ship_some(&mut self) -> Result<bool> {
        for _ in 0..OBJECTS {
            let shipper = self.shipper()?;
            let shipped = match shipper.ship().await {
                Err(error) if error.kind() == ErrorKind::LimitExceeded => {
                    shipper.abandon()?;
                    return Err(error);
                }
                outcome => outcome?,
            };
            self.complete();
            if shipped {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells how far it is shipped.
    fn complete(&self) {
        let Some(chain) = self.shipper.as_ref().and_then(Shipper::chain) else { return };
        let mut live = self.shared.live();
        (live.state, live.error) = (BackupState::Shipping, self.jobs.trouble());
        live.complete = chain.complete.or(live.complete);
        live.commit = Some(chain.commit);
        live.restorable = chain.snapshot.is_some();
    }

    /// Snapshots, merges, forgets. What fails is told, and shipping goes on as it did; a snapshot that failed is given back.
    async fn look_after(&mut self, snapshot: bool) -> Result<()> {
        let Some(shipper) = &mut self.shipper else { return Ok(()) };
        let snapshots = Snapshots { now: snapshot, every: self.options.snapshot };
        match self.jobs.look_after(shipper, snapshots, self.clock.monotonic()).await {
            Ok(()) => Ok(()),
            Err(Failed { snapshot, error }) => {
                self.failed(&error);
                if snapshot { Err(error) } else { Ok(()) }
            }
        }
    }

    /// Counts what was done.
    fn tell(&mut self) {
        let Some(shipper) = &self.shipper else { return };
        let log_bytes = shipper.log_bytes().unwrap_or(0);
        let mut live = self.shared.live();
        live.log_bytes = log_bytes;
        live.restorable = shipper.chain().is_some_and(|chain| chain.snapshot.is_some());
        let (now, before) = (shipper.counts, std::mem::replace(&mut self.counted, shipper.counts));
        let done = [
            ("objects", now.objects - before.objects),
            ("chains", now.chains - before.chains),
            ("checkpoints", now.checkpoints - before.checkpoints),
            ("merges", now.merges - before.merges),
            ("deleted", now.deleted - before.deleted),
        ];
        let metrics = self.metrics.backup();
        metrics.did(&done, now.bytes - before.bytes);
        metrics.is(live.complete.map(Timestamp::as_second), live.commit, log_bytes);
    }

    /// Ships what was committed last, if it takes no longer than it may.
    async fn farewell(&mut self) {
        let clock = Arc::clone(&self.clock);
        let last = async {
            if self.hold_lock()? {
                while !self.ship(true).await? {}
            }
            Ok::<_, Error>(())
        };
        let patience = clock.sleep(FAREWELL);
        pin_mut!(last);
        match select(last, patience).await {
            Either::Left((Ok(()), _)) => {}
            Either::Left((Err(error), _)) => {
                tracing::warn!(target: "heptad::backup", %error, "the last commits are shipped when the database is opened again");
            }
            Either::Right(_) => {
                tracing::warn!(target: "heptad::backup", "the last commits are shipped when the database is opened again");
            }
        }
    }
}
