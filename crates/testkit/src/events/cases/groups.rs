//! Consumer groups where nothing fails.
#![allow(missing_docs, reason = "the names of the cases say what they show")]

use std::time::Duration;

use heptad_core::{
    ErrorKind,
    clock::Clock,
    events::{Event, GroupConfig, GroupName, Start},
    store::Offset,
};

use crate::events::{Setup, consume, expect, workers};

pub async fn every_group_gets_every_event(setup: Setup<'_>) {
    setup.publish(&["a1", "b1", "-c"]).await;
    for group in ["first", "second"] {
        consume(&setup.join(GroupConfig::new(group)).await, &["a1", "b1", "-c"]).await;
    }
}

pub async fn members_share_the_work(setup: Setup<'_>) {
    setup.publish(&["a1", "b1"]).await;
    let (one, two) = (setup.join(workers()).await, setup.join(workers()).await);
    let a = expect(&one, "a1").await;
    let b = expect(&two, "b1").await;
    a.ack().await.expect("acknowledged");
    b.ack().await.expect("acknowledged");
    setup.publish(&["c1"]).await;
    drop(one);
    consume(&two, &["c1"]).await;
}

pub async fn a_group_starts_where_it_is_told(setup: Setup<'_>) {
    setup.publish(&["a1"]).await;
    setup.pass(10);
    let noon = setup.clock.now();
    setup.publish(&["a2"]).await;
    setup.pass(10);
    setup.publish(&["a3"]).await;
    for (name, start, first) in [
        ("earliest", Start::Earliest, "a1"),
        ("after", Start::After(Offset(1)), "a2"),
        ("time", Start::Time(noon), "a2"),
        ("later", Start::Time(noon + Duration::from_secs(1)), "a3"),
        ("latest", Start::Latest, "a4"),
        ("beyond", Start::After(Offset(99)), "a4"),
    ] {
        let subscription = setup.join(GroupConfig::new(name).start(start)).await;
        if first == "a4" && name == "latest" {
            setup.publish(&["a4"]).await;
        }
        if name == "beyond" {
            setup.publish(&["a5"]).await;
            consume(&subscription, &["a5"]).await;
        } else {
            consume(&subscription, &[first]).await;
        }
    }
}

pub async fn a_group_goes_on_where_it_was(setup: Setup<'_>) {
    setup.publish(&["a1", "a2", "a3"]).await;
    let subscription = setup.join(workers()).await;
    consume(&subscription, &["a1", "a2"]).await;
    drop(subscription);
    consume(&setup.join(workers().start(Start::Latest)).await, &["a3"]).await;
    let status = &setup.bus.groups(Some(&setup.topic)).await.expect("listed")[0];
    assert_eq!((status.committed, status.lag, status.in_flight, status.waiting), (Offset(3), 0, 0, 0));
}

pub async fn acknowledgements_may_come_in_any_order(setup: Setup<'_>) {
    setup.publish(&["a1", "b1", "c1", "d1"]).await;
    let subscription = setup.join(workers()).await;
    let mut held = Vec::new();
    for id in ["a1", "b1", "c1", "d1"] {
        held.push(expect(&subscription, id).await);
    }
    for (index, committed, lag) in [(3, 0, 3), (1, 0, 2), (0, 2, 1), (0, 4, 0)] {
        held.remove(index).ack().await.expect("acknowledged");
        let status = &setup.bus.groups(None).await.expect("listed")[0];
        assert_eq!((status.committed.0, status.lag), (committed, lag));
    }
    setup.publish(&["e1"]).await;
    consume(&subscription, &["e1"]).await;
}

pub async fn events_of_other_types_are_passed_over(setup: Setup<'_>) {
    let other = |id: &str| Event::new("/test", "other.happened").id(id);
    let wanted = |id: &str| Event::new("/test", "test.happened").id(id);
    let events = vec![other("1"), wanted("2"), other("3"), wanted("4"), other("5")];
    setup.bus.publish(&setup.topic, events, None).await.expect("published");
    let subscription = setup.join(workers().type_prefix("test.")).await;
    consume(&subscription, &["2", "4"]).await;
    let more = vec![other("6"), wanted("7")];
    setup.bus.publish(&setup.topic, more, None).await.expect("published");
    consume(&subscription, &["7"]).await;
    let status = &setup.bus.groups(None).await.expect("listed")[0];
    assert_eq!((status.committed.0, status.lag), (7, 0));
}

pub async fn settings_are_checked(setup: Setup<'_>) {
    for (config, setting) in [
        (GroupConfig::new("Workers"), "Workers"),
        (GroupConfig::new("w".repeat(41)), "40"),
        (workers().max_attempts(0), "max_attempts"),
        (workers().max_in_flight(0), "max_in_flight"),
        (workers().prefetch(257), "prefetch"),
        (workers().ack_wait(Duration::ZERO), "ack_wait"),
    ] {
        let refused = setup.bus.subscribe(&setup.topic, config).await.err().expect("refused");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert!(refused.message().contains(setting), "{refused}");
    }
    let _member = setup.join(workers()).await;
    let other = setup.bus.subscribe(&setup.topic, workers().max_attempts(1)).await.err().expect("refused");
    assert_eq!(other.kind(), ErrorKind::InvalidInput);
}

pub async fn what_is_in_flight_is_bounded(setup: Setup<'_>) {
    setup.publish(&["a1", "b1", "c1", "d1"]).await;
    let subscription = setup.join(workers().max_in_flight(2)).await;
    let (a, b) = (expect(&subscription, "a1").await, expect(&subscription, "b1").await);
    // With two in flight a third has to wait for one of them: what comes after the acknowledgement was claimed with it or later.
    let mut next = std::pin::pin!(subscription.next());
    for _ in 0..20 {
        assert!(futures_util::poll!(&mut next).is_pending());
        tokio::task::yield_now().await;
        assert!(setup.bus.groups(None).await.expect("listed")[0].in_flight <= 2);
    }
    b.ack().await.expect("acknowledged");
    assert_eq!(next.await.expect("a delivery").event().id, "c1");
    a.ack().await.expect("acknowledged");
}

pub async fn a_group_can_be_moved(setup: Setup<'_>) {
    setup.publish(&["a1", "a2"]).await;
    let subscription = setup.join(workers()).await;
    consume(&subscription, &["a1"]).await;
    let stale = expect(&subscription, "a2").await;
    let group = GroupName::new("workers").expect("a name");
    setup.bus.seek(&setup.topic, &group, Start::Earliest).await.expect("moved");
    let refused = stale.ack().await.expect_err("claims from before the move no longer count");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    consume(&subscription, &["a1", "a2"]).await;
    let nobody = GroupName::new("nobody").expect("a name");
    let missing = setup.bus.seek(&setup.topic, &nobody, Start::Latest).await.expect_err("no such group");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
}

pub async fn a_subscriber_is_woken(setup: Setup<'_>) {
    let subscription = setup.join(workers()).await;
    for id in ["a1", "a2", "a3"] {
        let (delivery, ()) = tokio::join!(expect(&subscription, id), async {
            tokio::task::yield_now().await;
            setup.publish(&[id]).await;
        });
        delivery.ack().await.expect("acknowledged");
    }
}
