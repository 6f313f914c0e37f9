//! Publishers and consumers whose process is killed: nothing is lost, nothing is applied twice, the order of each subject holds, and what
//! is given up is given up once.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use heptad_core::{
    ErrorKind,
    clock::SystemClock,
    events::{
        Applied, Backoff, Delivery, Effects, Event, EventBus, GroupConfig, GroupName, LocalBus, Subscription,
        Topic,
    },
    search::{Catalog, Document},
    store::{Batch, Expect, Key, Offset, Store, StreamId, Value, sqlite::SqliteOptions},
};
use heptad_testkit::crash::{Crash, Life, Remains};
use serde_json::json;

use crate::store::crash::{open, quick};

const PUBLISHERS: u64 = 4;
/// How many consumers each group has.
const CONSUMERS: u64 = 3;
/// The courier sends dead letters again when there are so many new ones.
const REDRIVE_EVERY: u64 = 3;
const REFUSAL: &str = "nobody lives there";

#[test]
fn effects_are_applied_once_and_in_order_whatever_is_killed() {
    let name = "events::crash::effects_are_applied_once_and_in_order_whatever_is_killed";
    Crash::new(name).rounds(10).most_acknowledgements(200).run(
        async |life| {
            let post = Post::on(open(&life.folder, SqliteOptions::default()).await, None);
            work(life, post).await;
        },
        async |remains| {
            let post = Post::on(open(&remains.folder, quick()).await, None);
            check(&post, &remains).await;
        },
    );
}

/// One topic and two groups: the ledger takes every event, the courier refuses some of them until they are dead letters.
pub(crate) struct Post {
    store: Arc<dyn Store>,
    bus: LocalBus,
    topic: Topic,
    /// Where effects of the ledger put documents as well.
    receipts: Option<Catalog>,
}

impl Post {
    pub(crate) fn on(store: Arc<dyn Store>, receipts: Option<Catalog>) -> Arc<Self> {
        let bus = LocalBus::new(store.clone(), Arc::new(SystemClock));
        Arc::new(Self { store, bus, topic: Topic::new("orders").unwrap(), receipts })
    }

    async fn join(&self, group: Group) -> Subscription {
        let config = GroupConfig::new(group.name())
            .max_attempts(group.max_attempts())
            .backoff(Backoff::constant(Duration::from_millis(2)))
            // Claims of the dead lapse soon.
            .ack_wait(Duration::from_millis(300));
        self.bus.subscribe(&self.topic, config).await.expect("the group is joined")
    }

    async fn lag(&self, group: Group) -> u64 {
        let groups = self.bus.groups(Some(&self.topic)).await.expect("listed");
        groups.into_iter().find(|status| status.group.as_str() == group.name()).map_or(0, |status| status.lag)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Ledger,
    Courier,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Courier => "courier",
        }
    }

    /// Deaths use up attempts. The ledger gives nothing up; the courier gives up what it refuses so often.
    fn max_attempts(self) -> u32 {
        match self {
            Self::Ledger => 100_000,
            Self::Courier => 3,
        }
    }

    /// The courier refuses every fifth event, and half of these also when it is sent again.
    fn refuses(self, order: Order) -> bool {
        self == Self::Courier
            && order.number.is_multiple_of(5)
            && !(order.again && order.number.is_multiple_of(2))
    }

    fn applied(self) -> StreamId {
        StreamId::new(format!("applied-{}", self.name())).unwrap()
    }
}

/// What an event says.
#[derive(Clone, Copy, Debug)]
struct Order {
    publisher: u64,
    number: u64,
    /// It was a dead letter before.
    again: bool,
}

impl Order {
    fn of(event: &Event) -> Self {
        Self {
            publisher: event.subject.as_deref().unwrap().parse().unwrap(),
            number: event.decode().unwrap(),
            again: event.extensions.contains_key("redrivengroup"),
        }
    }

    fn id(self) -> (u64, u64) {
        (self.publisher, self.number)
    }

    /// The document that the ledger puts for some events.
    fn receipt(self) -> Option<String> {
        self.number.is_multiple_of(4).then(|| format!("receipt-{}-{}", self.publisher, self.number))
    }
}

fn json(value: serde_json::Value) -> Value {
    Value::Json(value.to_string().into())
}

fn last(publisher: u64) -> Key {
    Key::new("published", publisher.to_string()).unwrap()
}

fn courier() -> GroupName {
    GroupName::new("courier").unwrap()
}

/// Publishes, consumes, gives up and sends again for ever.
pub(crate) async fn work(life: Life, post: Arc<Post>) {
    let mut tasks = Vec::new();
    for publisher in 0..PUBLISHERS {
        tasks.push(tokio::spawn(publish(Arc::clone(&post), life.clone(), publisher)));
    }
    for group in [Group::Ledger, Group::Courier] {
        for _ in 0..CONSUMERS {
            let (subscription, life, post) = (post.join(group).await, life.clone(), Arc::clone(&post));
            tasks.push(tokio::spawn(async move {
                loop {
                    if let Some(what) = consume(&post, group, &subscription).await {
                        life.acknowledge(what);
                    }
                }
            }));
        }
    }
    tasks.push(tokio::spawn(redrive(post, life)));
    for task in join_all(tasks).await {
        task.expect("nobody panics");
    }
}

