//! Several processes, each with a bus of its own. An adapter whose bus is not shared passes them too, as long as its place opens the same
//! store again.
#![allow(missing_docs, reason = "the names of the cases say what they show")]

use std::time::Duration;

use heptad_core::{ErrorKind, events::GroupConfig};

use crate::events::{Setup, consume, expect, workers};

/// Claims nothing ahead, so that it is clear who gets what.
fn config() -> GroupConfig {
    workers().prefetch(0).ack_wait(Duration::from_secs(10))
}

pub async fn two_processes_share_a_group(setup: Setup<'_>) {
    let other = setup.another().await;
    setup.publish(&["a1", "b1", "c1", "d1"]).await;
    let (here, there) = (setup.join(config()).await, other.join(config()).await);
    let a = expect(&here, "a1").await;
    let b = expect(&there, "b1").await;
    let c = expect(&here, "c1").await;
    b.ack().await.expect("acknowledged");
    a.ack().await.expect("acknowledged");
    consume(&there, &["d1"]).await;
    c.ack().await.expect("acknowledged");
    let status = &setup.bus.groups(None).await.expect("listed")[0];
    assert_eq!((status.committed.0, status.lag), (4, 0));
}

pub async fn claims_of_a_dead_process_lapse(setup: Setup<'_>) {
    setup.publish(&["a1", "b1"]).await;
    // A process that dies tells nobody: its runtime goes, and with it whatever would have said goodbye.
    let (clock, topic) = (setup.clock.clone(), setup.topic.clone());
    let (bus, _store) = setup.place.open(std::sync::Arc::new(clock)).await;
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let doomed =
                bus.subscribe(&topic, workers().ack_wait(Duration::from_secs(10))).await.expect("joined");
            std::mem::forget(expect(&doomed, "a1").await);
            std::mem::forget(doomed);
        });
    })
    .join()
    .expect("the process died as it should");
    let heir = setup.join(workers().ack_wait(Duration::from_secs(10))).await;
    setup.publish(&["c1"]).await;
    consume(&heir, &["c1"]).await;
    setup.pass(10);
    for id in ["a1", "b1"] {
        let delivery = expect(&heir, id).await;
        assert_eq!(delivery.attempt(), 2);
        delivery.ack().await.expect("acknowledged");
    }
}

pub async fn whoever_was_replaced_is_refused(setup: Setup<'_>) {
    let other = setup.another().await;
    setup.publish(&["a1"]).await;
    let (here, there) = (setup.join(config()).await, other.join(config()).await);
    let slow = expect(&here, "a1").await;
    let mut next = std::pin::pin!(there.next());
    assert!(futures_util::poll!(&mut next).is_pending());
    setup.pass(10);
    let taken_over = next.await.expect("the claim lapsed");
    assert_eq!((taken_over.event().id.as_str(), taken_over.attempt()), ("a1", 2));
    let refused = slow.ack().await.expect_err("it was replaced");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    taken_over.ack().await.expect("acknowledged");
}

pub async fn order_per_subject_holds_across_processes(setup: Setup<'_>) {
    let other = setup.another().await;
    setup.publish(&["a1", "a2", "b1", "b2"]).await;
    let (here, there) = (setup.join(config()).await, other.join(config()).await);
    let a = expect(&here, "a1").await;
    let b = expect(&there, "b1").await;
    setup.publish(&["c1"]).await;
    consume(&there, &["c1"]).await;
    a.ack().await.expect("acknowledged");
    consume(&here, &["a2"]).await;
    b.ack().await.expect("acknowledged");
    consume(&there, &["b2"]).await;
}
