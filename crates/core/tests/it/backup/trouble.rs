//! A target that is down, full, slow or silent, a storm of commits, and other programs at the worst moment.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use async_trait::async_trait;

use heptad_core::{
    Error, ErrorKind, Kernel, Result,
    backup::{BackupOptions, BackupState, BackupTarget, RestorePoint, target::MemoryTarget},
    clock::SystemClock,
    kernel::Ports,
    operation::{Context, Handle as _, HealthPart, HealthState, Platform},
    store::{Store, sqlite::SqliteStore},
};
use heptad_testkit::backup::Troubled;

use super::{
    hooked::{Hook, Hooked},
    place::{Site, batch, held, opened, options, restored, site},
};

#[tokio::test]
async fn a_target_that_is_down_is_told_of_and_nothing_is_missing_when_it_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let troubled = Troubled::new(Arc::new(MemoryTarget::new()));
    let target: Arc<dyn BackupTarget> = Arc::new(troubled.clone());
    troubled.down(true);
    let place = site(folder.path(), Arc::clone(&target), options()).await;
    let mut last = 0;
    for round in 0..4 {
        for n in 0..10 {
            last = place.commit(round * 10 + n).await;
        }
        let error = place.backup.run(false).await.expect_err("the target is down");
        assert!(error.message().contains("down"), "{error:?}");
        let live = place.backup.live().expect("a backup");
        assert_eq!(live.state, BackupState::Failing);
        assert!(live.failures > 0 && live.error.is_some_and(|error| error.contains("down")));
        let part = health(&place).await;
        assert_eq!(part.state, HealthState::Failed);
        assert!(part.detail.as_ref().is_some_and(|detail| detail.contains("down")), "{part:?}");
        troubled.down(false);
        assert_eq!(place.ship().await, last);
        let live = place.backup.live().expect("a backup");
        assert_eq!((live.state, live.error, live.restorable), (BackupState::Shipping, None, true));
        let part = health(&place).await;
        assert_eq!((part.state, part.durable), (HealthState::Ok, true), "{part:?}");
        troubled.down(true);
    }
    troubled.down(false);
    let path = folder.path().join("restored.db");
    restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
    assert_eq!(held(&opened(&path).await).await, held(&*place.store).await);
    assert_eq!(target.list("chains").await.expect("a list").folders.len(), 1, "no chain was given up");
}

/// What a platform with this backup says of its health.
pub(super) async fn health(place: &Site) -> HealthPart {
    let (ports, _) = crate::platform::ports();
    let kernel = Kernel::new(Ports { backup: place.backup.clone(), clock: Arc::new(SystemClock), ..ports });
    let health = Platform::new(Context::owner(kernel)).health().await.expect("it answers");
    health.parts.into_iter().find(|part| part.port == "backup").expect("the backup is a part")
}

/// Writes until `bytes` were committed, and returns how large the log was at most meanwhile.
pub(super) async fn storm(place: &Site, bytes: usize) -> u64 {
    let log = place.path.with_extension("db-wal");
    let (mut written, mut largest, mut n) = (0, 0, 0);
    while written < bytes {
        let commits = (0..8).map(|_| {
            n += 1;
            let store = Arc::clone(&place.store);
            let mut batch = batch(n, 300);
            let value = heptad_core::store::Value::Bytes(vec![n as u8; 200_000].into());
            batch.put(heptad_testkit::store::key("large", &format!("{:03}", n % 50)), value);
            async move { store.commit(batch).await.expect("a commit") }
        });
        futures_util::future::join_all(commits).await;
        written += 8 * 200_000;
        largest = largest.max(log.metadata().map_or(0, |log| log.len()));
    }
    largest
}

/// The bound: `backup.most_log`, and one transaction (16 MiB) and its frames.
pub(super) const MOST: u64 = 48 << 20;
pub(super) const SLACK: u64 = 24 << 20;

async fn storm_against(
    troubled: Troubled,
    make: impl Fn(&Troubled),
    expect_chains: std::ops::RangeInclusive<usize>,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(troubled.clone());
    let most = BackupOptions { most_log: MOST, ..options() };
    let place = site(folder.path(), Arc::clone(&target), most).await;
    place.commit(1).await;
    place.ship().await;
    make(&troubled);
    let largest = storm(&place, 240 << 20).await;
    assert!(largest <= MOST + SLACK, "the log had {largest} bytes");
    troubled.down(false);
    let last = place.commit(0).await;
    assert_eq!(place.ship().await, last);
    let path = folder.path().join("restored.db");
    restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
    assert_eq!(held(&opened(&path).await).await, held(&*place.store).await);
    let chains = target.list("chains").await.expect("a list").folders.len();
    assert!(expect_chains.contains(&chains), "{chains} chains");
}

#[tokio::test]
async fn the_log_is_bounded_in_a_storm_while_the_target_keeps_up() {
    storm_against(Troubled::new(Arc::new(MemoryTarget::new())), |_| {}, 1..=1).await;
}

#[tokio::test]
async fn the_log_is_bounded_in_a_storm_while_the_target_is_down() {
    storm_against(Troubled::new(Arc::new(MemoryTarget::new())), |target| target.down(true), 2..=9).await;
}

