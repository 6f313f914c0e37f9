//! What the platform says about itself.

use heptad_core::{
    ErrorKind, Kernel,
    config::{Config, LoadOptions, Source},
    kernel::Ports,
    operation::{Context, Effect, Handle as _, OperationsRequest, Platform, Registry, Reply},
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
            "platform.alerts",
            "platform.config",
            "platform.dashboard",
            "platform.errors",
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
