//! Changing keys while the store is used.

use std::sync::Arc;

use futures_util::future::join_all;
use heptad_core::{
    crypto::Fault,
    progress::Silent,
    store::{Batch, Expect, KeyRange, Offset, Page, Store, encrypted::Waiting},
};
use heptad_testkit::store::{key as at, stream, text};

use super::{OWN, append, commit, fault, open, plain, put, read, ring, try_open};

#[tokio::test]
async fn wrapping_keys_are_changed_while_data_stays_where_it_is() {
    let inner = plain();
    let store = open(&inner).await;
    put(&store, "ada", "Ada").await;
    store.rotate().await.expect("a second data key");
    let before = inner.get(&at("users", "ada")).await.expect("a read");
    let newer = try_open(&inner, ring(2)).await.expect("the new ring opens the store");
    assert_eq!(newer.rewrap().await.expect("wrapped anew"), 2);
    assert_eq!(newer.rewrap().await.expect("nothing left to do"), 0);
    assert_eq!(inner.get(&at("users", "ada")).await.expect("a read"), before, "no record was touched");
    assert!(newer.status().await.expect("a status").iter().all(|key| key.wrapped_by == "2026-02"));
    // Whoever has it open does not notice; whoever has only the old ring is told.
    put(&store, "bob", "Bob").await;
    assert_eq!(fault(try_open(&inner, ring(1)).await.map(drop)), Fault::MissingKey);
    let only = heptad_core::crypto::TextKeyRing::parse(&super::key("2026-02", 32)).expect("a ring");
    let store = try_open(&inner, Arc::new(only)).await.expect("the old key of the ring is no longer needed");
    assert_eq!(store.scan(KeyRange::all("users"), Page::first(9)).await.expect("a scan").len(), 2);
}

#[tokio::test]
async fn old_data_stays_readable_until_it_is_written_anew() {
    let inner = plain();
    let store = open(&inner).await;
    for n in 0..700 {
        put(&store, &format!("u{n:03}"), &n.to_string()).await;
    }
    append(&store, "log", &["old", "old"]).await;
    assert_eq!(store.rotate().await.expect("rotated"), 2);
    put(&store, "u000", "new").await;
    append(&store, "log", &["new"]).await;
    assert_eq!(store.scan(KeyRange::all("users"), Page::first(999)).await.expect("a scan").len(), 700);
    assert_eq!(store.retire().await.expect("looked").needed, [1]);

    let done = store.reencrypt(&Silent).await.expect("written anew");
    assert_eq!((done.records, done.waiting), (699, vec![Waiting { stream: "log".into(), data_key: 1 }]));
    assert_eq!(store.retire().await.expect("looked").needed, [1], "the stream still needs it");
    assert_eq!(read(&store, "log").await.expect("a read"), ["old", "old", "new"]);
    commit(&store, |batch| {
        batch.trim(stream("log"), Offset(2));
    })
    .await;
    assert_eq!(store.reencrypt(&Silent).await.expect("nothing to write"), Default::default());
    assert_eq!(store.retire().await.expect("retired").retired, [1]);
    assert!(inner.get(&at(OWN, "key/0000000001")).await.expect("a read").is_none());

    let store = open(&inner).await;
    assert_eq!(read(&store, "log").await.expect("a read"), ["new"]);
    let report = store.verify(&Silent).await.expect("a report");
    assert_eq!((report.records, report.entries, report.damaged), (700, 1, 0));
    let status = store.status().await.expect("a status");
    assert_eq!(
        (status.len(), status[0].number, &status[0].collections[..]),
        (1, 2, &["users".to_owned()][..])
    );
}

