//! Streams: offsets, order, times, retention.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use heptad_core::{
    clock::Clock,
    store::{Offset, Value},
};

use super::{commit, open, read_all, texts};
use crate::{
    VirtualClock,
    store::{Place, stream, text},
};

pub async fn offsets_begin_at_one_and_have_no_gaps(place: &dyn Place) {
    let store = open(place).await;
    let (a, b) = (stream("a"), stream("b"));
    let receipt = commit(&*store, |batch| {
        batch
            .append(a.clone(), vec![text("a1"), text("a2")])
            .append(b.clone(), vec![text("b1")])
            .append(a.clone(), vec![])
            .append(a.clone(), vec![text("a3")]);
    })
    .await;
    let places: Vec<_> = receipt.appended.iter().map(|at| (&at.stream, at.first.0, at.count)).collect();
    assert_eq!(places, [(&a, 1, 2), (&b, 1, 1), (&a, 3, 0), (&a, 3, 1)]);
    assert!(receipt.appended.iter().all(|at| !at.duplicate));
    let receipt = commit(&*store, |batch| {
        batch.append(b.clone(), vec![text("b2")]);
    })
    .await;
    assert_eq!(receipt.appended[0].first, Offset(2));
    assert_eq!(texts(&*store, &a).await, ["a1", "a2", "a3"]);
    assert_eq!(texts(&*store, &b).await, ["b1", "b2"]);
    assert!(read_all(&*store, &stream("c")).await.is_empty());
}

pub async fn a_stream_is_read_from_anywhere(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    for size in [1, 5, 1, 1, 7] {
        commit(&*store, |batch| {
            batch.append(log.clone(), vec![text("x"); size]);
        })
        .await;
    }
    for after in 0..17 {
        for limit in [0, 1, 2, 6, 15, usize::MAX] {
            let entries = store.read(&log, Offset(after), limit).await.expect("a read");
            let offsets: Vec<u64> = entries.iter().map(|entry| entry.offset.0).collect();
            let expected: Vec<u64> = (after + 1..=15).take(limit).collect();
            assert_eq!(offsets, expected, "after {after}, at most {limit}");
        }
    }
    assert!(store.read(&log, Offset(u64::MAX), 9).await.expect("a read").is_empty());
}

pub async fn entries_have_the_time_of_their_commit(place: &dyn Place) {
    let clock = VirtualClock::at("2026-03-01T12:00:00.123456789Z".parse().expect("a time"));
    let store = place.open(Arc::new(clock.clone())).await;
    let log = stream("log");
    let mut times = Vec::new();
    // The third commit comes after the clock of the machine was set back.
    for step in [0, 90_000, -3_600_000, 3] {
        clock.set(clock.now() + jiff::SignedDuration::from_millis(step));
        commit(&*store, |batch| {
            batch.append(log.clone(), vec![text("x"), text("y")]);
        })
        .await;
        times.extend([clock.now().as_millisecond(); 2]);
    }
    let read: Vec<i64> =
        read_all(&*store, &log).await.iter().map(|entry| entry.time.as_millisecond()).collect();
    assert_eq!(read, times);
    clock.advance(Duration::from_secs(1));
    let entry = &read_all(&*store, &log).await[0];
    assert_eq!(entry.time.as_nanosecond() % 1_000_000, 0, "the resolution is a millisecond");
}

pub async fn concurrent_appends_keep_their_order(place: &dyn Place) {
    const TASKS: usize = 8;
    const ROUNDS: usize = 40;
    let store = open(place).await;
    let log = stream("log");
    let entries = |task: usize, n: usize| (0..1 + n % 3).map(move |part| format!("{task} {n} {part}"));
    let tasks = (0..TASKS).map(|task| {
        let (store, log) = (Arc::clone(&store), log.clone());
        tokio::spawn(async move {
            for n in 0..ROUNDS {
                let values = entries(task, n).map(|entry| text(&entry)).collect();
                commit(&*store, |batch| {
                    batch.append(log.clone(), values);
                })
                .await;
            }
        })
    });
    for done in join_all(tasks).await {
        done.expect("the task ends well");
    }
    let all = texts(&*store, &log).await;
    for task in 0..TASKS {
        let prefix = format!("{task} ");
        let seen: Vec<&String> = all.iter().filter(|entry| entry.starts_with(&prefix)).collect();
        let expected: Vec<String> = (0..ROUNDS).flat_map(|n| entries(task, n)).collect();
        assert_eq!(seen, expected.iter().collect::<Vec<_>>());
    }
}

