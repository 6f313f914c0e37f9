//! Batches: conditions, all or nothing, concurrency.

use std::sync::Arc;

use futures_util::future::join_all;
use heptad_core::{
    ErrorKind,
    store::{Batch, Expect, Key, Store, Value, Version},
};

use super::{commit, open, producer, read_all, refused, texts, try_commit};
use crate::store::{Place, key, stream, text};

pub async fn an_expectation_decides_over_the_whole_batch(place: &dyn Place) {
    let store = open(place).await;
    let (there, missing) = (key("things", "there"), key("things", "missing"));
    let version = commit(&*store, |batch| {
        batch.put(there.clone(), text("first"));
    })
    .await
    .version;
    let stale = Version(version.0.wrapping_sub(1));
    let cases = [
        (&there, Expect::Any, true),
        (&there, Expect::Absent, false),
        (&there, Expect::Present, true),
        (&there, Expect::Exactly(version), true),
        (&there, Expect::Exactly(stale), false),
        (&there, Expect::Exactly(Version(u64::MAX)), false),
        (&missing, Expect::Any, true),
        (&missing, Expect::Absent, true),
        (&missing, Expect::Present, false),
        (&missing, Expect::Exactly(version), false),
        (&missing, Expect::Exactly(Version(0)), false),
    ];
    for (n, (key, expect, holds)) in cases.into_iter().enumerate() {
        let marker = self::key("markers", &n.to_string());
        let mut batch = Batch::new();
        batch.put(marker.clone(), text("done")).require(key.clone(), expect);
        let outcome = store.commit(batch).await;
        assert_eq!(outcome.is_ok(), holds, "{key} {expect:?}: {outcome:?}");
        assert_eq!(store.get(&marker).await.expect("a read").is_some(), holds, "{key} {expect:?}");
        if let Err(error) = outcome {
            assert_eq!(error.kind(), ErrorKind::Conflict);
            let name = key.to_string();
            assert!(error.context().iter().any(|(what, which)| *what == "key" && *which == name), "{error}");
        }
    }
    refused(&*store, ErrorKind::Conflict, |batch| {
        batch.delete_if(missing.clone(), Expect::Present);
    })
    .await;
    refused(&*store, ErrorKind::Conflict, |batch| {
        batch.put_if(there.clone(), text("second"), Expect::Absent);
    })
    .await;
    commit(&*store, |batch| {
        batch.delete_if(there.clone(), Expect::Exactly(version));
    })
    .await;
    assert_eq!(store.get(&there).await.expect("a read"), None);
}

pub async fn a_refused_batch_leaves_nothing(place: &dyn Place) {
    let store = open(place).await;
    let (a, b, log) = (key("things", "a"), key("things", "b"), stream("log"));
    commit(&*store, |batch| {
        batch.put(a.clone(), text("a")).append(log.clone(), vec![text("one")]);
    })
    .await;
    refused(&*store, ErrorKind::Conflict, |batch| {
        batch
            .append(log.clone(), vec![text("never")])
            .append_once(log.clone(), vec![text("never")], producer("p", 1, 1))
            .trim(log.clone(), heptad_core::store::Offset(1))
            .put(b.clone(), text("never"))
            .delete(a.clone())
            .require(key("things", "missing"), Expect::Present);
    })
    .await;
    assert_eq!(store.get(&a).await.expect("a read").expect("it is there").value, text("a"));
    assert_eq!(store.get(&b).await.expect("a read"), None);
    assert_eq!(texts(&*store, &log).await, ["one"]);
    commit(&*store, |batch| {
        batch.append(log.clone(), vec![text("two")]);
    })
    .await;
    assert_eq!(texts(&*store, &log).await, ["one", "two"]);
}

pub async fn requirements_see_the_state_before_the_batch(place: &dyn Place) {
    let store = open(place).await;
    let key = key("things", "a");
    commit(&*store, |batch| {
        batch.put(key.clone(), text("new")).require(key.clone(), Expect::Absent);
    })
    .await;
    commit(&*store, |batch| {
        batch.require(key.clone(), Expect::Present).delete(key.clone()).require(key.clone(), Expect::Present);
    })
    .await;
    assert_eq!(store.get(&key).await.expect("a read"), None);
}

pub async fn an_empty_batch_changes_nothing(place: &dyn Place) {
    let store = open(place).await;
    let key = key("things", "a");
    let written = commit(&*store, |batch| {
        batch.put(key.clone(), text("a"));
    })
    .await;
    let empty = commit(&*store, |_| {}).await;
    let requiring = commit(&*store, |batch| {
        batch.require(key.clone(), Expect::Present);
    })
    .await;
    assert_eq!([empty.version, requiring.version], [written.version; 2]);
    assert!(empty.appended.is_empty());
}

pub async fn malformed_batches_are_refused(place: &dyn Place) {
    let store = open(place).await;
    let (a, log) = (key("things", "a"), stream("log"));
    for many in [0, 100] {
        refused(&*store, ErrorKind::InvalidInput, |batch| {
            for n in 0..many {
                batch.put(key("things", &n.to_string()), text("x"));
            }
            batch.put(a.clone(), text("x")).delete(a.clone());
        })
        .await;
    }
    let producers = [
        producer("p", 0, 0),
        producer("p", 0, u64::MAX),
        producer("p", u64::MAX, 1),
        producer("", 0, 1),
        producer("\0", 0, 1),
        producer(&"p".repeat(200), 0, 1),
    ];
    for producer in producers {
        refused(&*store, ErrorKind::InvalidInput, |batch| {
            batch.append_once(log.clone(), vec![text("x")], producer);
        })
        .await;
    }
    assert!(read_all(&*store, &log).await.is_empty());
    assert_eq!(store.get(&a).await.expect("a read"), None);
}

