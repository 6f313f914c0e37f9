//! Watches: waking readers.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::join_all};
use heptad_core::{
    ErrorKind,
    store::{Expect, Offset, Watch},
};
use tokio::time::timeout;

use super::{commit, open, refused};
use crate::store::{Place, key, stream, text};

/// Longer than any store needs to wake a reader: whoever waits this long was forgotten.
const FORGOTTEN: Duration = Duration::from_secs(30);

async fn after(watch: &mut Watch, seen: u64) -> u64 {
    let head = timeout(FORGOTTEN, watch.after(Offset(seen))).await.expect("the watch wakes");
    head.expect("the store is open").0
}

pub async fn a_watch_knows_the_head(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    for size in [0, 1, 2] {
        commit(&*store, |batch| {
            batch.append(log.clone(), vec![text("x"); size]);
        })
        .await;
    }
    let mut watch = store.watch(&log);
    let head = timeout(FORGOTTEN, watch.current()).await.expect("the head is looked up");
    assert_eq!(head.expect("the store is open"), Offset(3));
    assert_eq!(watch.head(), Offset(3));
    assert_eq!(after(&mut watch, 0).await, 3);
    assert_eq!(after(&mut watch, 2).await, 3);
    assert!(watch.after(Offset(3)).now_or_never().is_none(), "there is nothing after the head");
    let mut empty = store.watch(&stream("empty"));
    let head = timeout(FORGOTTEN, empty.current()).await.expect("the head is looked up");
    assert_eq!(head.expect("the store is open"), Offset::START);
}

pub async fn a_watch_wakes_when_its_stream_grows(place: &dyn Place) {
    let store = open(place).await;
    let (log, other) = (stream("log"), stream("other"));
    let mut watch = store.watch(&log);
    for head in 1..20 {
        let mut waiting = watch.clone();
        let woken = tokio::spawn(async move { after(&mut waiting, head - 1).await });
        commit(&*store, |batch| {
            batch.append(other.clone(), vec![text("x"); 5]).trim(log.clone(), Offset(head - 1));
        })
        .await;
        refused(&*store, ErrorKind::Conflict, |batch| {
            batch.append(log.clone(), vec![text("never")]).require(key("things", "missing"), Expect::Present);
        })
        .await;
        assert!(!woken.is_finished(), "neither another stream nor a refused batch wakes");
        commit(&*store, |batch| {
            batch.append(log.clone(), vec![text("x")]);
        })
        .await;
        assert_eq!(woken.await.expect("no panic"), head);
        let entries = store.read(&log, Offset(head - 1), 9).await.expect("a read");
        assert_eq!(entries.len(), 1, "what woke the reader is there to be read");
    }
    assert_eq!(after(&mut watch, 0).await, 19);
}

pub async fn every_watch_wakes(place: &dyn Place) {
    let store = open(place).await;
    let readers = (0..20).map(|n: u32| {
        let (store, log) = (Arc::clone(&store), stream(&format!("log-{}", n % 4)));
        tokio::spawn(async move {
            let mut watch = store.watch(&log);
            let mut seen = 0;
            while seen < 10 {
                seen = after(&mut watch, seen).await;
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    for _ in 0..10 {
        commit(&*store, |batch| {
            for n in 0..4 {
                batch.append(stream(&format!("log-{n}")), vec![text("x")]);
            }
        })
        .await;
    }
    for reader in join_all(readers).await {
        reader.expect("the reader saw all entries");
    }
}

pub async fn a_closed_store_ends_its_watches(place: &dyn Place) {
    let store = open(place).await;
    let mut watch = store.watch(&stream("log"));
    let waiting = tokio::spawn(async move { timeout(FORGOTTEN, watch.after(Offset::START)).await });
    drop(store);
    let outcome = waiting.await.expect("no panic").expect("the watch ends");
    assert_eq!(outcome.expect_err("the store is closed").kind(), ErrorKind::Unavailable);
}
