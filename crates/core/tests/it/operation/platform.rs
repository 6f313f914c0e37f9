//! What the platform says about itself.

use std::sync::Arc;

use async_trait::async_trait;
use heptad_core::{
    Error, ErrorKind, Kernel, Result,
    config::{Config, LoadOptions, Source},
    kernel::Ports,
    operation::{Context, Effect, Handle as _, OperationsRequest, Platform, Registry, Reply},
    store::{
        Batch, Capabilities, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId, Watch,
    },
};
use serde_json::{Value, json};

use super::greeter::Greeter;
use crate::platform::{kernel, ports};

fn with(change: impl FnOnce(&mut Ports)) -> Platform {
    let (mut ports, _) = ports();
    change(&mut ports);
    Platform::new(Context::owner(Kernel::new(ports)))
}

#[tokio::test]
async fn it_lists_the_operations_of_the_build() {
    let platform = with(|ports| {
        ports.operations = Registry::default().with(Greeter::OPERATIONS).with(Platform::OPERATIONS);
    });
    let all = platform.operations(OperationsRequest::default()).await.unwrap().operations;
    let names: Vec<&str> = all.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "greeter.greet",
            "greeter.nap",
            "greeter.repeat",
            "greeter.tally",
            "greeter.trip",
            "greeter.wait",
            "platform.config",
            "platform.health",
            "platform.metrics",
            "platform.operations",
        ]
    );
    assert!(all.iter().all(|operation| operation.request.is_none() && !operation.summary.is_empty()));

    let request = OperationsRequest { system: Some("greeter".into()), schemas: true };
    let greeter = platform.operations(request).await.unwrap().operations;
    assert_eq!(greeter.len(), 6);
    assert_eq!(greeter[2].effect, Effect::Streams);
    assert_eq!(greeter[0].request.as_ref().unwrap()["properties"]["tone"]["default"], json!("plain"));
    assert_eq!(greeter[0].response.as_ref().unwrap()["title"], json!("Greeting"));

    let request = OperationsRequest { system: Some("greter".into()), schemas: false };
    let error = platform.operations(request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::NotFound, "there is no system `greter`; did you mean `greeter`?")
    );
}

#[tokio::test]
async fn it_shows_the_configuration_with_sources() {
    let platform = with(|ports| {
        ports.config = Config::load(LoadOptions::new().set("store.durability", "normal")).unwrap()
    });
    let settings = platform.config().await.unwrap().settings;
    let durability = settings.iter().find(|line| line.key == "store.durability").unwrap();
    assert_eq!((durability.value.as_deref(), &durability.source), (Some("normal"), &Source::Builder));
}

#[tokio::test]
async fn its_metrics_count_their_own_call_by_name_too() {
    let (kernel, _) = kernel();
    let registry = kernel.operations.clone();
    let context = Context::owner(kernel);
    for calls in 0..2 {
        let Reply::One(answer) = registry.call("platform.metrics", context.clone(), Value::Null).unwrap()
        else {
            panic!("it has one answer");
        };
        let answer = answer.await.unwrap();
        let line = "heptad_operations_total{operation=\"platform.metrics\",outcome=\"ok\"} 1";
        assert_eq!(
            answer["text"].as_str().unwrap().contains(line),
            calls == 1,
            "a call is counted when it ends"
        );
        assert_eq!(answer["content_type"], json!("text/plain; version=0.0.4"));
    }
}

#[tokio::test]
async fn it_is_healthy_while_every_part_answers() {
    let health = with(|_| ()).health().await.unwrap();
    assert!(health.healthy, "{health:?}");
    let parts: Vec<_> = health.parts.iter().map(|part| (part.port.as_str(), part.adapter.as_str())).collect();
    assert_eq!(parts, [("store", "memory"), ("events", "local")]);

    let health = with(|ports| ports.store = Arc::new(Lost)).health().await.unwrap();
    assert!(!health.healthy);
    assert_eq!(health.parts[0].failure.as_deref(), Some("unavailable: the disk is gone"));
}

#[tokio::test]
async fn a_part_that_does_not_answer_is_not_waited_for() {
    let (mut ports, clock) = ports();
    ports.store = Arc::new(Silent);
    let platform = Platform::new(Context::owner(Kernel::new(ports)));
    let health = tokio::spawn(async move { platform.health().await });
    clock.sleepers(1).await;
    clock.advance(std::time::Duration::from_secs(5));
    let health = health.await.unwrap().unwrap();
    assert_eq!(health.parts[0].failure.as_deref(), Some("timeout: no answer within 5 s"));
}

/// A store that fails.
struct Lost;

/// A store that never answers.
struct Silent;

fn gone<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Unavailable, "the disk is gone"))
}

macro_rules! store {
    ($name:ident, $get:expr) => {
        #[async_trait]
        impl Store for $name {
            fn capabilities(&self) -> Capabilities {
                Capabilities::new("broken", true, false)
            }
            async fn get(&self, _: &Key) -> Result<Option<Record>> {
                $get
            }
            async fn scan(&self, _: KeyRange, _: Page) -> Result<Vec<Record>> {
                gone()
            }
            async fn commit(&self, _: Batch) -> Result<Receipt> {
                gone()
            }
            async fn read(&self, _: &StreamId, _: Offset, _: usize) -> Result<Vec<Entry>> {
                gone()
            }
            fn watch(&self, _: &StreamId) -> Watch {
                unreachable!("nobody watches here")
            }
        }
    };
}

store!(Lost, gone());
store!(Silent, std::future::pending().await);
