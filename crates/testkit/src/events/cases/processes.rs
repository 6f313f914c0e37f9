//! Several processes, each with a bus of its own. An adapter whose bus is not shared passes them too, as long as its place opens the same
//! store again.
#![allow(missing_docs, reason = "the names of the cases say what they show")]

use std::time::Duration;

use heptad_core::{
    ErrorKind,
    events::{GroupConfig, GroupName, Start},
    store::Offset,
};

use crate::events::{Setup, consume, expect, workers};

/// Claims nothing ahead, so that it is clear who gets what.
fn config() -> GroupConfig {
    workers().prefetch(0).ack_wait(Duration::from_secs(10))
}

pub async fn two_processes_share_a_group(setup: Setup<'_>) {
    let other = setup.another().await;
    setup.publish(&["a1", "b1", "c1", "d1"]).await;
    let (here, there) = (setup.join(config()).await, other.join(config()).await);
    let a = expect(&here, "a1").await;
    let b = expect(&there, "b1").await;
    let c = expect(&here, "c1").await;
    b.ack().await.expect("acknowledged");
    a.ack().await.expect("acknowledged");
    consume(&there, &["d1"]).await;
    c.ack().await.expect("acknowledged");
    let status = &setup.bus.groups(None).await.expect("listed")[0];
    assert_eq!((status.committed.0, status.lag), (4, 0));
}

/// A process takes these events one by one, acknowledges all but the last, and dies of it. A process that dies tells nobody: its runtime
/// goes, and with it whatever would have said goodbye.
async fn die_of(setup: &Setup<'_>, config: GroupConfig, ids: &'static [&'static str]) {
    let (clock, topic) = (setup.clock.clone(), setup.topic.clone());
    let (bus, _store) = setup.place.open(std::sync::Arc::new(clock)).await;
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let doomed = bus.subscribe(&topic, config).await.expect("joined");
            let (deadly, harmless) = ids.split_last().expect("an event");
            consume(&doomed, harmless).await;
            std::mem::forget(expect(&doomed, deadly).await);
            std::mem::forget(doomed);
        });
    })
    .join()
    .expect("the process died as it should");
}

pub async fn claims_of_a_dead_process_lapse(setup: Setup<'_>) {
    setup.publish(&["a1", "b1"]).await;
    let config = workers().ack_wait(Duration::from_secs(10));
    die_of(&setup, config.clone(), &["a1"]).await;
    let heir = setup.join(config).await;
    setup.publish(&["c1"]).await;
    consume(&heir, &["c1"]).await;
    setup.pass(10);
    for (id, attempt) in [("a1", 2), ("b1", 1)] {
        let delivery = expect(&heir, id).await;
        assert_eq!(delivery.attempt(), attempt, "{id}");
        delivery.ack().await.expect("acknowledged");
    }
}

pub async fn what_a_dead_process_had_ahead_is_not_given_up(setup: Setup<'_>) {
    let config = workers().max_attempts(1).ack_wait(Duration::from_secs(10));
    setup.publish(&["a1", "b1", "c1", "d1"]).await;
    die_of(&setup, config.clone(), &["a1"]).await;
    let heir = setup.join(config).await;
    let mut next = std::pin::pin!(heir.next());
    assert!(futures_util::poll!(&mut next).is_pending());
    setup.pass(10);
    let first = next.await.expect("a delivery");
    assert_eq!((first.event().id.as_str(), first.attempt()), ("b1", 1), "the process died of another");
    first.ack().await.expect("acknowledged");
    consume(&heir, &["c1", "d1"]).await;
    let status = &setup.bus.groups(None).await.expect("listed")[0];
    assert_eq!((status.lag, status.dead), (0, 1), "only what it died of is given up");
}

pub async fn an_event_that_kills_its_process_is_given_up(setup: Setup<'_>) {
    let config = workers().max_attempts(2).ack_wait(Duration::from_secs(10));
    setup.publish(&["a1", "b1", "c1"]).await;
    // Handed out from what was claimed ahead, and nothing was committed since: nobody knows of it.
    die_of(&setup, config.clone(), &["a1", "b1"]).await;
    setup.pass(10);
    for death in 1..=2 {
        die_of(&setup, config.clone(), &["b1"]).await;
        setup.pass(10);
        let status = &setup.bus.groups(None).await.expect("listed")[0];
        assert_eq!(status.dead, 0, "death {death}");
    }
    let heir = setup.join(config).await;
    consume(&heir, &["c1"]).await;
    let group = GroupName::new("workers").expect("a name");
    let letters = setup.bus.dead_letters(&setup.topic, &group, Offset::START, 9).await;
    let letters = letters.expect("listed");
    assert_eq!(letters.iter().map(|letter| letter.event.id.as_str()).collect::<Vec<_>>(), ["b1"]);
}

pub async fn a_group_moved_by_another_process_is_moved_here(setup: Setup<'_>) {
    let other = setup.another().await;
    setup.publish(&["a1", "b1"]).await;
    let here = setup.join(workers()).await;
    let early = expect(&here, "a1").await;
    consume(&here, &["b1"]).await;
    // Nothing is left and nothing will come: there is no lease to renew and nothing to commit.
    let mut idle = std::pin::pin!(here.next());
    assert!(futures_util::poll!(&mut idle).is_pending());
    let group = GroupName::new("workers").expect("a name");
    other.bus.seek(&setup.topic, &group, Start::Earliest).await.expect("moved");
    let again = idle.await.expect("it is noticed");
    assert_eq!((again.event().id.as_str(), again.attempt()), ("a1", 1));
    let refused = early.ack().await.expect_err("the group was moved");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    again.ack().await.expect("acknowledged");
}

pub async fn whoever_was_replaced_is_refused(setup: Setup<'_>) {
    let other = setup.another().await;
    setup.publish(&["a1"]).await;
    let (here, there) = (setup.join(config()).await, other.join(config()).await);
    let slow = expect(&here, "a1").await;
    let mut next = std::pin::pin!(there.next());
    assert!(futures_util::poll!(&mut next).is_pending());
    setup.pass(10);
    let taken_over = next.await.expect("the claim lapsed");
    assert_eq!((taken_over.event().id.as_str(), taken_over.attempt()), ("a1", 2));
    let refused = slow.ack().await.expect_err("it was replaced");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    taken_over.ack().await.expect("acknowledged");
}

pub async fn order_per_subject_holds_across_processes(setup: Setup<'_>) {
    let other = setup.another().await;
    setup.publish(&["a1", "a2", "b1", "b2"]).await;
    let (here, there) = (setup.join(config()).await, other.join(config()).await);
    let a = expect(&here, "a1").await;
    let b = expect(&there, "b1").await;
    setup.publish(&["c1"]).await;
    consume(&there, &["c1"]).await;
    a.ack().await.expect("acknowledged");
    consume(&here, &["a2"]).await;
    b.ack().await.expect("acknowledged");
    consume(&there, &["b2"]).await;
}
