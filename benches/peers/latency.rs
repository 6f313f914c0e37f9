//! From publishing to the subscriber: how long an event takes through the local bus on our SQLite store, and how long its publisher
//! waits until it is acknowledged.
//!
//! One publisher and one subscriber. "one at a time": the next event is published when the last one is acknowledged, so that every
//! measurement begins at rest. "burst": the publisher does not wait for the subscriber, so that the times include the queue. An event is
//! committed twice before the subscriber has it: when it is published, and when it is claimed. Run: `cargo xtask bench latency`.

#![allow(clippy::print_stdout, reason = "a benchmark tells its result")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use heptad_benches::Latencies;
use heptad_core::{
    clock::SystemClock,
    events::{Event, EventBus, GroupConfig, LocalBus, Subscription, Topic},
    store::sqlite::{Durability, SqliteOptions, SqliteStore},
};
use tokio::sync::mpsc;

const EVENTS: u64 = 2_000;
const FILLER_BYTES: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    OneAtATime,
    Burst,
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test` builds and starts every bench; there is nothing to check here.
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    for durability in [Durability::Normal, Durability::Full] {
        for (pace, name) in [(Pace::OneAtATime, "one at a time"), (Pace::Burst, "burst")] {
            let (mut acknowledged, mut delivered, whole) = runtime.block_on(measure(durability, pace));
            println!(
                "{:<24} to the subscriber {}  to the acknowledgement {}  {:>7.0} events/s",
                format!("{durability:?}, {name}"),
                percentiles(&mut delivered),
                percentiles(&mut acknowledged),
                EVENTS as f64 / whole.as_secs_f64(),
            );
        }
    }
}

fn percentiles(latencies: &mut Latencies) -> String {
    let [half, most] = [50.0, 99.0].map(|percent| latencies.percentile(percent).as_secs_f64() * 1e3);
    format!("p50 {half:>8.3} ms p99 {most:>8.3} ms")
}

/// How long the publisher waited for each event, how long each took to the subscriber, and all of it.
async fn measure(durability: Durability, pace: Pace) -> (Latencies, Latencies, Duration) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (options, clock) = (SqliteOptions { durability, ..SqliteOptions::default() }, Arc::new(SystemClock));
    let store = SqliteStore::open(folder.path().join("bus.db"), options, clock.clone()).await.expect("opens");
    let bus = LocalBus::new(Arc::new(store), clock);
    let topic = Topic::new("bench").expect("a valid name");
    let subscription = bus.subscribe(&topic, GroupConfig::new("subscriber")).await.expect("joins");
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let subscriber = tokio::spawn(subscribe(subscription, pace, arrived));

    let begin = Instant::now();
    let (mut starts, mut acknowledged, mut delivered) =
        (Vec::new(), Latencies::default(), Latencies::default());
    for sequence in 0..EVENTS {
        let event =
            Event::new("/bench", "bench.measured").data(&payload(sequence)).expect("it has a JSON form");
        let start = Instant::now();
        bus.publish(&topic, vec![event], None).await.expect("the event is acknowledged");
        acknowledged.push(start.elapsed());
        starts.push(start);
        if pace == Pace::OneAtATime {
            let arrival = arrivals.recv().await.expect("the subscriber lives");
            delivered.push(arrival - start);
        }
    }
    if pace == Pace::Burst {
        for start in starts {
            let arrival = arrivals.recv().await.expect("the subscriber lives");
            delivered.push(arrival - start);
        }
    }
    subscriber.await.expect("the subscriber ends");
    let whole = begin.elapsed();

    let group = bus.groups(Some(&topic)).await.expect("listed").remove(0);
    let left = (group.lag, group.in_flight, group.waiting, group.dead);
    assert_eq!((group.committed.0, left), (EVENTS, (0, 0, 0, 0)), "every event was acknowledged");
    (acknowledged, delivered, whole)
}

fn payload(sequence: u64) -> (u64, String) {
    (sequence, "z".repeat(FILLER_BYTES))
}

/// Takes every event once, whole and in order; tells when each arrived after it is acknowledged.
async fn subscribe(subscription: Subscription, pace: Pace, arrived: mpsc::UnboundedSender<Instant>) {
    for sequence in 0..EVENTS {
        let delivery = subscription.next().await.expect("an event");
        let arrival = Instant::now();
        assert_eq!(delivery.attempt(), 1);
        let data: (u64, String) = delivery.event().decode().expect("what was published");
        assert_eq!(data, payload(sequence));
        // The last acknowledgement is waited for: all before it are durable with it.
        if pace == Pace::OneAtATime || sequence + 1 == EVENTS {
            delivery.ack().await.expect("acknowledged");
        } else {
            delivery.ack_later();
        }
        arrived.send(arrival).expect("the publisher waits");
    }
}
