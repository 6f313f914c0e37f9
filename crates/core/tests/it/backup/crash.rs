//! Death while it is backed up, merged, restored.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use heptad_core::{
    backup::{BackupTarget, Existing, RestorePoint, restore, target::FolderTarget, verify},
    progress::Silent,
    store::{Offset, Store},
};
use heptad_testkit::{
    crash::{Crash, Life, Remains},
    store::stream,
};

use super::place::{held, opened, options, restored, site};

fn target(folder: &Path) -> Arc<dyn BackupTarget> {
    Arc::new(FolderTarget::new(folder.join("backup")))
}

#[test]
fn what_was_acknowledged_as_shipped_is_restored() {
    Crash::new("backup::crash::what_was_acknowledged_as_shipped_is_restored")
        .rounds(6)
        .most_acknowledgements(60)
        .run(ship_for_ever, look);
}

/// Ships each commit, with a snapshot now and then: so it dies in puts, snapshots, merges, checkpoints of its own.
async fn ship_for_ever(life: Life) {
    let place = site(&life.folder, target(&life.folder), options()).await;
    for n in 0.. {
        let commit = place.commit(n).await;
        let live = place.backup.run(n % 13 == 7).await.expect("it is shipped");
        assert!(live.commit >= Some(commit));
        life.acknowledge(commit);
    }
}

async fn look(remains: Remains) {
    let target = target(&remains.folder);
    let shipped: Option<u64> = remains.acknowledged.last().map(|commit| commit.parse().expect("a number"));
    let Some(shipped) = shipped else { return };
    let found = verify(Arc::clone(&target), &remains.folder, Arc::new(Silent)).await.expect("it can be read");
    assert_eq!(found.problems, Vec::<String>::new());
    let path = remains.folder.join("restored.db");
    let latest = restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
    assert!(latest.commit >= shipped, "{shipped} was shipped, {} is there", latest.commit);
    // The source is there as well, and holds no less; where they are at the same commit they are the same.
    let source = remains.folder.join("store.db");
    let store = opened(&source).await;
    let restored_store = opened(&path).await;
    let (now, then) = (held(&store).await, held(&restored_store).await);
    assert!(now.1.len() >= then.1.len());
    assert_eq!(now.1[..then.1.len()], then.1[..]);
    drop((store, restored_store));
    for file in std::fs::read_dir(&remains.folder).expect("a folder").flatten() {
        if file.file_name().to_string_lossy().starts_with("restored.db") {
            std::fs::remove_file(file.path()).expect("a file is removed");
        }
    }
}

#[test]
fn death_while_merging_leaves_a_whole_backup() {
    Crash::new("backup::crash::death_while_merging_leaves_a_whole_backup")
        .rounds(6)
        .most_acknowledgements(40)
        .run(
            |life: Life| async move {
                let place = site(&life.folder, target(&life.folder), options()).await;
                for n in 0.. {
                    // Sixteen small objects, and then the merge that they make due.
                    let before = merged(&life.folder);
                    for part in 0..16 {
                        place.commit(n * 16 + part).await;
                        place.ship().await;
                    }
                    let commit = place.ship_until(|| merged(&life.folder) > before).await;
                    life.acknowledge(commit);
                }
            },
            look,
        );
}

/// How many objects of the first level above the lowest are in the backup.
fn merged(folder: &Path) -> usize {
    let inside =
        |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let shards = inside(folder.join("backup/chains")).flat_map(|chain| inside(chain.join("log/1")));
    let name = |path: &PathBuf| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'));
    shards.flat_map(inside).filter(name).count()
}

#[test]
fn a_file_that_is_restored_is_whole_or_not_there() {
    Crash::new("backup::crash::a_file_that_is_restored_is_whole_or_not_there")
        .rounds(6)
        .most_acknowledgements(20)
        .run(restore_for_ever, whole_or_not_there);
}

async fn restore_for_ever(life: Life) {
    let target = target(&life.folder);
    if target.list("chains").await.expect("a list").folders.is_empty() {
        let place = site(&life.folder, Arc::clone(&target), options()).await;
        for n in 1..=60 {
            place.commit(n).await;
            place.ship().await;
        }
    }
    let place = life.folder.join("restored.db");
    for _ in 0.. {
        let done =
            restore(Arc::clone(&target), RestorePoint::Latest, &place, Existing::MoveAside, Arc::new(Silent));
        let done = done.await.expect("it is restored");
        if let Some(replaced) = done.replaced {
            std::fs::remove_file(replaced).expect("what was there was moved aside");
        }
        life.acknowledge(done.commit);
    }
}

async fn whole_or_not_there(remains: Remains) {
    let path = remains.folder.join("restored.db");
    if path.exists() {
        let contents = heptad_core::store::sqlite::inspect(&path).expect("it is whole");
        assert_eq!(contents.entries, 60);
        let log = opened(&path).await.read(&stream("log"), Offset::START, usize::MAX).await.expect("a read");
        assert_eq!(log.len(), 60);
    }
    let backed_up = !remains.acknowledged.is_empty();
    let unfinished = || {
        let names =
            std::fs::read_dir(&remains.folder).expect("a folder").flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().contains(".restoring-")).count()
    };
    if backed_up {
        let again = restore(
            target(&remains.folder),
            RestorePoint::Latest,
            &path,
            Existing::MoveAside,
            Arc::new(Silent),
        );
        let replaced = again.await.expect("it is restored").replaced;
        assert_eq!(unfinished(), 0, "what death left is removed");
        if let Some(replaced) = replaced {
            std::fs::remove_file(replaced).expect("a file");
        }
    }
}
