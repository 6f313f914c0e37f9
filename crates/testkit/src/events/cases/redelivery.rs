//! Consumer groups where consumers fail.
#![allow(missing_docs, reason = "the names of the cases say what they show")]

use std::time::Duration;

use heptad_core::{
    ErrorKind,
    events::{Backoff, GroupName},
    store::Offset,
};

use crate::events::{Setup, consume, expect, workers};

fn group() -> GroupName {
    GroupName::new("workers").expect("a name")
}

/// The group's dead letters: id, attempts, reason.
async fn dead(setup: &Setup<'_>) -> Vec<(String, u32, String)> {
    let letters = setup.bus.dead_letters(&setup.topic, &group(), Offset::START, 100).await.expect("listed");
    letters.into_iter().map(|letter| (letter.event.id, letter.attempts, letter.reason)).collect()
}

async fn redrive(setup: &Setup<'_>, up_to: u64) -> u64 {
    let redriven = setup.bus.redrive(&setup.topic, &group(), Offset(up_to)).await.expect("sent again");
    assert!(redriven.skipped.is_empty(), "{redriven:?}");
    redriven.count
}

pub async fn a_failed_event_comes_again_after_the_backoff(setup: Setup<'_>) {
    setup.publish(&["a1"]).await;
    let wait = Duration::from_secs(10);
    let backoff = Backoff { base: wait, cap: wait * 3, seed: 7 };
    let subscription = setup.join(workers().backoff(backoff)).await;
    for attempt in 1..5 {
        let delivery = expect(&subscription, "a1").await;
        assert_eq!(delivery.attempt(), attempt);
        delivery.nack("not now").await.expect("noted");
        let delay = backoff.delay(Offset(1), attempt);
        let longest = (wait * 2u32.pow(attempt - 1)).min(wait * 3);
        assert!(delay >= longest / 2 && delay <= longest, "{delay:?}");
        // A moment before the time is up, a marker comes through and the event does not.
        setup.clock.advance(delay - Duration::from_millis(2));
        let marker = format!("-{attempt}");
        setup.publish(&[&marker]).await;
        consume(&subscription, &[&marker]).await;
        setup.clock.advance(Duration::from_millis(2));
    }
    let delivery = expect(&subscription, "a1").await;
    delivery.nack_after(Duration::ZERO, "the last one").await.expect("noted");
    assert_eq!(dead(&setup).await, [("a1".to_owned(), 5, "the last one".to_owned())]);
}

pub async fn the_last_attempt_ends_among_the_dead_letters(setup: Setup<'_>) {
    setup.publish(&["a1", "a2"]).await;
    let config = workers().max_attempts(3).backoff(Backoff::constant(Duration::ZERO));
    let subscription = setup.join(config).await;
    for attempt in 1..=3 {
        let delivery = expect(&subscription, "a1").await;
        assert_eq!(delivery.attempt(), attempt);
        assert!(dead(&setup).await.is_empty());
        delivery.nack("broken").await.expect("noted");
    }
    assert_eq!(dead(&setup).await, [("a1".to_owned(), 3, "broken".to_owned())]);
    let letters = setup.topic.dead_letters(&group()).expect("a topic");
    assert_eq!(letters.as_str(), "orders.workers.dead");
    assert_eq!(setup.ids(&letters).await, ["a1"]);
    consume(&subscription, &["a2"]).await;
    let status = &setup.bus.groups(None).await.expect("listed")[0];
    assert_eq!((status.lag, status.dead, status.waiting), (0, 1, 0));
}

pub async fn a_rejected_event_is_not_tried_again(setup: Setup<'_>) {
    setup.publish(&["a1", "a2"]).await;
    let subscription = setup.join(workers()).await;
    expect(&subscription, "a1").await.reject("no such\u{7}product").await.expect("noted");
    assert_eq!(dead(&setup).await, [("a1".to_owned(), 1, "no such product".to_owned())]);
    consume(&subscription, &["a2"]).await;
}

pub async fn a_poison_event_holds_back_its_subject_only(setup: Setup<'_>) {
    setup.publish(&["a1", "a2", "b1", "a3", "b2", "-x"]).await;
    let config = workers().max_attempts(2).backoff(Backoff::constant(Duration::from_secs(100)));
    let subscription = setup.join(config).await;
    expect(&subscription, "a1").await.nack("poison").await.expect("noted");
    consume(&subscription, &["b1", "-x", "b2"]).await;
    setup.publish(&["b3", "a4"]).await;
    consume(&subscription, &["b3"]).await;
    setup.pass(100);
    expect(&subscription, "a1").await.nack("poison").await.expect("noted");
    consume(&subscription, &["a2", "a3", "a4"]).await;
    assert_eq!(dead(&setup).await.len(), 1);
}

