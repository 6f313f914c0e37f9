//! A chain goes on, or a new one is begun: never is there a gap.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use heptad_core::{
    ErrorKind, Result,
    backup::{
        BackupState, BackupTarget, Existing, RestorePoint, restore,
        target::{FolderTarget, MemoryTarget},
    },
    progress::Silent,
    store::{Batch, Offset, Store, Value, sqlite::SqliteStore},
};
use heptad_testkit::{
    crash::{Life, Remains, together},
    store::stream,
};
use rusqlite::config::DbConfig;

use super::{
    hooked::{Hook, Hooked},
    place::{batch, held, opened, options, restored, site},
};

async fn chains(target: &Arc<dyn BackupTarget>) -> usize {
    target.list("chains").await.expect("a list").folders.len()
}

async fn same(target: &Arc<dyn BackupTarget>, store: &dyn Store, path: &Path) {
    restored(target, RestorePoint::Latest, path).await.expect("it is restored");
    assert_eq!(held(&opened(path).await).await, held(store).await, "{}", path.display());
}

/// Another program, which leaves the log when it closes the file, unless it is the last to.
fn meddle(path: &Path, sql: &str, polite: bool) {
    let other = rusqlite::Connection::open(path).expect("the file opens");
    if polite {
        other.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).expect("a setting");
    }
    for statement in sql.split("; ") {
        let mut statement = other.prepare(statement).expect("a statement");
        let mut rows = statement.query([]).expect("it may do that");
        while rows.next().expect("a row").is_some() {}
    }
}

const TOUCH: &str = "UPDATE backup SET touched = touched + 1";

#[tokio::test]
async fn what_another_program_does_to_the_log_loses_nothing() {
    for (index, (sql, goes_on)) in [
        ("SELECT count(*) FROM records", true),
        (TOUCH, true),
        ("PRAGMA wal_checkpoint(PASSIVE)", true),
        ("PRAGMA wal_checkpoint(RESTART)", true),
        // Begun anew once: what was not shipped is still behind the new frames.
        ("PRAGMA wal_checkpoint(RESTART); UPDATE backup SET touched = touched + 1", true),
        ("PRAGMA wal_checkpoint(TRUNCATE)", false),
        ("PRAGMA wal_checkpoint(TRUNCATE); UPDATE backup SET touched = touched + 1", false),
    ]
    .into_iter()
    .enumerate()
    {
        for restart in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
            let mut slow = options();
            slow.interval = std::time::Duration::from_secs(3600);
            let mut place = site(folder.path(), Arc::clone(&target), slow.clone()).await;
            for n in 0..40 {
                place.commit(n).await;
            }
            place.ship().await;
            place.commit(41).await;
            place.commit(42).await;
            let path = place.path.clone();
            if restart {
                drop(place);
                meddle(&path, sql, true);
                place = site(folder.path(), Arc::clone(&target), slow).await;
            } else {
                meddle(&path, sql, true);
            }
            place.commit(43).await;
            place.ship().await;
            same(&target, &*place.store, &folder.path().join("restored.db")).await;
            // A TRUNCATE before this process could look is not told from one that lost something: better a snapshot too many.
            assert_eq!(chains(&target).await == 1, goes_on, "{index} {restart}: {sql}");
        }
    }
}

#[tokio::test]
async fn a_log_that_was_written_over_begins_a_new_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    let mut slow = options();
    slow.interval = std::time::Duration::from_secs(3600);
    let place = site(folder.path(), Arc::clone(&target), slow).await;
    place.commit(1).await;
    place.ship().await;
    place.commit(2).await;
    let many = [TOUCH; 600].join("; ");
    meddle(&place.path, &format!("PRAGMA wal_checkpoint(RESTART); {many}"), true);
    place.commit(3).await;
    place.ship().await;
    assert_eq!(chains(&target).await, 2);
    same(&target, &*place.store, &folder.path().join("restored.db")).await;
}

