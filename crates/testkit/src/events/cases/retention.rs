//! Forgetting old events.
#![allow(missing_docs, reason = "the names of the cases say what they show")]

use std::time::Duration;

use heptad_core::{events::Retention, store::Offset};

use crate::events::{Setup, consume, expect, workers};

fn keep(events: u64) -> Retention {
    Retention { max_events: Some(events), ..Retention::default() }
}

pub async fn old_events_are_forgotten(setup: Setup<'_>) {
    setup.publish(&["a1", "a2"]).await;
    setup.pass(100);
    setup.publish(&["a3", "a4", "a5"]).await;
    let trim = |retention| setup.bus.trim(&setup.topic, retention);
    assert_eq!(trim(Retention::default()).await.expect("nothing to do").up_to, Offset::START);
    let by_age = Retention { max_age: Some(Duration::from_secs(50)), ..Retention::default() };
    assert_eq!(trim(by_age).await.expect("trimmed").up_to, Offset(2));
    assert_eq!(setup.ids(&setup.topic).await, ["a3", "a4", "a5"]);
    assert_eq!(trim(keep(1)).await.expect("trimmed").up_to, Offset(4));
    assert_eq!(setup.ids(&setup.topic).await, ["a5"]);
    assert_eq!(trim(keep(9)).await.expect("trimmed").up_to, Offset::START);
    let status = &setup.bus.topics().await.expect("listed")[0];
    assert_eq!((status.first, status.last), (Offset(5), Offset(5)));
}

pub async fn what_a_group_has_not_read_stays(setup: Setup<'_>) {
    setup.publish(&["a1", "a2", "a3", "a4"]).await;
    let subscription = setup.join(workers()).await;
    consume(&subscription, &["a1"]).await;
    let trimmed = setup.bus.trim(&setup.topic, keep(1)).await.expect("trimmed");
    assert_eq!(trimmed.up_to, Offset(1));
    assert_eq!(trimmed.behind.iter().map(|group| group.as_str()).collect::<Vec<_>>(), ["workers"]);
    assert_eq!(setup.ids(&setup.topic).await, ["a2", "a3", "a4"]);
    consume(&subscription, &["a2", "a3", "a4"]).await;
    let trimmed = setup.bus.trim(&setup.topic, keep(1)).await.expect("trimmed");
    assert_eq!((trimmed.up_to, trimmed.behind.len()), (Offset(3), 0));
}

pub async fn force_forgets_it_anyway(setup: Setup<'_>) {
    setup.publish(&["a1", "a2", "b1", "a3"]).await;
    let subscription = setup.join(workers().prefetch(0)).await;
    let held = expect(&subscription, "a1").await;
    let retention = Retention { force: true, ..keep(1) };
    let trimmed = setup.bus.trim(&setup.topic, retention).await.expect("trimmed");
    assert_eq!((trimmed.up_to, trimmed.behind.len()), (Offset(3), 1));
    held.ack().await.expect("what is handed out may be settled");
    // What the group had seen before it was forgotten may still come; what it had put aside may not.
    loop {
        let delivery = subscription.next().await.expect("a delivery");
        let last = delivery.event().id == "a3";
        delivery.ack().await.expect("acknowledged");
        if last {
            break;
        }
    }
    assert_eq!(setup.bus.groups(None).await.expect("listed")[0].lag, 0);
}
