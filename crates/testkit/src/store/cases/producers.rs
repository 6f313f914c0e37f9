//! Producers: appending at most once, fencing.

use heptad_core::{
    ErrorKind,
    store::{Expect, Offset},
};

use super::{commit, open, producer, refused, texts};
use crate::store::{Place, key, stream, text};

pub async fn a_repeated_append_is_acknowledged_and_not_written(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    commit(&*store, |batch| {
        batch.append(log.clone(), vec![text("before")]);
    })
    .await;
    // (sequence, entries, first offset answered, is it a repetition)
    let cases = [
        (1, 2, 2, false),
        (1, 2, 2, true),
        (2, 1, 4, false),
        (3, 0, 5, false),
        (3, 0, 5, true),
        (2, 1, 0, true),
        (1, 2, 0, true),
        (4, 1, 5, false),
    ];
    for (sequence, count, first, duplicate) in cases {
        let receipt = commit(&*store, |batch| {
            let values = vec![text(&sequence.to_string()); count];
            batch.append_once(log.clone(), values, producer("p", 7, sequence));
        })
        .await;
        let at = &receipt.appended[0];
        let answer = (at.first.0, at.count, at.duplicate);
        assert_eq!(answer, (first, count as u64, duplicate), "sequence {sequence}");
    }
    assert_eq!(texts(&*store, &log).await, ["before", "1", "1", "2", "4"]);
}

pub async fn a_repeated_batch_is_applied_once(place: &dyn Place) {
    let store = open(place).await;
    let (a, log, other) = (key("things", "a"), stream("log"), stream("other"));
    let build = |batch: &mut heptad_core::store::Batch| {
        batch
            .put_if(a.clone(), text("first"), Expect::Absent)
            .append(other.clone(), vec![text("plain")])
            .append_once(log.clone(), vec![text("one")], producer("p", 0, 1))
            .append_once(log.clone(), vec![text("two")], producer("p", 0, 2));
    };
    let first = commit(&*store, build).await;
    let changed = commit(&*store, |batch| {
        batch.put(a.clone(), text("changed since"));
    })
    .await;
    for _ in 0..2 {
        let again = commit(&*store, build).await;
        assert_eq!(again.version, changed.version, "nothing was written");
        assert!(again.appended.iter().all(|at| at.duplicate));
        assert_eq!(again.appended[2].first, first.appended[2].first);
        assert_eq!(again.appended[0].first, Offset::START, "where the plain append went is not known");
        assert_eq!(again.appended.len(), 3);
    }
    assert_eq!(store.get(&a).await.expect("a read").expect("it is there").value, text("changed since"));
    assert_eq!(texts(&*store, &other).await, ["plain"]);
    assert_eq!(texts(&*store, &log).await, ["one", "two"]);
}

pub async fn an_old_epoch_is_refused(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    for (epoch, sequence, good) in [
        (3, 1, true),
        (3, 2, true),
        (2, 1, false),
        (2, 3, false),
        (9, 2, false),
        (9, 1, true),
        (3, 3, false),
        (9, 2, true),
    ] {
        let build = |batch: &mut heptad_core::store::Batch| {
            let value = text(&format!("{epoch}/{sequence}"));
            batch.append_once(log.clone(), vec![value], producer("p", epoch, sequence));
        };
        if good {
            commit(&*store, build).await;
        } else {
            refused(&*store, ErrorKind::Conflict, build).await;
        }
    }
    assert_eq!(texts(&*store, &log).await, ["3/1", "3/2", "9/1", "9/2"]);
}

pub async fn a_gap_in_the_sequence_is_refused(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    refused(&*store, ErrorKind::Conflict, |batch| {
        batch.append_once(log.clone(), vec![text("x")], producer("p", 0, 2));
    })
    .await;
    commit(&*store, |batch| {
        batch.append_once(log.clone(), vec![text("1")], producer("p", 0, 1));
    })
    .await;
    refused(&*store, ErrorKind::Conflict, |batch| {
        batch.append_once(log.clone(), vec![text("x")], producer("p", 0, 3));
    })
    .await;
    refused(&*store, ErrorKind::Conflict, |batch| {
        batch.append_once(log.clone(), vec![text("x")], producer("p", 0, 2)).append_once(
            log.clone(),
            vec![text("x")],
            producer("p", 0, 4),
        );
    })
    .await;
    assert_eq!(texts(&*store, &log).await, ["1"]);
}

pub async fn a_half_repeated_batch_is_refused(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    commit(&*store, |batch| {
        batch.append_once(log.clone(), vec![text("1")], producer("p", 0, 1));
    })
    .await;
    for (first, second) in
        [(producer("p", 0, 1), producer("p", 0, 2)), (producer("p", 0, 1), producer("q", 0, 1))]
    {
        refused(&*store, ErrorKind::Conflict, |batch| {
            batch.append_once(log.clone(), vec![text("x")], first).append_once(
                log.clone(),
                vec![text("x")],
                second,
            );
        })
        .await;
    }
    assert_eq!(texts(&*store, &log).await, ["1"]);
}

pub async fn producers_are_known_per_stream(place: &dyn Place) {
    let store = open(place).await;
    let (a, b) = (stream("a"), stream("b"));
    commit(&*store, |batch| {
        batch
            .append_once(a.clone(), vec![text("a1")], producer("p", 5, 1))
            .append_once(a.clone(), vec![text("a2")], producer("q", 0, 1))
            .append_once(b.clone(), vec![text("b1")], producer("p", 2, 1));
    })
    .await;
    commit(&*store, |batch| {
        batch.append_once(b.clone(), vec![text("b2")], producer("p", 2, 2)).append_once(
            a.clone(),
            vec![text("a3")],
            producer("p", 6, 1),
        );
    })
    .await;
    assert_eq!(texts(&*store, &a).await, ["a1", "a2", "a3"]);
    assert_eq!(texts(&*store, &b).await, ["b1", "b2"]);
}

pub async fn a_refused_batch_uses_up_no_sequence(place: &dyn Place) {
    let store = open(place).await;
    let log = stream("log");
    for _ in 0..2 {
        refused(&*store, ErrorKind::Conflict, |batch| {
            batch
                .append_once(log.clone(), vec![text("x")], producer("p", 4, 1))
                .require(key("things", "missing"), Expect::Present);
        })
        .await;
    }
    commit(&*store, |batch| {
        batch.append_once(log.clone(), vec![text("1")], producer("p", 2, 1));
    })
    .await;
    assert_eq!(texts(&*store, &log).await, ["1"]);
}