#[tokio::test]
async fn a_database_that_was_set_back_begins_a_new_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    let place = site(folder.path(), Arc::clone(&target), options()).await;
    let first = place.commit(1).await;
    place.ship().await;
    place.commit(2).await;
    place.ship().await;
    let path = place.path.clone();
    drop(place);
    let options_then = options();
    restore(Arc::clone(&target), RestorePoint::Commit(first), &path, Existing::MoveAside, Arc::new(Silent))
        .await
        .expect("it is restored over");
    let place = site(folder.path(), Arc::clone(&target), options_then).await;
    let again = place.commit(3).await;
    place.ship().await;
    assert_eq!(chains(&target).await, 2);
    same(&target, &*place.store, &folder.path().join("restored.db")).await;
    assert_eq!(again, first + 1, "its commits are counted on from there");
}

#[tokio::test]
async fn commits_behind_the_one_that_was_set_back_to_can_still_be_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    let place = site(folder.path(), Arc::clone(&target), options()).await;
    let mut old = Vec::new();
    for n in 1..=6 {
        old.push((place.commit(n).await, held(&*place.store).await));
        place.ship().await;
    }
    let path = place.path.clone();
    drop(place);
    let (back, _) = old[1];
    restore(Arc::clone(&target), RestorePoint::Commit(back), &path, Existing::MoveAside, Arc::new(Silent))
        .await
        .expect("it is restored over");
    let place = site(folder.path(), Arc::clone(&target), options()).await;
    let newer = place.commit(30).await;
    place.ship().await;
    let now = held(&*place.store).await;
    assert_eq!(newer, old[2].0, "there are two commits of that number");
    for (commit, expected) in [(newer, &now), (old[4].0, &old[4].1)] {
        let path = folder.path().join(format!("{commit}.db"));
        restored(&target, RestorePoint::Commit(commit), &path).await.expect("it is restored");
        assert_eq!(held(&opened(&path).await).await, *expected, "{commit}");
    }
    let error = restored(&target, RestorePoint::Commit(old[5].0 + 1), &folder.path().join("none.db")).await;
    let error = error.expect_err("it is nowhere");
    assert!(error.message().contains(&format!("the last one is {newer}")), "{error}");
}

#[tokio::test]
async fn a_log_with_a_flipped_bit_is_not_taken_for_shipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    let mut slow = options();
    slow.interval = std::time::Duration::from_secs(3600);
    let place = site(folder.path(), Arc::clone(&target), slow).await;
    place.commit(1).await;
    place.ship().await;
    let log = place.path.with_extension("db-wal");
    let begin = log.metadata().expect("a log").len() as usize;
    place.commit(2).await;
    place.commit(3).await;
    let mut bytes = std::fs::read(&log).expect("a log");
    bytes[begin + 1000] ^= 1;
    std::fs::write(&log, &bytes).expect("a log");
    let before = target.list("chains").await.expect("a list");
    for _ in 0..2 {
        let error = place.backup.run(false).await.expect_err("what is committed cannot be read");
        assert!(format!("{error:?}").contains("checksums"), "{error:?}");
        assert_eq!(place.backup.live().expect("a backup").state, BackupState::Failing);
    }
    assert_eq!(target.list("chains").await.expect("a list"), before);
    bytes[begin + 1000] ^= 1;
    std::fs::write(&log, &bytes).expect("a log");
    place.ship().await;
    same(&target, &*place.store, &folder.path().join("restored.db")).await;
}

#[tokio::test]
async fn two_databases_do_not_share_a_target() {
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    site(one.path(), Arc::clone(&target), options()).await.ship().await;
    let place = site(other.path(), Arc::clone(&target), options()).await;
    let error = place.backup.run(false).await.expect_err("it is another's");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert!(error.message().contains("another database"), "{error}");
}

