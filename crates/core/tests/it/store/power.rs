//! The plug is pulled at every single write and sync of a store in `Full`, one after the other, and the disk keeps what it likes of the
//! rest.

use std::{path::Path, sync::Arc};

use heptad_core::{
    Result,
    clock::SystemClock,
    store::{
        Batch, Offset, Store, Value,
        sqlite::{Durability, SqliteOptions, SqliteStore},
    },
};
use heptad_testkit::{
    store::{key, stream},
    vfs::{self, Cut},
};

const COMMITS: u64 = 6;

async fn open(folder: &Path, durability: Durability, vfs: Option<&str>) -> Result<SqliteStore> {
    let options = SqliteOptions { durability, vfs: vfs.map(Into::into), ..SqliteOptions::default() };
    SqliteStore::open(folder.join("store.db"), options, Arc::new(SystemClock)).await
}

/// Opens a store and commits until the power goes; returns how many commits were acknowledged.
async fn work(folder: &Path, durability: Durability) -> u64 {
    let Ok(store) = open(folder, durability, Some(vfs::register())).await else { return 0 };
    for n in 1..=COMMITS {
        let mut batch = Batch::new();
        let long = "x".repeat((n * 1_500) as usize);
        batch
            .append(
                stream("log"),
                vec![Value::json(&n).expect("a number"), Value::json(&long).expect("a text")],
            )
            .put(key("last", "commit"), Value::json(&n).expect("a number"));
        if store.commit(batch).await.is_err() {
            return n - 1;
        }
    }
    COMMITS
}

/// How many commits are left; each is whole or not there.
async fn left(folder: &Path) -> u64 {
    let store = open(folder, Durability::Full, None).await.expect("what is left opens");
    let last = store.get(&key("last", "commit")).await.expect("a read");
    let last: u64 = last.map_or(0, |record| record.value.decode().expect("a number"));
    let log = store.read(&stream("log"), Offset::START, usize::MAX).await.expect("the log is whole");
    assert_eq!(log.len() as u64, 2 * last, "a record and the entries that tell of it");
    for (n, entries) in (1..=last).zip(log.chunks(2)) {
        assert_eq!(entries[0].value.decode::<u64>().expect("a number"), n);
        assert_eq!(entries[1].value.decode::<String>().expect("a text").len() as u64, n * 1_500);
    }
    last
}

/// Works in a new folder until the plug is pulled, and cuts the power; returns how many commits were acknowledged, and how many are left.
/// `None` where the work was done before.
async fn round(durability: Durability, operations: u64, cut: Cut) -> Option<(u64, u64)> {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().canonicalize().expect("the folder has a place");
    vfs::pull_plug_after(&place, operations);
    let acknowledged = work(&place, durability).await;
    let pulled = vfs::left_before_plug(&place) == 0;
    vfs::trouble(&place, None);
    vfs::cut_power(&place, cut);
    let left = left(&place).await;
    assert!(left <= acknowledged + 1, "{left} commits are left, {acknowledged} were acknowledged");
    pulled.then_some((acknowledged, left))
}

#[tokio::test]
async fn in_full_nothing_acknowledged_is_lost_wherever_the_plug_is_pulled() {
    for operations in 0.. {
        let cuts = [Cut::Clean, Cut::Torn(operations)];
        let mut pulled = false;
        for cut in cuts {
            let Some((acknowledged, left)) = round(Durability::Full, operations, cut).await else { continue };
            assert!(left >= acknowledged, "after {operations} operations, {cut:?}: {left} of {acknowledged}");
            pulled = true;
        }
        if !pulled {
            assert!(operations > COMMITS, "the work takes more than {operations} operations");
            return;
        }
    }
}

/// That the test above can fail: what is not synced does get lost.
#[tokio::test]
async fn in_normal_the_last_commits_are_lost_whole() {
    let mut lost = 0;
    for seed in 0..30 {
        let round = round(Durability::Normal, 20 + seed, Cut::Torn(seed)).await;
        let Some((acknowledged, left)) = round else { break };
        assert!(left <= acknowledged);
        lost += acknowledged - left;
    }
    assert!(lost > 0, "every commit that was acknowledged is left");
}
