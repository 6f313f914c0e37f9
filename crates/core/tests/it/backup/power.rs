//! The plug is pulled under the database that is backed up.

use std::sync::Arc;

use heptad_core::{
    backup::{BackupOptions, BackupTarget, Backups, RestorePoint, target::MemoryTarget},
    clock::SystemClock,
    store::{
        Batch, Offset, Store, Value,
        sqlite::{LogGate, SqliteOptions, SqliteStore},
    },
    telemetry::Metrics,
};
use heptad_testkit::{
    backup::Troubled,
    store::{key, stream},
    vfs::{self, Cut, Trouble},
};

use super::place::{Site, batch, held, opened, options, restored, site};

/// Whatever the disk has lost (these stores are `Normal`, so acknowledged commits are among it), the backup has what it acknowledged, and goes
/// on with what the disk has kept.
#[tokio::test]
async fn the_backup_has_what_it_acknowledged_although_the_disk_lost_it() {
    let mut lost = 0;
    for seed in 0..40_u64 {
        let (folder, aside) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let root = folder.path().canonicalize().expect("the folder has a place");
        let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
        let lossy = BackupOptions { vfs: Some(vfs::register().into()), ..options() };
        let place = site(&root, Arc::clone(&target), lossy).await;
        vfs::pull_plug_after(&root, 40 + seed * 7);
        let mut shipped = 0;
        for n in 1..=40 {
            if place.store.commit(batch(n, 900)).await.is_err() {
                break;
            }
            match place.backup.run(n % 10 == 9).await {
                Ok(live) => shipped = live.commit.expect("a commit"),
                Err(_) => break,
            }
        }
        drop(place);
        vfs::trouble(&root, None);
        vfs::cut_power(&root, if seed % 2 == 0 { Cut::Clean } else { Cut::Torn(seed) });
        if shipped > 0 {
            let path = aside.path().join("restored.db");
            let restored = restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
            assert!(
                restored.commit >= shipped,
                "seed {seed}: {shipped} was shipped, {} is there",
                restored.commit
            );
        }
        // The source goes on with what it has, and so does its backup.
        let place = site(&root, Arc::clone(&target), options()).await;
        let kept =
            place.store.read(&stream("log"), Offset::START, usize::MAX).await.expect("a read").len() as u64;
        lost += u64::from(kept < shipped);
        place.commit(99).await;
        place.ship().await;
        let path = aside.path().join("again.db");
        super::place::restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
        assert_eq!(held(&opened(&path).await).await, held(&*place.store).await, "seed {seed}");
    }
    assert!(lost > 0, "the disk lost something that the backup had");
}

/// What cannot be synced is written all the same, and stands whole behind the end of the log, which is then begun anew.
#[tokio::test]
async fn a_transaction_that_failed_is_not_shipped_as_committed() {
    let (folder, aside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let root = folder.path().canonicalize().expect("the folder has a place");
    let troubled = Troubled::new(Arc::new(MemoryTarget::new()));
    let target: Arc<dyn BackupTarget> = Arc::new(troubled.clone());
    let gate = LogGate::default();
    let vfs = Some(vfs::register().to_owned());
    let sqlite = SqliteOptions { log: Some(gate.clone()), vfs: vfs.clone(), ..SqliteOptions::default() };
    let path = root.join("store.db");
    let store = SqliteStore::open(&path, sqlite, Arc::new(SystemClock)).await.expect("the store opens");
    let lossy = BackupOptions { vfs, ..options() };
    let backup =
        Backups::start(&path, Arc::clone(&target), gate, lossy, Arc::new(SystemClock), &Metrics::new());
    let place = Site { store: Arc::new(store), backup: backup.expect("a thread"), path };
    place.commit(1).await;
    place.ship().await;
    // Enough that the log is begun anew as soon as it is shipped, and not before.
    troubled.down(true);
    for n in 0..90 {
        let mut large = Batch::new();
        large.put(key("large", &n.to_string()), Value::Bytes(vec![n; 200_000].into()));
        place.store.commit(large).await.expect("a commit");
    }
    vfs::trouble(&root, Some(Trouble::Unsyncable));
    place.store.commit(batch(99, 900)).await.expect_err("it cannot be synced");
    vfs::trouble(&root, None);
    let expected = held(&*place.store).await;
    troubled.down(false);
    for _ in 0..1000 {
        place.ship().await;
        if place.backup.live().expect("a backup").log_bytes < 1 << 20 {
            break;
        }
    }
    assert!(place.backup.live().expect("a backup").log_bytes < 1 << 20, "the log is begun anew");
    assert_eq!(held(&*place.store).await, expected);
    for n in 2..4 {
        let path = aside.path().join(format!("{n}.db"));
        restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
        assert_eq!(held(&opened(&path).await).await, held(&*place.store).await);
        place.commit(n).await;
        place.ship().await;
    }
}