#[tokio::test]
async fn one_ships_and_the_other_stands_by_and_takes_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    let one = site(folder.path(), Arc::clone(&target), options()).await;
    one.commit(1).await;
    one.ship().await;
    let other = site(folder.path(), Arc::clone(&target), options()).await;
    other.commit(2).await;
    let error = other.backup.run(false).await.expect_err("the first one ships");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert_eq!(other.backup.live().expect("a backup").state, BackupState::Standby);
    one.ship().await;
    drop(one);
    let last = other.commit(3).await;
    assert_eq!(other.ship().await, last);
    assert_eq!(chains(&target).await, 1);
    same(&target, &*other.store, &folder.path().join("restored.db")).await;
}

const COMMITS: u64 = 60;

/// Both write; both are configured to back up, one does, and takes over where the other has ended.
#[test]
fn two_processes_back_up_one_file_and_lose_nothing() {
    together("backup::continuity::two_processes_back_up_one_file_and_lose_nothing", 2, work, check);
}

async fn work(life: Life) {
    let target: Arc<dyn BackupTarget> = Arc::new(FolderTarget::new(life.folder.join("backup")));
    let place = site(&life.folder, target, options()).await;
    for n in 0..COMMITS {
        let mut batch = Batch::new();
        batch.append(stream("both"), vec![Value::json(&[life.life, n]).expect("numbers")]);
        place.store.commit(batch).await.expect("a commit");
        if n % 7 == 0 {
            match place.backup.run(false).await {
                Ok(_) => life.acknowledge("shipped"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
            }
        }
    }
}

async fn check(remains: Remains) {
    assert!(!remains.acknowledged.is_empty(), "one of them ships");
    let target: Arc<dyn BackupTarget> = Arc::new(FolderTarget::new(remains.folder.join("backup")));
    // Whoever opens it next ships what the last to end had no time for.
    let place = site(&remains.folder, Arc::clone(&target), options()).await;
    place.ship().await;
    let path = remains.folder.join("restored.db");
    restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
    let entries = opened(&path).await.read(&stream("both"), Offset::START, usize::MAX).await.expect("a read");
    assert_eq!(entries.len() as u64, 2 * COMMITS);
    assert_eq!(chains(&target).await, 1, "both are of one mind about the log");
}

/// During every put something is committed, as often as is left.
#[derive(Default)]
struct Busy(Mutex<(Option<Arc<SqliteStore>>, u64)>);

#[async_trait]
impl Hook for Busy {
    async fn put(&self, _: &str) -> Result<()> {
        let next = {
            let mut commits = self.0.lock().expect("no panic");
            let (store, left) = &mut *commits;
            *left = left.saturating_sub(1);
            store.clone().filter(|_| *left > 0).map(|store| (store, *left))
        };
        if let Some((store, left)) = next {
            store.commit(batch(left, 300)).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn shipping_ends_although_commits_go_on() {
    const MANY: u64 = 1000;
    let folder = tempfile::tempdir().expect("a folder");
    let busy = Hooked::new(Busy::default());
    let target: Arc<dyn BackupTarget> = Arc::clone(&busy) as _;
    let mut slow = options();
    slow.interval = std::time::Duration::from_secs(3600);
    let place = site(folder.path(), Arc::clone(&target), slow).await;
    *busy.hook.0.lock().expect("no panic") = (Some(Arc::clone(&place.store)), MANY);
    let last = place.commit(1).await;
    // The snapshot is taken meanwhile, too.
    assert!(place.backup.run(true).await.expect("it ends").commit >= Some(last));
    let (store, left) = std::mem::take(&mut *busy.hook.0.lock().expect("no panic"));
    assert!(store.is_some() && left > MANY / 2, "it went after everything that was committed meanwhile");
    drop(store);
    let last = place.commit(2).await;
    assert_eq!(place.ship().await, last);
    same(&target, &*place.store, &folder.path().join("restored.db")).await;
}
