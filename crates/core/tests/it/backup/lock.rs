//! Who has the database: whose it is to ship, and that nobody restores over what is open.

use std::sync::Arc;

use async_trait::async_trait;
use heptad_core::{
    ErrorKind, Result,
    backup::{
        BackupOptions, BackupState, BackupTarget, Existing, RestorePoint, restore,
        target::{FolderTarget, MemoryTarget},
    },
    operation::HealthState,
    progress::Silent,
};
use heptad_testkit::crash::{Life, Remains, together};
use tokio::sync::Semaphore;

use super::{
    hooked::{Hook, Hooked},
    place::{held, opened, options, restored, site},
    trouble::{MOST, SLACK, health, storm},
};

#[tokio::test]
async fn a_database_that_is_open_without_a_backup_is_not_moved_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    let place = site(folder.path(), Arc::clone(&target), options()).await;
    place.commit(1).await;
    place.ship().await;
    let path = place.path.clone();
    drop(place);
    let over =
        || restore(Arc::clone(&target), RestorePoint::Latest, &path, Existing::MoveAside, Arc::new(Silent));
    let store = opened(&path).await;
    let expected = held(&store).await;
    let error = over().await.expect_err("a store has it open");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(held(&store).await, expected);
    drop(store);
    let other = rusqlite::Connection::open(&path).expect("the file opens");
    other.query_row("SELECT count(*) FROM records", [], |_| Ok(())).expect("it is read");
    let error = over().await.expect_err("another program has it open");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    drop(other);
    let replaced = over().await.expect("nobody has it open").replaced.expect("it is kept");
    assert_eq!(held(&opened(&path).await).await, expected);
    assert_eq!(held(&opened(&replaced).await).await, expected);
}

#[cfg(unix)]
#[test]
fn a_database_that_another_process_has_open_is_not_moved_away() {
    let name = "backup::lock::a_database_that_another_process_has_open_is_not_moved_away";
    together(name, 2, keep_open_or_restore, both_were_there);
}

/// The first has it open and has taken a snapshot of it; the second restores over it. That one finds no lock but SQLite's.
async fn keep_open_or_restore(life: Life) {
    let target: Arc<dyn BackupTarget> = Arc::new(FolderTarget::new(life.folder.join("backup")));
    let path = life.folder.join("store.db");
    let until = async |name: &str| {
        let file = life.folder.join(name);
        let wait = async {
            while !file.exists() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), wait).await.expect("the other gets there");
    };
    let reached = |name: &str| std::fs::write(life.folder.join(name), "").expect("a file");
    if life.life == 0 {
        let place = site(&life.folder, target, options()).await;
        place.commit(1).await;
        place.backup.run(true).await.expect("a snapshot");
        std::fs::remove_file(life.folder.join("store.db.backup-lock")).expect("a file");
        reached("open");
        until("tried").await;
        place.commit(2).await;
        assert_eq!(held(&opened(&path).await).await, held(&*place.store).await, "it is the same file still");
        life.acknowledge("kept");
    } else {
        until("open").await;
        let done = restore(target, RestorePoint::Latest, &path, Existing::MoveAside, Arc::new(Silent)).await;
        reached("tried");
        let error = done.expect_err("it is open");
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        life.acknowledge("refused");
    }
}

async fn both_were_there(remains: Remains) {
    let mut told = remains.acknowledged;
    told.sort();
    assert_eq!(told, ["kept", "refused"]);
}

/// Nothing is got until it may be.
struct Slow {
    asked: Semaphore,
    may: Semaphore,
}

#[async_trait]
impl Hook for Slow {
    async fn get(&self, _: &str) -> Result<()> {
        self.asked.add_permits(1);
        drop(self.may.acquire().await.expect("it is not closed"));
        Ok(())
    }
}

#[tokio::test]
async fn one_restores_to_a_place_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = MemoryTarget::new();
    let place = site(folder.path(), Arc::new(inner.clone()), options()).await;
    place.commit(1).await;
    place.ship().await;
    let path = folder.path().join("restored.db");
    let hook = Slow { asked: Semaphore::new(0), may: Semaphore::new(0) };
    let slow = Arc::new(Hooked { inner: inner.clone(), hook });
    let (target, to): (Arc<dyn BackupTarget>, _) = (Arc::clone(&slow) as _, path.clone());
    let first = tokio::spawn(async move { restored(&target, RestorePoint::Latest, &to).await });
    drop(slow.hook.asked.acquire().await.expect("it is not closed"));
    let target: Arc<dyn BackupTarget> = Arc::new(inner);
    let error = restored(&target, RestorePoint::Latest, &path).await.expect_err("another one does");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    slow.hook.may.add_permits(1);
    first.await.expect("no panic").expect("it is restored");
    assert_eq!(held(&opened(&path).await).await, held(&*place.store).await);
    let entries = std::fs::read_dir(folder.path()).expect("a folder").flatten();
    let left = entries.filter(|entry| entry.file_name().to_string_lossy().contains("restoring"));
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_lock_that_cannot_be_had_is_told_and_the_log_stays_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let lock = folder.path().join("store.db.backup-lock");
    // As unusable as a file of somebody else's, and so for every user.
    std::fs::create_dir(&lock).expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    let bounded = BackupOptions { most_log: MOST, ..options() };
    let place = site(folder.path(), Arc::clone(&target), bounded).await;
    place.commit(1).await;
    let error = place.backup.run(false).await.expect_err("it is not known who ships");
    assert!(error.message().contains("lock"), "{error}");
    let live = place.backup.live().expect("a backup");
    assert_eq!(live.state, BackupState::Failing);
    assert!(live.failures > 0 && live.error.is_some());
    assert_eq!(health(&place).await.state, HealthState::Failed);
    let largest = storm(&place, 160 << 20).await;
    assert!(largest <= MOST + SLACK, "the log had {largest} bytes");
    std::fs::remove_dir(&lock).expect("the trouble is over");
    let last = place.commit(2).await;
    assert_eq!(place.ship().await, last);
    let path = folder.path().join("restored.db");
    restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
    assert_eq!(held(&opened(&path).await).await, held(&*place.store).await);
}
