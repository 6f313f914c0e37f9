//! Publishing and reading.
#![allow(missing_docs, reason = "the names of the cases say what they show")]

use heptad_core::{
    ErrorKind,
    clock::Clock,
    events::{Event, Topic},
    store::{Batch, Expect, Key, Offset, Producer, Value},
};

use crate::events::{Setup, event};

pub async fn events_come_back_in_order_with_offsets(setup: Setup<'_>) {
    let (bus, topic) = (&setup.bus, &setup.topic);
    let first = bus.publish(topic, vec![event("a1"), event("b1")], None).await.expect("published");
    let second = bus.publish(topic, vec![event("a2")], None).await.expect("published");
    assert_eq!((first.first, first.count, first.duplicate), (Offset(1), 2, false));
    assert_eq!((second.first, second.count), (Offset(3), 1));
    let all = bus.read(topic, Offset::START, 10).await.expect("read");
    let seen: Vec<_> = all.iter().map(|message| (message.offset.0, message.event.id.as_str())).collect();
    assert_eq!(seen, [(1, "a1"), (2, "b1"), (3, "a2")]);
    let rest = bus.read(topic, Offset(1), 1).await.expect("read");
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].event.id, "b1");
    let nothing = bus.publish(topic, Vec::new(), None).await.expect("nothing is published");
    assert_eq!(nothing.count, 0);
}

pub async fn events_without_a_time_get_one(setup: Setup<'_>) {
    let then = "2020-02-02T02:02:02Z".parse().expect("a time");
    let events = vec![event("a1"), event("a2").time(then)];
    setup.bus.publish(&setup.topic, events, None).await.expect("published");
    let all = setup.bus.read(&setup.topic, Offset::START, 10).await.expect("read");
    assert_eq!(all[0].event.time, Some(setup.clock.now()));
    assert_eq!(all[0].time, setup.clock.now());
    assert_eq!(all[1].event.time, Some(then));
}

pub async fn a_wrong_event_publishes_nothing(setup: Setup<'_>) {
    let wrong = Event::new("not a uri", "test.happened");
    let refused = setup.bus.publish(&setup.topic, vec![event("a1"), wrong], None).await.expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(
        refused.to_string().contains("`source`") && refused.to_string().contains("event: 1"),
        "{refused}"
    );
    assert!(setup.ids(&setup.topic).await.is_empty());
}

pub async fn a_repeated_publication_is_acknowledged_and_not_published(setup: Setup<'_>) {
    let producer = |epoch, sequence| Some(Producer { id: "shop".into(), epoch, sequence });
    let publish = |producer| setup.bus.publish(&setup.topic, vec![event("a1")], producer);
    let first = publish(producer(1, 1)).await.expect("published");
    let again = publish(producer(1, 1)).await.expect("acknowledged");
    assert_eq!((again.first, again.count, again.duplicate), (first.first, first.count, true));
    assert!(!publish(producer(1, 2)).await.expect("published").duplicate);
    assert!(!publish(producer(2, 1)).await.expect("published").duplicate);
    let old = publish(producer(1, 3)).await.expect_err("an old epoch is refused");
    assert_eq!(old.kind(), ErrorKind::Conflict);
    assert_eq!(setup.ids(&setup.topic).await.len(), 3);
}

pub async fn events_of_a_batch_come_with_it_or_not_at_all(setup: Setup<'_>) {
    let key = Key::new("orders", "o-1").expect("a key");
    let mut batch = Batch::new();
    batch.put_if(key.clone(), Value::json("paid").expect("JSON"), Expect::Absent);
    setup.bus.publish_in(&mut batch, &setup.topic, vec![event("a1")]).await.expect("added");
    setup.bus.publish_in(&mut batch, &setup.topic, vec![event("a2")]).await.expect("added");
    assert!(setup.ids(&setup.topic).await.is_empty(), "nothing is published before the commit");
    setup.store.commit(batch.clone()).await.expect("committed");
    assert_eq!(setup.ids(&setup.topic).await, ["a1", "a2"]);
    setup.store.commit(batch).await.expect_err("the record is there already");
    assert_eq!(setup.ids(&setup.topic).await, ["a1", "a2"]);
}

pub async fn a_watch_wakes_when_a_topic_grows(setup: Setup<'_>) {
    setup.publish(&["a1"]).await;
    let mut watch = setup.bus.watch(&setup.topic);
    assert_eq!(watch.current().await.expect("open"), Offset(1));
    let (head, ()) = tokio::join!(watch.after(Offset(1)), setup.publish(&["a2"]));
    assert_eq!(head.expect("open"), Offset(2));
}

pub async fn topics_are_listed(setup: Setup<'_>) {
    let other = Topic::new("invoices").expect("a topic");
    setup.bus.declare(&other).await.expect("declared");
    setup.bus.declare(&other).await.expect("declaring again does nothing");
    setup.publish(&["a1", "a2"]).await;
    let topics = setup.bus.topics().await.expect("listed");
    let topics: Vec<_> =
        topics.iter().map(|status| (status.topic.as_str(), status.first.0, status.last.0)).collect();
    assert_eq!(topics, [("invoices", 0, 0), ("orders", 1, 2)]);
}
