//! The operations of the event bus, called by name.

use futures_util::StreamExt as _;
use heptad_core::{
    Kernel, Result,
    events::Events,
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