#[tokio::test]
async fn the_log_is_bounded_in_a_storm_while_the_target_is_slow() {
    let slow = |target: &Troubled| target.slow(Duration::from_secs(20));
    storm_against(Troubled::new(Arc::new(MemoryTarget::new())), slow, 2..=9).await;
}

#[tokio::test]
async fn when_the_backup_ends_the_store_looks_after_its_log_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let Site { store, backup, path } = site(folder.path(), Arc::new(MemoryTarget::new()), options()).await;
    backup.run(false).await.expect("it is shipped");
    drop(backup);
    let place = Site { store, backup: heptad_core::backup::Backups::default(), path };
    let largest = storm(&place, 160 << 20).await;
    assert!(largest < 100 << 20, "the log had {largest} bytes");
}

/// Empties the write-ahead log as another program does when it closes the file, once: while commits wait for an object.
#[derive(Default)]
struct Empty {
    site: OnceLock<(Weak<SqliteStore>, PathBuf)>,
    done: AtomicBool,
}

#[async_trait]
impl Hook for Empty {
    async fn put(&self, _: &str) -> Result<()> {
        let Some((store, path)) = self.site.get().filter(|_| !self.done.load(Ordering::SeqCst)) else {
            return Ok(());
        };
        let Some(store) = store.upgrade() else { return Ok(()) };
        if path.with_extension("db-wal").metadata().map_or(0, |log| log.len()) < 16 << 20 {
            return Ok(());
        }
        // Only while no transaction may run does a commit have to wait.
        let commit = store.commit(batch(1, 9));
        if tokio::time::timeout(Duration::from_millis(700), commit).await.is_err() {
            let other = rusqlite::Connection::open(path).expect("the file opens");
            other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("a checkpoint");
            self.done.store(true, Ordering::SeqCst);
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_log_that_is_emptied_while_commits_wait_for_the_target_does_not_stop_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let hooked = Hooked::new(Empty::default());
    let target: Arc<dyn BackupTarget> = Arc::clone(&hooked) as _;
    let place = site(folder.path(), Arc::clone(&target), options()).await;
    let known = (Arc::downgrade(&place.store), place.path.clone());
    assert!(hooked.hook.site.set(known).is_ok());
    let work = async {
        for _ in 0..40 {
            if hooked.hook.done.load(Ordering::SeqCst) {
                break;
            }
            storm(&place, 24 << 20).await;
        }
        let last = place.commit(1).await;
        assert_eq!(place.ship().await, last);
    };
    if tokio::time::timeout(Duration::from_secs(180), work).await.is_err() {
        // What hangs would keep this from ending.
        std::mem::forget(place);
        panic!("a commit waits for ever");
    }
    assert!(hooked.hook.done.load(Ordering::SeqCst), "it was emptied while commits waited");
    let path = folder.path().join("restored.db");
    restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
    assert_eq!(held(&opened(&path).await).await, held(&*place.store).await);
}

/// Parts of snapshots: the first put is never answered, the second fails, and the third is answered although it is lost.
#[derive(Default)]
struct Parts {
    puts: AtomicU64,
    names: Mutex<Vec<String>>,
}

#[async_trait]
impl Hook for Parts {
    async fn put(&self, name: &str) -> Result<()> {
        if !name.contains("/base-") {
            return Ok(());
        }
        self.names.lock().expect("no panic").push(name.to_owned());
        match self.puts.fetch_add(1, Ordering::SeqCst) {
            0 => std::future::pending().await,
            1 => Err(Error::new(ErrorKind::Unavailable, "a line that broke")),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_snapshot_whose_part_is_not_answered_is_gone_on_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let hooked = Hooked::new(Parts::default());
    let target: Arc<dyn BackupTarget> = Arc::clone(&hooked) as _;
    let quick = BackupOptions { timeout: Duration::from_millis(500), ..options() };
    let place = site(folder.path(), Arc::clone(&target), quick).await;
    place.commit(1).await;
    tokio::time::timeout(Duration::from_secs(120), place.ship()).await.expect("it does not hang");
    let names = hooked.hook.names.lock().expect("no panic").clone();
    assert!(names.len() >= 3 && names[..3].iter().all(|name| *name == names[0]), "{names:?}");
    let path = folder.path().join("restored.db");
    restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
}

/// A share that is gone: whoever writes to it sleeps in the kernel, and no patience wakes the thread.
struct Gone(Arc<Mutex<mpsc::Receiver<()>>>);

#[async_trait]
impl Hook for Gone {
    async fn put(&self, _: &str) -> Result<()> {
        let gone = Arc::clone(&self.0);
        let write = tokio::task::spawn_blocking(move || gone.lock().expect("no panic").recv());
        let _ = write.await;
        Ok(())
    }
}

#[tokio::test]
async fn a_target_that_never_answers_does_not_keep_a_platform_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let (back, gone) = mpsc::channel();
    let hook = Gone(Arc::new(Mutex::new(gone)));
    let place = site(folder.path(), Hooked::new(hook), options()).await;
    place.commit(1).await;
    let (closed, wait) = mpsc::channel();
    std::thread::spawn(move || {
        drop(place);
        let _ = closed.send(());
    });
    // It takes five seconds to say farewell.
    wait.recv_timeout(Duration::from_secs(120)).expect("it is closed");
    drop(back);
}
