//! The operations of the event bus, called by name.

use futures_util::StreamExt as _;
use heptad_core::{
    Kernel, Result,
    events::{Delivery, Events, GroupConfig, Subscription, Topic},
    operation::{Context, Registry, Reply},
};
use serde_json::{Value, json};

fn kernel() -> Kernel {
    let (mut ports, _clock) = crate::platform::ports();
    ports.operations = Registry::default().with(Events::OPERATIONS);
    Kernel::new(ports)
}

async fn call(kernel: &Kernel, name: &str, request: Value) -> Result<Value> {
    match kernel.operations.call(name, Context::owner(kernel.clone()), request)? {
        Reply::One(answer) => answer.await,
        _ => panic!("`{name}` answers once"),
    }
}

fn event(id: &str) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "/test", "type": "test.happened" })
}

#[tokio::test]
async fn events_are_published_read_and_listed_by_name() {
    let kernel = kernel();
    let request = json!({ "topic": "orders", "events": [event("1"), event("2"), event("3")] });
    let published = call(&kernel, "events.publish", request).await.unwrap();
    assert_eq!(published, json!({ "topic": "orders", "first": 1, "count": 3, "duplicate": false }));
    let page =
        call(&kernel, "events.read", json!({ "topic": "orders", "after": 1, "limit": 1 })).await.unwrap();
    assert_eq!(page["next"], 2);
    assert_eq!(page["events"][0]["event"]["id"], "2");
    assert_eq!(page["events"][0]["event"]["time"], "2026-01-01T00:00:00Z");
    let topics = call(&kernel, "events.topics", Value::Null).await.unwrap();
    assert_eq!(topics, json!({ "topics": [{ "topic": "orders", "first": 1, "last": 3 }] }));
    assert_eq!(call(&kernel, "events.groups", json!({})).await.unwrap(), json!({ "groups": [] }));
    let trimmed = call(&kernel, "events.trim", json!({ "topic": "orders", "max_events": 1 })).await.unwrap();
    assert_eq!(trimmed, json!({ "up_to": 2, "behind": [] }));
}

#[tokio::test]
async fn wrong_requests_are_refused_with_what_would_be_right() {
    let kernel = kernel();
    for (name, request, named) in [
        ("events.read", json!({ "topic": "Orders" }), "is not a topic name"),
        ("events.read", json!({ "topic": "orders", "limit": 0 }), "1 to 10000"),
        ("events.dead_letters", json!({ "topic": "orders", "group": "g", "limit": 10_001 }), "1 to 10000"),
        (
            "events.dead_letters",
            json!({ "topic": "orders", "group": "g" }),
            "topic `orders` has no group `g`",
        ),
        ("events.redrive", json!({ "topic": "orders", "group": "g", "up_to": 1 }), "has no group `g`"),
        ("events.redrive", json!({ "topic": "orders", "group": "G" }), "is not a group name"),
        ("events.seek", json!({ "topic": "orders", "group": "g", "after": 0 }), "has no group `g`"),
        (
            "events.seek",
            json!({ "topic": "orders", "group": "g" }),
            "exactly one of `after`, `time` and `latest`",
        ),
        (
            "events.seek",
            json!({ "topic": "orders", "group": "g", "after": 1, "latest": true }),
            "exactly one of",
        ),
        (
            "events.publish",
            json!({ "topic": "orders", "events": [{ "id": "1" }] }),
            "`specversion` is missing",
        ),
    ] {
        let refused = call(&kernel, name, request).await.unwrap_err();
        assert!(refused.to_string().contains(named), "{refused}");
    }
}

#[tokio::test]
async fn a_tail_follows_a_topic() {
    let kernel = kernel();
    let publish = |id: &'static str| {
        call(&kernel, "events.publish", json!({ "topic": "orders", "events": [event(id)] }))
    };
    publish("1").await.unwrap();
    let tail = |request| match kernel
        .operations
        .call("events.tail", Context::owner(kernel.clone()), request)
        .unwrap()
    {
        Reply::Many(stream) => stream,
        _ => panic!("a tail streams"),
    };
    let id = |item: Option<Result<Value>>| item.unwrap().unwrap()["event"]["id"].as_str().unwrap().to_owned();
    let mut all = tail(json!({ "topic": "orders", "after": 0 }));
    assert_eq!(id(all.next().await), "1");
    let mut new = tail(json!({ "topic": "orders" }));
    let mut first = new.next();
    assert!(futures_util::poll!(&mut first).is_pending());
    publish("2").await.unwrap();
    assert_eq!(id(first.await), "2");
    assert_eq!(id(all.next().await), "2");
}

/// What the next event is called.
async fn next(group: &Subscription) -> (String, Delivery) {
    let delivery = group.next().await.expect("an event");
    (delivery.event().id.to_string(), delivery)
}