/// Publishes for ever: the event and the record of its number are one commit.
async fn publish(post: Arc<Post>, life: Life, publisher: u64) {
    let record = post.store.get(&last(publisher)).await.expect("a read");
    let done: u64 = record.map_or(0, |record| record.value.decode().expect("a number"));
    for number in done + 1.. {
        let mut batch = Batch::new();
        batch.put(last(publisher), json(json!(number)));
        let event =
            Event::new("/test", "test.happened").subject(publisher.to_string()).data(&number).unwrap();
        post.bus.publish_in(&mut batch, &post.topic, vec![event]).await.expect("added");
        post.store.commit(batch).await.expect("published");
        life.acknowledge(format_args!("published {publisher} {number}"));
    }
}

/// Settles one event; returns what is to be acknowledged.
async fn consume(post: &Post, group: Group, subscription: &Subscription) -> Option<String> {
    let mut delivery = subscription.next().await.expect("a delivery");
    let order = Order::of(delivery.event());
    let (publisher, number) = order.id();
    let outcome = if group.refuses(order) {
        let last = delivery.attempt() >= group.max_attempts();
        let refused = delivery.nack(REFUSAL).await;
        refused.map(|()| last.then(|| format!("gave-up {publisher} {number}")))
    } else {
        let effect = effect(post, group, order, &delivery).await;
        let applied = Effects::once(&mut delivery, effect).await;
        applied.map(|(Applied::Yes | Applied::Already)| {
            Some(format!("applied-{} {publisher} {number}", group.name()))
        })
    };
    match outcome {
        Ok(told) => told,
        // On a busy machine the claim may have lapsed; then it is somebody else's. A record made twice is another matter.
        Err(error) if error.message().contains("no longer counts") => None,
        Err(error) => panic!("an effect was refused: {error}"),
    }
}

/// A record that may be made once, an entry of the log, and now and then a document.
async fn effect(post: &Post, group: Group, order: Order, delivery: &Delivery) -> Batch {
    let (publisher, number) = order.id();
    let mut effect = Batch::new();
    let record = Key::new(format!("applied.{}", group.name()), format!("{publisher}/{number}")).unwrap();
    effect
        .put_if(record, json(json!(delivery.offset())), Expect::Absent)
        .append(group.applied(), vec![json(json!([publisher, number, delivery.offset()]))]);
    if let (Group::Ledger, Some(catalog), Some(id)) = (group, &post.receipts, order.receipt()) {
        let receipt = Document::new(id).with("body", "a receipt for the rain");
        catalog.stage(&mut effect, "notes", vec![receipt], Vec::new()).await.expect("staged");
    }
    effect
}

/// Sends the courier's dead letters again, for ever.
async fn redrive(post: Arc<Post>, life: Life) {
    let dead = post.topic.dead_letters(&courier()).unwrap();
    let mut watch = post.bus.watch(&dead);
    let mut head = watch.current().await.expect("the head");
    loop {
        head = watch.after(Offset(head.0 + REDRIVE_EVERY)).await.expect("more dead letters");
        post.bus.redrive(&post.topic, &courier(), head).await.expect("sent again");
        life.acknowledge(format_args!("redriven {head}"));
    }
}

/// What is left keeps every promise, and the survivors can finish what the dead left behind.
pub(crate) async fn check(post: &Post, remains: &Remains) {
    let published = check_topic(post, remains).await;
    for group in [Group::Ledger, Group::Courier] {
        check_group(post, remains, group, &published, false).await;
    }
    join(drain(post, Group::Ledger), drain(post, Group::Courier)).await;
    for group in [Group::Ledger, Group::Courier] {
        check_group(post, remains, group, &published, true).await;
    }
}

async fn drain(post: &Post, group: Group) {
    let subscription = post.join(group).await;
    while post.lag(group).await > 0 {
        consume(post, group, &subscription).await;
    }
}

/// The topic has no gap; every publisher's events are there in order, each once. Returns how many each has published.
async fn check_topic(post: &Post, remains: &Remains) -> BTreeMap<u64, u64> {
    let log = post.bus.read(&post.topic, Offset::START, usize::MAX).await.expect("the topic is whole");
    let mut published: BTreeMap<u64, u64> = (0..PUBLISHERS).map(|publisher| (publisher, 0)).collect();
    for (message, offset) in log.iter().zip(1..) {
        assert_eq!(message.offset, Offset(offset), "the topic has no gap");
        let order = Order::of(&message.event);
        if !order.again {
            let count = published.entry(order.publisher).or_default();
            *count += 1;
            assert_eq!(order.number, *count, "no event is published twice or left out");
        }
    }
    for (publisher, count) in &published {
        let record = post.store.get(&last(*publisher)).await.expect("a read");
        let recorded: u64 = record.map_or(0, |record| record.value.decode().expect("a number"));
        assert_eq!(recorded, *count, "publisher {publisher}: the record and the event are one commit");
    }
    for [publisher, number] in told(remains, "published") {
        assert!(published[&publisher] >= number, "publisher {publisher}: event {number} is lost");
    }
    published
}

