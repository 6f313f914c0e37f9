//! How much of a topic a consumer group has in memory.

use std::sync::Arc;

use futures_util::poll;
use heptad_core::{
    events::{Delivery, Event, EventBus, GroupConfig, LocalBus, Subscription, Topic},
    store::memory::MemoryStore,
};
use heptad_testkit::{VirtualClock, store::Observed};

/// A group, and before it events of so many bytes each; those with a subject are held back by one another.
async fn group(config: GroupConfig, events: &[(&str, usize)]) -> (Arc<Observed>, Subscription) {
    let (store, [subscription]) = processes(config, events).await;
    (store, subscription)
}

/// The same in several processes.
async fn processes<const N: usize>(
    config: GroupConfig,
    events: &[(&str, usize)],
) -> (Arc<Observed>, [Subscription; N]) {
    let clock = Arc::new(VirtualClock::new());
    let store = Arc::new(Observed::new(Arc::new(MemoryStore::new(clock.clone()))));
    let bus = || LocalBus::new(store.clone(), clock.clone());
    let topic = Topic::new("orders").unwrap();
    let event = |(id, bytes): &(&str, usize)| {
        let event = Event::new("/test", "test.happened").id(*id).data(&"x".repeat(*bytes)).unwrap();
        if id.starts_with('-') { event } else { event.subject(&id[..1]) }
    };
    bus().publish(&topic, events.iter().map(event).collect(), None).await.unwrap();
    let join = async || bus().subscribe(&topic, config.clone()).await.unwrap();
    let mut joined = Vec::new();
    for _ in 0..N {
        joined.push(join().await);
    }
    let joined = joined.try_into().unwrap_or_else(|_| unreachable!("as many as were asked for"));
    (store, joined)
}

/// What comes until nothing more does.
async fn take_all(subscription: &Subscription) -> Vec<Delivery> {
    let mut held = Vec::new();
    loop {
        let mut next = std::pin::pin!(subscription.next());
        let mut turns = 0;
        let delivery = loop {
            if let std::task::Poll::Ready(delivery) = poll!(&mut next) {
                break Some(delivery.unwrap());
            }
            turns += 1;
            if turns > 100 {
                break None;
            }
            tokio::task::yield_now().await;
        };
        match delivery {
            Some(delivery) => held.push(delivery),
            None => return held,
        }
    }
}

fn workers() -> GroupConfig {
    GroupConfig::new("workers").max_bytes_in_view(256 << 10)
}

#[tokio::test]
async fn large_events_come_as_memory_allows() {
    let events = [("-", 100 << 10); 40];
    let (store, subscription) = group(workers(), &events).await;
    let (mut seen, mut held) = (0, take_all(&subscription).await);
    while let Some(delivery) = held.pop() {
        seen += 1;
        assert!(
            held.len() < 3,
            "{} events of 100 KiB are handed out where 256 KiB are allowed",
            held.len() + 1
        );
        delivery.ack().await.unwrap();
        held.extend(take_all(&subscription).await);
    }
    assert_eq!(seen, events.len());
    let most = store.seen().most_bytes_read;
    assert!(most <= 512 << 10, "{most} bytes were read at once");
}

#[tokio::test]
async fn an_event_that_is_larger_than_the_bound_comes_alone() {
    let (_store, subscription) =
        group(workers(), &[("-a", 10), ("-b", 1 << 20), ("-c", 1 << 20), ("-d", 10)]).await;
    for expected in [vec!["-a"], vec!["-b"], vec!["-c"], vec!["-d"]] {
        let first = subscription.next().await.unwrap();
        assert_eq!(vec![first.event().id.as_str()], expected);
        if first.event().id == "-b" {
            assert!(take_all(&subscription).await.is_empty(), "there is no room beside it");
        }
        first.ack().await.unwrap();
    }
}

#[tokio::test]
async fn events_that_are_held_back_take_no_memory_and_come_in_their_order() {
    let events: Vec<(String, usize)> =
        (0..30).map(|n| (format!("a{n}"), 60 << 10)).chain([("-z".into(), 1)]).collect();
    let events: Vec<(&str, usize)> = events.iter().map(|(id, bytes)| (id.as_str(), *bytes)).collect();
    let (_store, subscription) = group(workers(), &events).await;
    let mut order = Vec::new();
    let mut held = take_all(&subscription).await;
    assert!(
        held.iter().any(|delivery| delivery.event().id == "-z"),
        "what is free comes past what is held back"
    );
    while let Some(delivery) = held.pop() {
        order.push(delivery.event().id.clone());
        delivery.ack().await.unwrap();
        held.extend(take_all(&subscription).await);
    }
    order.retain(|id| id != "-z");
    assert_eq!(order, (0..30).map(|n| format!("a{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_group_looks_ahead_as_far_as_it_is_told() {
    let config = workers().max_in_flight(2).max_in_view(4);
    let (_store, subscription) =
        group(config, &[("a1", 1), ("a2", 1), ("a3", 1), ("a4", 1), ("b1", 1)]).await;
    let held = take_all(&subscription).await;
    assert_eq!(held.iter().map(|delivery| delivery.event().id.as_str()).collect::<Vec<_>>(), ["a1"]);
    for delivery in held {
        delivery.ack().await.unwrap();
    }
    let ids: Vec<_> =
        take_all(&subscription).await.iter().map(|delivery| delivery.event().id.clone()).collect();
    assert_eq!(ids, ["a2", "b1"]);
}

#[tokio::test]
async fn what_another_process_has_leaves_room_for_more() {
    let events = [("-", 100 << 10); 8];
    let (_store, [here, there]) = processes(workers(), &events).await;
    let (first, second) = (take_all(&here).await, take_all(&there).await);
    assert!(first.len() >= 2 && second.len() >= 2, "{} here, {} there", first.len(), second.len());
}