#[tokio::test]
async fn whoever_has_it_open_uses_the_new_key_from_the_next_commit_on() {
    let inner = plain();
    let (first, second) = (open(&inner).await, open(&inner).await);
    put(&first, "a", "1").await;
    first.rotate().await.expect("rotated");
    put(&second, "b", "2").await;
    assert_eq!(second.status().await.expect("a status").len(), 2);
    assert_eq!(
        first.reencrypt(&Silent).await.expect("written anew").records,
        1,
        "only `a` was sealed with key 1"
    );
    assert_eq!(first.retire().await.expect("retired").retired, [1]);
    assert_eq!(second.scan(KeyRange::all("users"), Page::first(9)).await.expect("a scan").len(), 2);
    // A requirement of the caller that does not hold is the caller's conflict.
    first.rotate().await.expect("rotated");
    let mut batch = Batch::new();
    batch.put_if(at("users", "a"), text("x"), Expect::Absent);
    let error = second.commit(batch).await.expect_err("it is there");
    assert!(error.context().iter().any(|(what, key)| *what == "key" && key == "users/a"), "{error}");
}

#[tokio::test]
async fn a_retired_key_is_missed_by_name() {
    let inner = plain();
    let store = open(&inner).await;
    put(&store, "a", "1").await;
    store.rotate().await.expect("rotated");
    commit(&*inner, |batch| {
        batch.delete(at(OWN, "key/0000000001"));
    })
    .await;
    let store = open(&inner).await;
    assert_eq!(fault(store.get(&at("users", "a")).await), Fault::MissingKey);
    assert_eq!(fault(store.reencrypt(&Silent).await), Fault::MissingKey);
    // The newest key of all: then the one before would be used again, and what the lost one sealed is missed, not misread.
    put(&store, "b", "2").await;
    commit(&*inner, |batch| {
        batch.delete(at(OWN, "key/0000000002"));
    })
    .await;
    assert_eq!(fault(try_open(&inner, ring(1)).await.map(drop)), Fault::MissingKey);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_and_writers_do_not_hurt_each_other() {
    let inner = plain();
    let first = Arc::new(open(&inner).await);
    let writers = (0..6).map(|who| {
        let inner = Arc::clone(&inner);
        tokio::spawn(async move {
            let store = open(&inner).await;
            for n in 1..=60_u64 {
                let key = at("counters", &(n % 10).to_string());
                loop {
                    let found = store.get(&key).await.expect("a read");
                    let expect =
                        found.as_ref().map_or(Expect::Absent, |record| Expect::Exactly(record.version));
                    let count: u64 = found.map_or(0, |record| record.value.decode().expect("a number"));
                    let mut batch = Batch::new();
                    let value = heptad_core::store::Value::json(&(count + 1)).expect("JSON");
                    batch
                        .put_if(key.clone(), value, expect)
                        .append(stream("log"), vec![text(&format!("{who} {n}"))]);
                    match store.commit(batch).await {
                        Ok(_) => break,
                        Err(error) => assert_eq!(error.kind(), heptad_core::ErrorKind::Conflict, "{error:?}"),
                    }
                }
            }
        })
    });
    let rotating = {
        let store = Arc::clone(&first);
        tokio::spawn(async move {
            for _ in 0..15 {
                store.rotate().await.expect("rotated");
                match store.reencrypt(&Silent).await {
                    Ok(_) => {}
                    Err(error) => assert_eq!(error.kind(), heptad_core::ErrorKind::Conflict, "{error:?}"),
                }
                store.retire().await.expect("looked");
                tokio::task::yield_now().await;
            }
        })
    };
    for task in join_all(writers.chain([rotating])).await {
        task.expect("nobody fails");
    }
    let counters = first.scan(KeyRange::all("counters"), Page::first(99)).await.expect("a scan");
    let sum: u64 = counters.iter().map(|record| record.value.decode::<u64>().expect("a number")).sum();
    assert_eq!((sum, read(&*first, "log").await.expect("a read").len()), (360, 360));
    let report = first.verify(&Silent).await.expect("a report");
    assert_eq!((report.damaged, report.entries), (0, 360), "{report:?}");
}
