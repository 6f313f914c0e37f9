//! Entries that are no events do not stop a group.

use std::sync::Arc;

use heptad_core::{
    ErrorKind,
    events::{Data, Event, EventBus, GroupConfig, GroupName, LocalBus, Topic},
    store::{Batch, Offset, Store, Value, memory::MemoryStore},
};
use heptad_testkit::VirtualClock;

#[tokio::test]
async fn an_entry_that_is_no_event_goes_to_the_dead_letters_as_it_is() {
    let clock = Arc::new(VirtualClock::new());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(clock.clone()));
    let bus = LocalBus::new(store.clone(), clock);
    let topic = Topic::new("orders").unwrap();
    let mut batch = Batch::new();
    batch.append(topic.stream().clone(), vec![Value::Bytes(Arc::from(&b"\xffjunk"[..]))]);
    store.commit(batch).await.unwrap();
    bus.publish(&topic, vec![Event::new("/test", "test.happened").id("1")], None).await.unwrap();

    let damaged = bus.read(&topic, Offset::START, 10).await.unwrap_err();
    assert_eq!(damaged.kind(), ErrorKind::Corrupt);
    assert!(damaged.to_string().contains("offset: 1"), "{damaged}");

    let group = bus.subscribe(&topic, GroupConfig::new("workers").type_prefix("test.")).await.unwrap();
    let delivery = group.next().await.unwrap();
    assert_eq!(delivery.event().id, "1");
    delivery.ack().await.unwrap();
    let workers = GroupName::new("workers").unwrap();
    let letters = bus.dead_letters(&topic, &workers, Offset::START, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].origin, letters[0].attempts), (Offset(1), 0));
    assert_eq!(letters[0].event.data, Some(Data::Binary(b"\xffjunk".to_vec())));
    assert!(letters[0].reason.starts_with("the entry is not an event"), "{}", letters[0].reason);
}

#[tokio::test]
async fn damaged_dead_letters_are_named_and_kept_and_the_others_are_sent_again() {
    let clock = Arc::new(VirtualClock::new());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(clock.clone()));
    let bus = LocalBus::new(store.clone(), clock);
    let (topic, workers) = (Topic::new("orders").unwrap(), GroupName::new("workers").unwrap());
    let dead = topic.dead_letters(&workers).unwrap();
    let group = bus.subscribe(&topic, GroupConfig::new("workers")).await.unwrap();
    let no_letter = Event::new("/test", "test.happened").id("no letter").to_json().unwrap();
    let junk = [Value::Bytes(Arc::from(&b"\xffjunk"[..])), Value::Json(no_letter.clone().into())];
    for (id, junk) in ["1", "2"].into_iter().zip(junk) {
        bus.publish(&topic, vec![Event::new("/test", "test.happened").id(id)], None).await.unwrap();
        group.next().await.unwrap().reject("broken").await.unwrap();
        let mut batch = Batch::new();
        batch.append(dead.stream().clone(), vec![junk]);
        store.commit(batch).await.unwrap();
    }
    let listed = async || {
        let letters = bus.dead_letters(&topic, &workers, Offset::START, 10).await.unwrap();
        letters.into_iter().map(|letter| (letter.offset.0, letter.origin.0)).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [(1, 1), (2, 0), (3, 2), (4, 0)], "what is damaged has no origin");
    let letters = bus.dead_letters(&topic, &workers, Offset(1), 1).await.unwrap();
    assert!(letters[0].reason.starts_with("the entry is not a dead letter"), "{}", letters[0].reason);
    assert_eq!(letters[0].event.data, Some(Data::Binary(b"\xffjunk".to_vec())));

    for (count, skipped) in [(2, [5, 6]), (0, [7, 8])] {
        let redriven = bus.redrive(&topic, &workers, Offset(u64::MAX)).await.unwrap();
        assert_eq!((redriven.count, redriven.skipped), (count, skipped.map(Offset).to_vec()));
        assert_eq!(listed().await, skipped.map(|offset| (offset, 0)), "they are kept, behind the others");
    }
    for id in ["1", "2"] {
        let delivery = group.next().await.unwrap();
        assert_eq!(delivery.event().id, id);
        delivery.ack().await.unwrap();
    }
    let letters = bus.dead_letters(&topic, &workers, Offset(7), 1).await.unwrap();
    assert_eq!(letters[0].event.data, Some(Data::Binary(no_letter.into_bytes())), "as it was");
}
