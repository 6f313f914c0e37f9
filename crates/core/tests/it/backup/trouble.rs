//! A target that is down, full or slow, and a storm of commits.

use std::{sync::Arc, time::Duration};

use heptad_core::{
    Kernel,
    backup::{BackupOptions, BackupState, BackupTarget, RestorePoint, target::MemoryTarget},
    clock::SystemClock,
    kernel::Ports,
    operation::{Context, Handle as _, HealthPart, HealthState, Platform},
    store::Store,
};
use heptad_testkit::backup::Troubled;

use super::place::{Site, batch, held, opened, options, restored, site};

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
async fn health(place: &Site) -> HealthPart {
    let (ports, _) = crate::platform::ports();
    let kernel = Kernel::new(Ports { backup: place.backup.clone(), clock: Arc::new(SystemClock), ..ports });
    let health = Platform::new(Context::owner(kernel)).health().await.expect("it answers");
    health.parts.into_iter().find(|part| part.port == "backup").expect("the backup is a part")
}

/// Writes until `bytes` were committed, and returns how large the log was at most meanwhile.
async fn storm(place: &Site, bytes: usize) -> u64 {
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
const MOST: u64 = 48 << 20;
const SLACK: u64 = 24 << 20;

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
