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
