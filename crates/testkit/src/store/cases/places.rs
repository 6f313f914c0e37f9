//! What persistent and shared adapters promise besides; the others are not asked.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use heptad_core::{
    ErrorKind,
    store::{Expect, KeyRange, Offset, Page, Value},
};
use tokio::time::timeout;

use super::{commit, open, producer, read_all, refused, texts, try_commit};
use crate::store::{Place, key, stream, text};

pub async fn what_was_committed_survives_reopening(place: &dyn Place) {
    let store = open(place).await;
    if !store.capabilities().persistent {
        return;
    }
    let log = stream("log");
    let first = commit(&*store, |batch| {
        batch
            .put(key("things", "a"), text("a"))
            .append(log.clone(), vec![text("1"), text("2")])
            .append_once(log.clone(), vec![text("3")], producer("p", 5, 1))
            .trim(log.clone(), Offset(1));
    })
    .await;
    let before = read_all(&*store, &log).await;
    drop(store);

    let store = open(place).await;
    let records = store.scan(KeyRange::all("things"), Page::first(9)).await.expect("a scan");
    assert_eq!((records.len(), &records[0].value, records[0].version), (1, &text("a"), first.version));
    assert_eq!(read_all(&*store, &log).await, before);
    refused(&*store, ErrorKind::Conflict, |batch| {
        batch.append_once(log.clone(), vec![text("x")], producer("p", 4, 1));
    })
    .await;
    let again = commit(&*store, |batch| {
        batch.append_once(log.clone(), vec![text("3")], producer("p", 5, 1));
    })
    .await;
    assert_eq!((again.appended[0].first, again.appended[0].duplicate), (Offset(3), true));
    let next = commit(&*store, |batch| {
        batch.append_once(log.clone(), vec![text("4")], producer("p", 5, 2));
    })
    .await;
    assert_eq!(next.appended[0].first, Offset(4));
    assert!(next.version > first.version);
    assert_eq!(texts(&*store, &log).await, ["2", "3", "4"]);
}

pub async fn two_open_stores_see_the_same(place: &dyn Place) {
    let first = open(place).await;
    if !first.capabilities().shared {
        return;
    }
    let second = open(place).await;
    let (log, counter) = (stream("log"), key("counters", "c"));
    let mut watch = second.watch(&log);
    let tasks = (0..8_u32).map(|task| {
        let store = Arc::clone(if task % 2 == 0 { &first } else { &second });
        let (log, counter) = (log.clone(), counter.clone());
        tokio::spawn(async move {
            let name = format!("p{task}");
            for n in 1..=10 {
                loop {
                    let record = store.get(&counter).await.expect("a read");
                    let expect = record.as_ref().map_or(Expect::Absent, |r| Expect::Exactly(r.version));
                    let count: u32 = record.map_or(0, |r| r.value.decode().expect("a number"));
                    let outcome = try_commit(&*store, |batch| {
                        let next = Value::json(&(count + 1)).expect("a number has a JSON form");
                        let entry = text(&(count + 1).to_string());
                        batch.put_if(counter.clone(), next, expect).append_once(
                            log.clone(),
                            vec![entry],
                            producer(&name, 0, n),
                        );
                    });
                    match outcome.await {
                        Ok(receipt) => break assert!(!receipt.appended[0].duplicate),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
                    }
                }
            }
        })
    });
    for done in join_all(tasks).await {
        done.expect("the task ends well");
    }
    let expected: Vec<String> = (1..=80).map(|n| n.to_string()).collect();
    assert_eq!(texts(&*first, &log).await, expected);
    assert_eq!(texts(&*second, &log).await, expected);
    let woken = timeout(Duration::from_secs(30), watch.after(Offset(79))).await.expect("the watch wakes");
    assert_eq!(woken.expect("the store is open"), Offset(80));
    // Once more with only the other store committing: a quiet reader is woken too.
    commit(&*first, |batch| {
        batch.append(log.clone(), vec![text("last")]);
    })
    .await;
    let woken = timeout(Duration::from_secs(30), watch.after(Offset(80))).await.expect("the watch wakes");
    assert_eq!(woken.expect("the store is open"), Offset(81));
}
