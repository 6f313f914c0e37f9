//! Publishers and consumers whose process is killed: nothing is lost, nothing is applied twice, the order of each subject holds.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use heptad_core::{
    clock::SystemClock,
    events::{Applied, Effects, Event, EventBus, GroupConfig, LocalBus, Subscription, Topic},
    store::{
        Batch, Expect, Key, Offset, Store, StreamId, Value,
        sqlite::{SqliteOptions, SqliteStore},
    },
};
use heptad_testkit::crash::{Crash, Life, Remains};
use serde_json::json;

const PUBLISHERS: u64 = 4;
const CONSUMERS: u64 = 4;

#[test]
fn effects_are_applied_once_and_in_order_whatever_is_killed() {
    let name = "events::crash::effects_are_applied_once_and_in_order_whatever_is_killed";
    Crash::new(name).rounds(15).most_acknowledgements(200).run(work, check);
}

struct Open {
    store: Arc<dyn Store>,
    bus: LocalBus,
    topic: Topic,
}

async fn open(folder: &Path) -> Open {
    let clock = Arc::new(SystemClock);
    let store = SqliteStore::open(folder.join("store.db"), SqliteOptions::default(), clock.clone()).await;
    let store: Arc<dyn Store> = Arc::new(store.expect("what is left opens"));
    Open { bus: LocalBus::new(store.clone(), clock), store, topic: Topic::new("orders").unwrap() }
}

impl Open {
    async fn join(&self) -> Subscription {
        // Deaths use up attempts; here nothing is to be given up. Claims of the dead lapse soon.
        let config = GroupConfig::new("ledger").max_attempts(100_000).ack_wait(Duration::from_millis(300));
        self.bus.subscribe(&self.topic, config).await.expect("the group is joined")
    }
}

fn json(value: serde_json::Value) -> Value {
    Value::Json(value.to_string().into())
}

fn last(publisher: u64) -> Key {
    Key::new("last", publisher.to_string()).unwrap()
}

fn applied() -> StreamId {
    StreamId::new("applied").unwrap()
}

async fn work(life: Life) {
    let open = Arc::new(open(&life.folder).await);
    let mut tasks = Vec::new();
    for publisher in 0..PUBLISHERS {
        tasks.push(tokio::spawn(publish(Arc::clone(&open), life.clone(), publisher)));
    }
    for _ in 0..CONSUMERS {
        let (subscription, life) = (open.join().await, life.clone());
        tasks.push(tokio::spawn(async move {
            loop {
                let offset = consume(&subscription).await;
                life.acknowledge(format_args!("applied {offset}"));
            }
        }));
    }
    for task in tasks {
        task.await.expect("nobody panics");
    }
}

/// Publishes for ever: the event and the record of its number are one commit.
async fn publish(open: Arc<Open>, life: Life, publisher: u64) {
    let record = open.store.get(&last(publisher)).await.expect("a read");
    let done: u64 = record.map_or(0, |record| record.value.decode().expect("a number"));
    for number in done + 1.. {
        let mut batch = Batch::new();
        batch.put(last(publisher), json(json!(number)));
        let event =
            Event::new("/test", "test.happened").subject(publisher.to_string()).data(&number).unwrap();
        open.bus.publish_in(&mut batch, &open.topic, vec![event]).await.expect("added");
        open.store.commit(batch).await.expect("published");
        life.acknowledge(format_args!("published {publisher} {number}"));
    }
}

/// Applies one event: a record that may be made once, and an entry of the log.
async fn consume(subscription: &Subscription) -> Offset {
    let mut delivery = subscription.next().await.expect("a delivery");
    let offset = delivery.offset();
    let subject: u64 = delivery.event().subject.as_deref().unwrap().parse().unwrap();
    let number: u64 = delivery.event().decode().unwrap();
    let mut effect = Batch::new();
    effect
        .put_if(Key::new("applied", offset.to_string()).unwrap(), json(json!(number)), Expect::Absent)
        .append(applied(), vec![json(json!([subject, number, offset]))]);
    let once = Effects::once(&mut delivery, effect).await;
    match once {
        Ok(Applied::Yes | Applied::Already) => offset,
        // On a busy machine the claim may have lapsed; then it is somebody else's. A record made twice is another matter.
        Err(error) if error.message().contains("no longer counts") => Box::pin(consume(subscription)).await,
        Err(error) => panic!("an effect was refused: {error}"),
    }
}

async fn check(remains: Remains) {
    let open = open(&remains.folder).await;
    let heard = |what: &str| -> Vec<Vec<u64>> {
        let lines = remains.acknowledged.iter().filter_map(|line| line.strip_prefix(what));
        lines.map(|line| line.split_whitespace().map(|number| number.parse().unwrap()).collect()).collect()
    };

    let log = open.bus.read(&open.topic, Offset::START, usize::MAX).await.expect("the topic is whole");
    let mut published: BTreeMap<u64, u64> = BTreeMap::new();
    for (message, offset) in log.iter().zip(1..) {
        assert_eq!(message.offset, Offset(offset), "the topic has no gap");
        let count = published.entry(message.event.subject.as_deref().unwrap().parse().unwrap()).or_default();
        *count += 1;
        assert_eq!(message.event.decode::<u64>().unwrap(), *count, "no event is published twice or left out");
    }
    for line in heard("published ") {
        assert!(published[&line[0]] >= line[1], "publisher {}: event {} is lost", line[0], line[1]);
    }
    check_applied(&open, &heard("applied ")).await;

    // The survivors finish what the dead left behind.
    let subscription = open.join().await;
    while open.bus.groups(None).await.expect("listed")[0].lag > 0 {
        consume(&subscription).await;
    }
    let total = check_applied(&open, &heard("applied ")).await;
    assert_eq!(total, log.len(), "every event was applied");
}

/// Nothing is applied twice, each subject is applied in its order without a gap, and what was acknowledged is there.
async fn check_applied(open: &Open, acknowledged: &[Vec<u64>]) -> usize {
    let entries = open.store.read(&applied(), Offset::START, usize::MAX).await.expect("the log is whole");
    let entries: Vec<[u64; 3]> = entries.iter().map(|entry| entry.value.decode().unwrap()).collect();
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    for [subject, number, _] in &entries {
        let previous = last.insert(*subject, *number).unwrap_or(0);
        assert_eq!(*number, previous + 1, "subject {subject} is applied in its order, each event once");
    }
    for line in acknowledged {
        assert!(
            entries.iter().any(|[_, _, offset]| *offset == line[0]),
            "offset {} was acknowledged",
            line[0]
        );
    }
    entries.len()
}
