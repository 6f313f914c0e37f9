//! The plug is pulled at any write of an encrypted store in `Full` while it is written and its keys are changed.

use std::{path::Path, sync::Arc};

use heptad_core::{
    Result,
    clock::SystemClock,
    progress::Silent,
    store::{
        Batch, KeyRange, Offset, Page, Store, Value,
        encrypted::{Encrypted, EncryptedOptions},
        sqlite::{Durability, SqliteOptions, SqliteStore},
    },
};
use heptad_testkit::{
    store::{key, stream},
    vfs::{self, Cut},
};

use super::ring;

const COMMITS: u64 = 6;
/// How many operations of the disk lie between two places where the plug is pulled.
const STRIDE: usize = 3;

async fn open(folder: &Path, vfs: Option<&str>) -> Result<Encrypted> {
    let options =
        SqliteOptions { durability: Durability::Full, vfs: vfs.map(Into::into), ..SqliteOptions::default() };
    let clock = Arc::new(SystemClock);
    let store = Arc::new(SqliteStore::open(folder.join("store.db"), options, clock.clone()).await?);
    Encrypted::open(store, ring(1), EncryptedOptions::default(), clock).await
}

/// What was acknowledged before the power went: commits, and the number of the data key.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    commits: u64,
    data_key: u32,
}

/// Commits, changes the key in the middle, and commits again, until the power goes.
async fn work(folder: &Path, heard: &mut Heard) -> Result<()> {
    let store = open(folder, Some(vfs::register())).await?;
    heard.data_key = 1;
    for n in 1..=COMMITS {
        let mut batch = Batch::new();
        batch
            .put(key("things", &format!("{n:03}")), Value::json(&n)?)
            .append(stream("log"), vec![Value::json(&"x".repeat(n as usize * 700))?, Value::json(&n)?]);
        store.commit(batch).await?;
        heard.commits = n;
        if n % 2 == 0 {
            heard.data_key = store.rotate().await?;
            store.reencrypt(&Silent).await?;
            store.retire().await?;
        }
    }
    Ok(())
}

/// Everything that was acknowledged is there, whole, sealed with a key that is there; and the work can go on.
async fn check(folder: &Path, heard: Heard, told: &str) {
    let store = open(folder, None).await.unwrap_or_else(|error| panic!("{told}: {error:?}"));
    let report = store.verify(&Silent).await.expect("a report");
    assert_eq!(report.damaged, 0, "{told}: {report:?}");
    let things = store.scan(KeyRange::all("things"), Page::first(99)).await.expect("a scan");
    let things: Vec<u64> = things.iter().map(|record| record.value.decode().expect("a number")).collect();
    let left = things.len() as u64;
    assert_eq!(things, (1..=left).collect::<Vec<_>>(), "{told}");
    assert!((heard.commits..=heard.commits + 1).contains(&left), "{told}: {left} left, {heard:?}");
    let log = store.read(&stream("log"), Offset::START, 99).await.expect("the log is whole");
    assert_eq!(log.len() as u64, 2 * left, "{told}");
    let keys = store.status().await.expect("a status");
    let current = keys.last().expect("a key").number;
    assert!(current >= heard.data_key, "{told}: an acknowledged rotation is lost: {keys:?} {heard:?}");
    store.rotate().await.expect("the work goes on");
    store.reencrypt(&Silent).await.expect("the work goes on");
    assert_eq!(store.verify(&Silent).await.expect("a report").damaged, 0, "{told}");
}

#[tokio::test]
async fn in_full_no_sealed_value_and_no_key_is_lost_wherever_the_plug_is_pulled() {
    let mut rounds = 0;
    for operations in (0..).step_by(STRIDE) {
        let mut pulled = false;
        for cut in [Cut::Clean, Cut::Torn(operations)] {
            let folder = tempfile::tempdir().expect("a folder");
            let place = folder.path().canonicalize().expect("the folder has a place");
            vfs::pull_plug_after(&place, operations);
            let mut heard = Heard::default();
            let outcome = work(&place, &mut heard).await;
            if vfs::left_before_plug(&place) == 0 {
                pulled = true;
                rounds += 1;
            } else {
                outcome.expect("nothing failed");
            }
            vfs::trouble(&place, None);
            vfs::cut_power(&place, cut);
            check(&place, heard, &format!("after {operations} operations, {cut:?}")).await;
        }
        if !pulled {
            break;
        }
    }
    assert!(rounds > 40, "the plug was pulled {rounds} times only");
}