#[tokio::test]
async fn dead_letters_are_listed_and_sent_again_by_name() {
    let kernel = kernel();
    let topic = Topic::new("orders").unwrap();
    let group = GroupConfig::new("workers").max_attempts(1).prefetch(0);
    let (workers, others) = (
        kernel.bus.subscribe(&topic, group).await.unwrap(),
        kernel.bus.subscribe(&topic, GroupConfig::new("others")).await.unwrap(),
    );
    let request = json!({ "topic": "orders", "events": [event("1"), event("2"), event("3")] });
    call(&kernel, "events.publish", request).await.unwrap();
    for id in ["1", "2", "3"] {
        let (found, delivery) = next(&workers).await;
        assert_eq!(found, id);
        delivery.nack(format!("no {id}")).await.unwrap();
    }

    let of = |more: Value| {
        let mut request = json!({ "topic": "orders", "group": "workers" });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    };
    let page = call(&kernel, "events.dead_letters", of(json!({ "limit": 2 }))).await.unwrap();
    let told = |page: &Value| -> Vec<(u64, u64, u64, String, String)> {
        let letters = page["letters"].as_array().unwrap().iter();
        let number = |letter: &Value, name: &str| letter[name].as_u64().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        letters
            .map(|letter| {
                let places = (number(letter, "offset"), number(letter, "origin"), number(letter, "attempts"));
                (places.0, places.1, places.2, text(&letter["reason"]), text(&letter["event"]["id"]))
            })
            .collect()
    };
    let letter = |place: u64, id: &str| (place, place, 1, format!("no {id}"), id.to_owned());
    assert_eq!(told(&page), [letter(1, "1"), letter(2, "2")]);
    assert_eq!(page["next"], 2);
    let rest = call(&kernel, "events.dead_letters", of(json!({ "after": 2 }))).await.unwrap();
    assert_eq!((told(&rest), &rest["next"]), (vec![letter(3, "3")], &json!(3)));

    let sent = call(&kernel, "events.redrive", of(json!({ "up_to": 1 }))).await.unwrap();
    assert_eq!(sent, json!({ "count": 1 }));
    // It fails again: a new letter, behind those that are still there.
    let (found, again) = next(&workers).await;
    assert_eq!((found.as_str(), again.attempt(), again.offset().0), ("1", 1, 4));
    again.nack("no 1").await.unwrap();
    let left = call(&kernel, "events.dead_letters", of(json!({}))).await.unwrap();
    assert_eq!(told(&left), [letter(2, "2"), letter(3, "3"), (4, 4, 1, "no 1".into(), "1".into())]);
    assert_eq!(call(&kernel, "events.redrive", of(json!({}))).await.unwrap(), json!({ "count": 3 }));
    assert_eq!(call(&kernel, "events.redrive", of(json!({}))).await.unwrap(), json!({ "count": 0 }));
    for id in ["2", "3", "1"] {
        let (found, delivery) = next(&workers).await;
        assert_eq!(found, id);
        delivery.ack().await.unwrap();
    }
    // The other group sees each event once.
    for id in ["1", "2", "3"] {
        let (found, delivery) = next(&others).await;
        assert_eq!(found, id);
        delivery.ack().await.unwrap();
    }
    assert!(futures_util::poll!(std::pin::pin!(others.next())).is_pending());
    let groups = call(&kernel, "events.groups", json!({ "topic": "orders" })).await.unwrap();
    let dead: Vec<_> = groups["groups"].as_array().unwrap().iter().map(|group| &group["dead"]).collect();
    assert_eq!(dead, [0, 0]);
}

#[tokio::test]
async fn a_group_is_moved_by_name() {
    let (mut ports, clock) = crate::platform::ports();
    ports.operations = Registry::default().with(Events::OPERATIONS);
    let kernel = Kernel::new(ports);
    for id in ["1", "2", "3"] {
        let request = json!({ "topic": "orders", "events": [event(id)] });
        call(&kernel, "events.publish", request).await.unwrap();
        clock.advance(std::time::Duration::from_secs(60));
    }
    let topic = Topic::new("orders").unwrap();
    let workers = kernel.bus.subscribe(&topic, GroupConfig::new("workers").prefetch(0)).await.unwrap();
    let (found, held) = next(&workers).await;
    assert_eq!(found, "1");

    for (to, committed) in [
        (json!({ "latest": true }), 3),
        (json!({ "time": "2026-01-01T00:02:00Z" }), 2),
        (json!({ "after": 99 }), 3),
        (json!({ "after": 0 }), 0),
        (json!({ "time": "2026-01-01T00:00:30Z" }), 1),
    ] {
        let mut request = json!({ "topic": "orders", "group": "workers" });
        request.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        let moved = call(&kernel, "events.seek", request).await.unwrap();
        let expected = json!({
            "topic": "orders", "group": "workers", "committed": committed, "in_flight": 0, "waiting": 0,
            "lag": 3 - committed, "dead": 0,
        });
        assert_eq!(moved, expected, "{to}");
    }
    assert!(held.ack().await.is_err(), "the group was moved away under it");
    let (found, delivery) = next(&workers).await;
    assert_eq!((found.as_str(), delivery.attempt()), ("2", 1));
    delivery.ack().await.unwrap();
}
