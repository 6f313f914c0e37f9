//! A consumer's writes and its acknowledgement are one commit.
#![allow(missing_docs, reason = "the names of the cases say what they show")]

use std::time::Duration;

use heptad_core::{
    ErrorKind,
    events::{Applied, Effects, GroupStatus, Topic},
    store::{Batch, Expect, Key, Offset, Producer, StreamId, Value},
};

use crate::events::{Setup, consume, event, expect, workers};

fn key(id: &str) -> Key {
    Key::new("ledger", id).expect("a key")
}

fn put(id: &str, expect: Expect) -> Batch {
    let mut batch = Batch::new();
    batch.put_if(key(id), Value::json(id).expect("JSON"), expect);
    batch
}

async fn has(setup: &Setup<'_>, id: &str) -> bool {
    setup.store.get(&key(id)).await.expect("read").is_some()
}

async fn status(setup: &Setup<'_>) -> GroupStatus {
    setup.bus.groups(None).await.expect("listed").remove(0)
}

pub async fn writes_and_acknowledgement_are_one(setup: Setup<'_>) {
    setup.publish(&["a1", "a2"]).await;
    let subscription = setup.join(workers()).await;
    let mut delivery = expect(&subscription, "a1").await;
    let applied = Effects::once(&mut delivery, put("a1", Expect::Absent)).await.expect("applied");
    assert_eq!(applied, Applied::Yes);
    assert!(has(&setup, "a1").await);
    assert_eq!(status(&setup).await.committed, Offset(1));
    drop(delivery);
    consume(&subscription, &["a2"]).await;
}

pub async fn a_refused_effect_leaves_nothing(setup: Setup<'_>) {
    setup.publish(&["a1"]).await;
    let subscription = setup.join(workers()).await;
    let mut delivery = expect(&subscription, "a1").await;
    let mut effect = put("a1", Expect::Any);
    effect.require(key("missing"), Expect::Present);
    let refused = Effects::once(&mut delivery, effect).await.expect_err("its requirement does not hold");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(!has(&setup, "a1").await);
    assert_eq!((status(&setup).await.lag, status(&setup).await.in_flight), (1, 1));
    let applied = Effects::once(&mut delivery, put("a1", Expect::Any)).await.expect("applied");
    assert_eq!(applied, Applied::Yes);
    assert!(has(&setup, "a1").await);
}

pub async fn what_was_acknowledged_is_not_applied_again(setup: Setup<'_>) {
    let other = setup.another().await;
    setup.publish(&["a1"]).await;
    let config = workers().prefetch(0).ack_wait(Duration::from_secs(10));
    let (here, there) = (setup.join(config.clone()).await, other.join(config).await);
    let mut slow = expect(&here, "a1").await;
    let mut next = std::pin::pin!(there.next());
    assert!(futures_util::poll!(&mut next).is_pending());
    setup.pass(10);
    let mut heir = next.await.expect("the claim lapsed");
    let lost = Effects::once(&mut slow, put("slow", Expect::Any)).await.expect_err("somebody else has it");
    assert_eq!(lost.kind(), ErrorKind::Conflict);
    let applied = Effects::once(&mut heir, put("heir", Expect::Any)).await.expect("applied");
    assert_eq!(applied, Applied::Yes);
    for delivery in [&mut heir, &mut slow] {
        let again = Effects::once(delivery, put("again", Expect::Any)).await.expect("known");
        assert_eq!(again, Applied::Already);
    }
    assert!(has(&setup, "heir").await && !has(&setup, "slow").await && !has(&setup, "again").await);
}

pub async fn one_refused_effect_does_not_hurt_others(setup: Setup<'_>) {
    setup.publish(&["a1", "b1", "c1", "d1"]).await;
    let subscription = setup.join(workers()).await;
    let mut held = Vec::new();
    for id in ["a1", "b1", "c1", "d1"] {
        held.push(expect(&subscription, id).await);
    }
    // The second requires what is not there; the last two write the same record.
    let effects = [
        put("a", Expect::Absent),
        put("b", Expect::Present),
        put("c", Expect::Any),
        put("c", Expect::Present),
    ];
    let all = held.iter_mut().zip(effects).map(|(delivery, effect)| Effects::once(delivery, effect));
    let answers = futures_util::future::join_all(all).await;
    let kinds: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|error| error.kind())).collect();
    assert_eq!(kinds, [Ok(Applied::Yes), Err(ErrorKind::Conflict), Ok(Applied::Yes), Ok(Applied::Yes)]);
    assert_eq!(status(&setup).await.lag, 1);
}

pub async fn a_repeated_producer_is_acknowledged(setup: Setup<'_>) {
    setup.publish(&["a1", "b1"]).await;
    let audit = StreamId::new("audit").expect("a stream");
    let mut effect = put("x", Expect::Absent);
    let producer = Producer { id: "ledger".into(), epoch: 1, sequence: 1 };
    effect.append_once(audit.clone(), vec![Value::json("x").expect("JSON")], producer);
    let subscription = setup.join(workers()).await;
    for (id, expected) in [("a1", Applied::Yes), ("b1", Applied::Already)] {
        let mut delivery = expect(&subscription, id).await;
        assert_eq!(Effects::once(&mut delivery, effect.clone()).await.expect("applied"), expected);
    }
    assert_eq!(setup.store.read(&audit, Offset::START, 10).await.expect("read").len(), 1);
    assert_eq!(status(&setup).await.lag, 0);
}

pub async fn events_may_be_published_by_an_effect(setup: Setup<'_>) {
    setup.publish(&["a1"]).await;
    let invoices = Topic::new("invoices").expect("a topic");
    let subscription = setup.join(workers()).await;
    let mut delivery = expect(&subscription, "a1").await;
    let mut effect = put("a1", Expect::Absent);
    setup.bus.publish_in(&mut effect, &invoices, vec![event("i1")]).await.expect("added");
    setup.bus.publish_in(&mut effect, &setup.topic, vec![event("a2")]).await.expect("added");
    assert_eq!(Effects::once(&mut delivery, effect).await.expect("applied"), Applied::Yes);
    assert_eq!(setup.ids(&invoices).await, ["i1"]);
    consume(&subscription, &["a2"]).await;
}
