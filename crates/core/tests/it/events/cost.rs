//! How many commits a group costs, and that its record stays small.

use std::sync::Arc;

use heptad_core::{
    events::{Event, EventBus, GroupConfig, LocalBus, Subscription, Topic},
    store::memory::MemoryStore,
};
use heptad_testkit::{VirtualClock, store::Observed};

const EVENTS: usize = 1000;

/// A group with 1,000 events before it, and the counts from then on.
async fn group(config: GroupConfig) -> (Arc<Observed>, Subscription) {
    let clock = Arc::new(VirtualClock::new());
    let store = Arc::new(Observed::new(Arc::new(MemoryStore::new(clock.clone()))));
    let bus = LocalBus::new(store.clone(), clock);
    let topic = Topic::new("orders").unwrap();
    let events =
        (0..EVENTS).map(|n| Event::new("/test", "test.happened").subject(format!("s{}", n % 500))).collect();
    bus.publish(&topic, events, None).await.unwrap();
    let subscription = bus.subscribe(&topic, config).await.unwrap();
    store.take();
    (store, subscription)
}

#[tokio::test]
async fn acknowledging_later_costs_few_commits() {
    let (store, subscription) = group(GroupConfig::new("workers")).await;
    for _ in 0..EVENTS {
        subscription.next().await.unwrap().ack_later();
    }
    let commits = store.seen().commits;
    assert!(commits <= 25, "{commits} commits for {EVENTS} events");
    assert!(store.seen().longest_put < 8 << 10);
}

#[tokio::test]
async fn acknowledging_at_once_costs_one_commit_each_and_the_claims() {
    let (store, subscription) = group(GroupConfig::new("workers")).await;
    for _ in 0..EVENTS {
        subscription.next().await.unwrap().ack().await.unwrap();
    }
    let commits = store.seen().commits;
    assert!((EVENTS..=EVENTS + 25).contains(&commits), "{commits} commits for {EVENTS} events");
}

#[tokio::test]
async fn concurrent_acknowledgements_share_commits() {
    let (store, subscription) = group(GroupConfig::new("workers")).await;
    let mut left = EVENTS;
    while left > 0 {
        let mut held = Vec::new();
        for _ in 0..left.min(50) {
            held.push(subscription.next().await.unwrap());
        }
        left -= held.len();
        for acked in futures_util::future::join_all(held.into_iter().map(|delivery| delivery.ack())).await {
            acked.unwrap();
        }
    }
    let commits = store.seen().commits;
    assert!(commits <= 60, "{commits} commits for {EVENTS} events");
}

#[tokio::test]
async fn the_record_of_a_group_is_bounded_by_what_is_in_flight() {
    let (store, subscription) = group(GroupConfig::new("workers").max_in_flight(1000).prefetch(1000)).await;
    let mut held = Vec::new();
    for _ in 0..500 {
        held.push(subscription.next().await.unwrap());
    }
    // Every other one is acknowledged: the worst case for the runs of what is done.
    for delivery in held.into_iter().step_by(2) {
        delivery.ack().await.unwrap();
    }
    let longest = store.seen().longest_put;
    assert!(longest < 64 << 10, "{longest} bytes");
}