pub async fn many_small_appends_stay_in_order(place: &dyn Place) {
    let store = open(place).await;
    let (log, other) = (stream("log"), stream("other"));
    for n in 0..600_u32 {
        commit(&*store, |batch| {
            batch.append(log.clone(), vec![text(&n.to_string())]);
            if n % 7 == 0 {
                batch.append(other.clone(), vec![Value::Bytes(n.to_le_bytes().as_slice().into())]);
            }
        })
        .await;
        if n % 100 == 99 {
            let expected: Vec<String> = (0..=n).map(|n| n.to_string()).collect();
            assert_eq!(texts(&*store, &log).await, expected);
        }
    }
    let bytes: Vec<Value> = read_all(&*store, &other).await.into_iter().map(|entry| entry.value).collect();
    let expected: Vec<Value> =
        (0..600_u32).step_by(7).map(|n| Value::Bytes(n.to_le_bytes().as_slice().into())).collect();
    assert_eq!(bytes, expected);
}

pub async fn what_was_trimmed_is_never_read_again(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    for _ in 0..5 {
        commit(&*store, |batch| {
            batch.append(log.clone(), vec![text("x"); 4]);
        })
        .await;
    }
    for (upto, first) in [(0, 1), (3, 4), (2, 4), (4, 5), (13, 14)] {
        commit(&*store, |batch| {
            batch.trim(log.clone(), Offset(upto));
        })
        .await;
        let offsets: Vec<u64> = read_all(&*store, &log).await.iter().map(|entry| entry.offset.0).collect();
        assert_eq!(offsets, (first..=20).collect::<Vec<_>>(), "trimmed up to {upto}");
        let entries = store.read(&log, Offset(1), 1).await.expect("a read");
        assert_eq!(entries[0].offset.0, first.max(2), "a limit counts what is returned");
    }
    commit(&*store, |batch| {
        batch.trim(stream("unknown"), Offset(9));
    })
    .await;
    assert!(read_all(&*store, &stream("unknown")).await.is_empty());
}

pub async fn a_stream_that_was_trimmed_to_the_end_goes_on(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    commit(&*store, |batch| {
        batch
            .append(log.clone(), vec![text("x"); 3])
            .trim(log.clone(), Offset(u64::MAX))
            .append(log.clone(), vec![text("kept")]);
    })
    .await;
    assert_eq!(read_all(&*store, &log).await[0].offset, Offset(4), "a trim takes what was there before it");
    commit(&*store, |batch| {
        batch.trim(log.clone(), Offset(u64::MAX));
    })
    .await;
    assert!(read_all(&*store, &log).await.is_empty());
    let receipt = commit(&*store, |batch| {
        batch.append(log.clone(), vec![text("next")]);
    })
    .await;
    assert_eq!(receipt.appended[0].first, Offset(5));
    assert_eq!(texts(&*store, &log).await, ["next"]);
}

pub async fn large_entries_come_back_whole(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    let large = |n: u8| Value::Bytes(vec![n; 3 << 20].into());
    commit(&*store, |batch| {
        batch.append(log.clone(), vec![text("small"), large(1), text("small"), large(2)]);
    })
    .await;
    commit(&*store, |batch| {
        batch.append(log.clone(), vec![large(3)]);
    })
    .await;
    let values: Vec<Value> = read_all(&*store, &log).await.into_iter().map(|entry| entry.value).collect();
    assert_eq!(values, [text("small"), large(1), text("small"), large(2), large(3)]);
    let last = store.read(&log, Offset(4), 1).await.expect("a read");
    assert_eq!((last[0].offset, &last[0].value), (Offset(5), &large(3)));
}