pub async fn what_is_not_acknowledged_in_time_comes_again(setup: Setup<'_>) {
    setup.publish(&["a1"]).await;
    let subscription = setup.join(workers().ack_wait(Duration::from_secs(10)).max_attempts(2)).await;
    let slow = expect(&subscription, "a1").await;
    setup.pass(10);
    let again = expect(&subscription, "a1").await;
    assert_eq!(again.attempt(), 2);
    let refused = slow.ack().await.expect_err("somebody else has it now");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    setup.pass(10);
    setup.publish(&["a2"]).await;
    consume(&subscription, &["a2"]).await;
    let letters = dead(&setup).await;
    assert_eq!(letters, [("a1".to_owned(), 2, "not acknowledged within 10s".to_owned())]);
    again.ack().await.expect("the event is done, by whatever end");
}

pub async fn a_consumer_may_ask_for_more_time(setup: Setup<'_>) {
    setup.publish(&["a1", "a2"]).await;
    let subscription = setup.join(workers().ack_wait(Duration::from_secs(10))).await;
    let slow = expect(&subscription, "a1").await;
    for number in 0..5 {
        setup.pass(6);
        slow.extend();
        let marker = format!("-{number}");
        setup.publish(&[&marker]).await;
        consume(&subscription, &[&marker]).await;
    }
    slow.ack().await.expect("it is still ours");
    consume(&subscription, &["a2"]).await;
}

pub async fn a_dropped_delivery_is_a_failed_attempt(setup: Setup<'_>) {
    setup.publish(&["a1"]).await;
    let config = workers().max_attempts(2).backoff(Backoff::constant(Duration::ZERO));
    let subscription = setup.join(config).await;
    drop(expect(&subscription, "a1").await);
    let again = expect(&subscription, "a1").await;
    assert_eq!(again.attempt(), 2);
    drop(again);
    setup.publish(&["a2"]).await;
    consume(&subscription, &["a2"]).await;
    assert_eq!(dead(&setup).await[0].1, 2);
}

pub async fn what_was_not_handed_out_is_returned_at_once(setup: Setup<'_>) {
    setup.publish(&["a1", "b1", "c1"]).await;
    let subscription = setup.join(workers()).await;
    let held = expect(&subscription, "a1").await;
    drop(subscription);
    let subscription = setup.join(workers()).await;
    for id in ["b1", "c1"] {
        let delivery = expect(&subscription, id).await;
        assert_eq!(delivery.attempt(), 1);
        delivery.ack().await.expect("acknowledged");
    }
    held.ack().await.expect("what was handed out may still be settled");
}

pub async fn dead_letters_can_be_sent_again(setup: Setup<'_>) {
    setup.publish(&["a1", "b1", "a2", "c1"]).await;
    let subscription = setup.join(workers()).await;
    for id in ["a1", "b1"] {
        expect(&subscription, id).await.reject("no").await.expect("noted");
    }
    consume(&subscription, &["c1", "a2"]).await;
    assert_eq!(dead(&setup).await.len(), 2);
    assert_eq!(redrive(&setup, 1).await, 1);
    assert_eq!(dead(&setup).await[0].0, "b1");
    consume(&subscription, &["a1"]).await;
    assert_eq!(redrive(&setup, 99).await, 1);
    assert_eq!(redrive(&setup, 99).await, 0);
    consume(&subscription, &["b1"]).await;
    // Another group sees each of them once.
    setup.publish(&["z1"]).await;
    let others = setup.join(heptad_core::events::GroupConfig::new("others")).await;
    consume(&others, &["a1", "b1", "c1", "z1", "a2"]).await;
}

pub async fn a_cancelled_wait_loses_nothing(setup: Setup<'_>) {
    let subscription = setup.join(workers()).await;
    for round in 0..10 {
        // The wait is given up at some point between asking and being handed an event.
        let mut next = Box::pin(subscription.next());
        let id = format!("a{round}");
        assert!(futures_util::poll!(&mut next).is_pending());
        setup.publish(&[&id]).await;
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        drop(next);
        consume(&subscription, &[&id]).await;
    }
}