pub async fn oversized_batches_are_refused(place: &dyn Place) {
    let store = open(place).await;
    let limits = store.capabilities();
    let log = stream("log");
    let huge = Value::Bytes(vec![0; limits.max_value_bytes + 1].into());
    refused(&*store, ErrorKind::LimitExceeded, |batch| {
        batch.put(key("things", "a"), huge.clone());
    })
    .await;
    refused(&*store, ErrorKind::LimitExceeded, |batch| {
        batch.append(log.clone(), vec![text("x"), huge]);
    })
    .await;
    refused(&*store, ErrorKind::LimitExceeded, |batch| {
        batch.append(log.clone(), vec![text("x"); limits.max_batch_len]);
    })
    .await;
    let large = Value::Bytes(vec![0; limits.max_value_bytes].into());
    refused(&*store, ErrorKind::LimitExceeded, |batch| {
        batch.append(log.clone(), vec![large; limits.max_batch_bytes / limits.max_value_bytes + 1]);
    })
    .await;
    assert!(read_all(&*store, &log).await.is_empty());
}

pub async fn concurrent_updates_lose_nothing(place: &dyn Place) {
    const TASKS: u64 = 8;
    const ROUNDS: u64 = 20;
    let store = open(place).await;
    let counter = key("counters", "c");
    let log = stream("log");
    let task = || {
        let (store, counter, log) = (Arc::clone(&store), counter.clone(), log.clone());
        tokio::spawn(async move {
            for _ in 0..ROUNDS {
                while !increment(&*store, &counter, &log).await {}
            }
        })
    };
    for done in join_all((0..TASKS).map(|_| task())).await {
        done.expect("the task ends well");
    }
    let record = store.get(&counter).await.expect("a read").expect("it was counted");
    assert_eq!(record.value.decode::<u64>().expect("a number"), TASKS * ROUNDS);
    let seen: Vec<u64> =
        read_all(&*store, &log).await.iter().map(|entry| entry.value.decode().expect("a number")).collect();
    assert_eq!(seen, (1..=TASKS * ROUNDS).collect::<Vec<_>>(), "the log tells of every state, in order");
}

async fn increment(store: &dyn Store, counter: &Key, log: &heptad_core::store::StreamId) -> bool {
    let before = store.get(counter).await.expect("a read");
    let (value, expect) = match &before {
        Some(record) => (record.value.decode::<u64>().expect("a number"), Expect::Exactly(record.version)),
        None => (0, Expect::Absent),
    };
    let next = Value::json(&(value + 1)).expect("a number has a JSON form");
    let outcome = try_commit(store, |batch| {
        batch.put_if(counter.clone(), next.clone(), expect).append(log.clone(), vec![next]);
    })
    .await;
    match outcome {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::Conflict => false,
        Err(error) => panic!("{error}"),
    }
}

pub async fn one_of_many_inserts_wins(place: &dyn Place) {
    let store = open(place).await;
    for round in 0..10 {
        let key = key("locks", &round.to_string());
        let tries = (0..8).map(|who: u32| {
            let (store, key) = (Arc::clone(&store), key.clone());
            tokio::spawn(async move {
                let outcome = try_commit(&*store, |batch| {
                    batch.put_if(key, text(&who.to_string()), Expect::Absent);
                });
                outcome.await.ok().map(|_| who)
            })
        });
        let winners: Vec<u32> =
            join_all(tries).await.into_iter().filter_map(|outcome| outcome.expect("no panic")).collect();
        assert_eq!(winners.len(), 1);
        let record = store.get(&key).await.expect("a read").expect("somebody won");
        assert_eq!(record.value, text(&winners[0].to_string()));
    }
}

pub async fn a_conflict_leaves_its_neighbours_alone(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    let tries = (0..200).map(|n: u32| {
        let (store, log) = (Arc::clone(&store), log.clone());
        tokio::spawn(async move {
            let outcome = try_commit(&*store, |batch| {
                batch.put(key("things", &n.to_string()), text("x")).append(log, vec![text(&n.to_string())]);
                if n.is_multiple_of(3) {
                    batch.require(key("things", "missing"), Expect::Present);
                }
            });
            outcome.await.is_ok()
        })
    });
    let outcomes: Vec<bool> = join_all(tries).await.into_iter().map(|o| o.expect("no panic")).collect();
    let mut logged: Vec<u32> =
        texts(&*store, &log).await.iter().map(|text| text.parse().expect("a number")).collect();
    logged.sort_unstable();
    let good: Vec<u32> = (0..200).filter(|n| n % 3 != 0).collect();
    assert_eq!(logged, good);
    for (n, committed) in (0..200_u32).zip(outcomes) {
        assert_eq!(committed, n % 3 != 0);
        let record = store.get(&key("things", &n.to_string())).await.expect("a read");
        assert_eq!(record.is_some(), committed);
    }
}

pub async fn what_was_committed_is_read_by_whoever_heard_of_it(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    let tasks = (0..4).map(|task: u32| {
        let (store, log) = (Arc::clone(&store), log.clone());
        tokio::spawn(async move {
            for n in 0..25 {
                let key = key("things", &format!("{task}-{n}"));
                let receipt = commit(&*store, |batch| {
                    batch.put(key.clone(), text("x")).append(log.clone(), vec![text("x")]);
                })
                .await;
                assert!(store.get(&key).await.expect("a read").is_some());
                let before = heptad_core::store::Offset(receipt.appended[0].first.0 - 1);
                let entries = store.read(&log, before, 1).await.expect("a read");
                assert_eq!(entries[0].offset, receipt.appended[0].first);
            }
        })
    });
    for done in join_all(tasks).await {
        done.expect("the task ends well");
    }
}
