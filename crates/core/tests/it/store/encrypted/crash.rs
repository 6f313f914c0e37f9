//! Killed while keys are changed: nothing is lost, nothing is half, and the work goes on where it was.

use std::{path::Path, sync::Arc};

use heptad_core::{
    clock::SystemClock,
    operation::{Context, Handle as _},
    progress::Silent,
    store::{
        Batch, KeyRange, Offset, Page, Store, Value,
        encrypted::{Encrypted, EncryptedOptions, operations::Encryption},
        sqlite::{SqliteOptions, SqliteStore},
    },
};
use heptad_testkit::{
    crash::{Crash, Life, Remains},
    store::{key, stream},
};

use super::{operations::kernel, ring};

const WRITERS: u64 = 3;

#[test]
fn nothing_is_lost_when_a_rotation_is_killed() {
    Crash::new("store::encrypted::crash::nothing_is_lost_when_a_rotation_is_killed")
        .most_acknowledgements(200)
        .run(work, check);
}

async fn open(folder: &Path, keys: u8) -> Arc<Encrypted> {
    let clock = Arc::new(SystemClock);
    let store = SqliteStore::open(folder.join("store.db"), SqliteOptions::default(), clock.clone()).await;
    let store = Arc::new(store.expect("what is left opens"));
    Arc::new(
        Encrypted::open(store, ring(keys), EncryptedOptions::default(), clock)
            .await
            .expect("and is unlocked"),
    )
}

/// Writers, and beside them one who changes data keys and wrapping keys all the time, by the operations.
async fn work(life: Life) {
    let store = open(&life.folder, 1 + life.life as u8).await;
    let mut tasks = Vec::new();
    for who in 0..WRITERS {
        let (store, life) = (Arc::clone(&store), life.clone());
        tasks.push(tokio::spawn(async move {
            for n in last(&store, who).await + 1.. {
                let mut batch = Batch::new();
                batch.put(key("last", &who.to_string()), number(n));
                batch.put(key("things", &format!("{who}/{n:06}")), number(n));
                batch.append(stream(&format!("log-{who}")), vec![number(n), number(n)]);
                if n % 50 == 0 {
                    batch.trim(stream(&format!("log-{who}")), Offset(2 * n - 20));
                }
                store.commit(batch).await.expect("a commit");
                life.acknowledge(format_args!("{who} {n}"));
            }
        }));
    }
    tasks.push(tokio::spawn(async move {
        let encryption = Encryption::new(Context::owner(kernel(store)));
        loop {
            let number = encryption.rotate().await.expect("rotated").data_key;
            life.acknowledge(format_args!("rotated {number}"));
            encryption.reencrypt().await.expect("written anew");
            life.acknowledge(format_args!("reencrypted {number}"));
            encryption.rewrap().await.expect("wrapped anew");
            encryption.retire().await.expect("retired");
        }
    }));
    for task in tasks {
        task.await.expect("nobody fails");
    }
}

async fn check(remains: Remains) {
    // The ring of the life that ended: who dies before there is a data key leaves it to be made here.
    let store = open(&remains.folder, remains.deaths as u8).await;
    let report = store.verify(&Silent).await.expect("a report");
    assert_eq!(report.damaged, 0, "{report:?}");
    for who in 0..WRITERS {
        let done = last(&store, who).await;
        let heard = remains.acknowledged.iter().filter_map(|line| line.strip_prefix(&format!("{who} ")));
        let heard = heard.map(|n| n.parse::<u64>().expect("a number")).max().unwrap_or(0);
        assert!(
            heard <= done && done <= heard + remains.deaths,
            "writer {who}: {heard} heard of, {done} done"
        );
        let things = store.scan(KeyRange::prefix("things", format!("{who}/")), Page::first(usize::MAX)).await;
        let things: Vec<u64> =
            things.expect("a scan").iter().map(|record| record.value.decode().expect("a number")).collect();
        assert_eq!(things, (1..=done).collect::<Vec<_>>());
        let log =
            store.read(&stream(&format!("log-{who}")), Offset::START, usize::MAX).await.expect("a read");
        for entry in &log {
            assert_eq!(entry.value.decode::<u64>().expect("a number"), entry.offset.0.div_ceil(2));
        }
        assert_eq!(log.last().map_or(0, |entry| entry.offset.0), 2 * done, "a whole append, or none");
    }
    // What the dead one began is finished by whoever comes next.
    let current = store.status().await.expect("a status").pop().expect("a key").number;
    let rotated = remains.acknowledged.iter().filter_map(|line| line.strip_prefix("rotated "));
    assert!(rotated.map(|n| n.parse::<u32>().expect("a number")).all(|number| number <= current));
    store.reencrypt(&Silent).await.expect("finished");
    let status = store.status().await.expect("a status");
    assert!(status.iter().all(|key| key.number == current || key.collections.is_empty()), "{status:?}");
}

async fn last(store: &Encrypted, who: u64) -> u64 {
    let record = store.get(&key("last", &who.to_string())).await.expect("a read");
    record.map_or(0, |record| record.value.decode().expect("a number"))
}

fn number(n: u64) -> Value {
    Value::json(&n).expect("a number has a JSON form")
}