/// No event is applied twice or given up twice or both; what was acknowledged is there. In the `end` every event is one or the other.
async fn check_group(
    post: &Post,
    remains: &Remains,
    group: Group,
    published: &BTreeMap<u64, u64>,
    end: bool,
) {
    let entries =
        post.store.read(&group.applied(), Offset::START, usize::MAX).await.expect("the log is whole");
    let mut applied = BTreeMap::new();
    let mut last: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for entry in &entries {
        let [publisher, number, offset]: [u64; 3] = entry.value.decode().unwrap();
        let twice = applied.insert((publisher, number), offset);
        assert_eq!(twice, None, "{group:?}: event {number} of {publisher} was applied twice");
        let (before, previous) = last.insert(publisher, (offset, number)).unwrap_or_default();
        assert!(
            before < offset,
            "{group:?}: {publisher} is applied in its order, {offset} came after {before}"
        );
        let gap = group == Group::Ledger && number != previous + 1;
        assert!(!gap, "{group:?}: {publisher} is applied without a gap, {number} came after {previous}");
    }
    let dead = check_dead(post, remains, group, end).await;
    for id in
        told(remains, &format!("applied-{}", group.name())).map(|[publisher, number]| (publisher, number))
    {
        assert!(applied.contains_key(&id), "{group:?}: {id:?} was acknowledged");
    }
    for (&publisher, &count) in published {
        for id in (1..=count).map(|number| (publisher, number)) {
            let ends = usize::from(applied.contains_key(&id)) + usize::from(dead.contains_key(&id));
            assert!(ends <= 1, "{group:?}: {id:?} was applied and given up");
            assert!(ends == 1 || !end, "{group:?}: {id:?} was neither applied nor given up");
        }
    }
    let known = |id: &(u64, u64)| published.get(&id.0).is_some_and(|count| id.1 <= *count);
    assert!(applied.keys().chain(dead.keys()).all(known), "{group:?}: only what was published is settled");
}

/// The dead letters of a group, by event: no gap, none twice, none that was said to be sent again, and none lost.
async fn check_dead(post: &Post, remains: &Remains, group: Group, end: bool) -> BTreeMap<(u64, u64), Offset> {
    let name = GroupName::new(group.name()).unwrap();
    let letters = match post.bus.dead_letters(&post.topic, &name, Offset::START, usize::MAX).await {
        // The first process died before it joined the group.
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        letters => letters.expect("the dead letters are whole"),
    };
    let gap = letters.windows(2).any(|pair| pair[0].offset.0 + 1 != pair[1].offset.0);
    assert!(!gap, "{group:?}: the dead letters have no gap");
    let mut dead = BTreeMap::new();
    for letter in letters {
        let order = Order::of(&letter.event);
        let twice = dead.insert(order.id(), letter.offset);
        assert_eq!(twice, None, "{group:?}: {order:?} is a dead letter twice");
        assert_eq!(letter.attempts, group.max_attempts());
        let why = if group.refuses(order) { REFUSAL } else { "not acknowledged" };
        let lapsed = letter.reason.starts_with("not acknowledged");
        assert!(lapsed || letter.reason.starts_with(why), "{group:?}: {order:?}: {}", letter.reason);
    }
    if group == Group::Courier && !end {
        let redriven = remains.told("redriven").map(|head| head.parse().unwrap()).max().unwrap_or(0);
        assert!(dead.values().all(|offset| offset.0 > redriven), "what is sent again is no dead letter");
        let log = post.bus.read(&post.topic, Offset::START, usize::MAX).await.expect("the topic is whole");
        let orders = log.iter().map(|message| Order::of(&message.event));
        let again: Vec<_> = orders.filter(|order| order.again).map(Order::id).collect();
        for [publisher, number] in told(remains, "gave-up") {
            let id = (publisher, number);
            assert!(dead.contains_key(&id) || again.contains(&id), "the dead letter of {id:?} is lost");
        }
    }
    dead
}

/// The ids of the documents that the ledger has put.
pub(crate) async fn receipts(post: &Post) -> Vec<String> {
    let entries = post.store.read(&Group::Ledger.applied(), Offset::START, usize::MAX).await.expect("a read");
    let orders = entries.iter().map(|entry| {
        let [publisher, number, _]: [u64; 3] = entry.value.decode().unwrap();
        Order { publisher, number, again: false }
    });
    orders.filter_map(Order::receipt).collect()
}

/// What was acknowledged about which events.
fn told(remains: &Remains, what: &str) -> impl Iterator<Item = [u64; 2]> {
    let lines: Vec<&str> = remains.told(what).collect();
    let parsed: Vec<[u64; 2]> = lines
        .into_iter()
        .map(|line| {
            let (publisher, number) = line.split_once(' ').expect("two numbers");
            [publisher.parse().unwrap(), number.parse().unwrap()]
        })
        .collect();
    parsed.into_iter()
}
