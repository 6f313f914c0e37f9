//! Prometheus' own linter reads the text: help, names, units.

use std::{io::Write as _, process::Stdio, sync::Arc};

use heptad_core::{
    Kernel,
    clock::Clock,
    events::{Event, EventBus, GroupConfig, LocalBus, Topic},
    kernel::Ports,
    operation::{Context, Handle as _, Platform, Principal},
    store::{Batch, Expect, Key, Store, Value},
    telemetry::{MeteredBus, MeteredStore},
};

use super::text::parse;
use crate::platform::ports;

/// The text of a platform that has done some of everything.
async fn text() -> String {
    let (ports, clock) = ports();
    let (metrics, clock): (_, Arc<dyn Clock>) = (ports.metrics.clone(), Arc::new(clock));
    let store: Arc<dyn Store> = Arc::new(MeteredStore::new(ports.store, &metrics, Arc::clone(&clock)));
    let bus = LocalBus::new(Arc::clone(&store), Arc::clone(&clock));
    let bus: Arc<dyn EventBus> = Arc::new(MeteredBus::new(Arc::new(bus), &metrics, clock));
    let kernel = Kernel::new(Ports { store: Arc::clone(&store), bus: Arc::clone(&bus), ..ports });
    let mut batch = Batch::new();
    batch.put_if(Key::new("users", "ada").unwrap(), Value::json("Ada").unwrap(), Expect::Absent);
    store.commit(batch.clone()).await.unwrap();
    store.commit(batch).await.unwrap_err();
    let topic = Topic::new("orders").unwrap();
    bus.publish(&topic, vec![Event::new("/tests", "order.placed")], None).await.unwrap();
    bus.subscribe(&topic, GroupConfig::new("mail")).await.unwrap().next().await.unwrap().ack().await.unwrap();
    metrics.group_sizes("memory").observe(3);
    let context = Context::owner(kernel);
    Platform::new(context.clone()).health().await.unwrap();
    Platform::new(context.clone().as_principal(Principal::new("nobody", []))).health().await.unwrap_err();
    Platform::new(context).metrics().await.unwrap().text
}

/// What promtool says of `text`, and whether it accepts it; nothing where there is no promtool.
fn lint(text: &str) -> Option<(bool, String)> {
    let mut child = super::promtool()
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[tokio::test]
async fn promtool_has_nothing_to_say() {
    let text = text().await;
    let expected = [
        "heptad_build_info",
        "heptad_events_dead_letters",
        "heptad_events_in_flight",
        "heptad_events_lag",
        "heptad_events_waiting",
        "heptad_operation_seconds",
        "heptad_operations_running",
        "heptad_operations_total",
        "heptad_port_calls_total",
        "heptad_port_items_total",
        "heptad_port_seconds",
        "heptad_store_commits_waiting",
        "heptad_store_group_size",
    ];
    assert_eq!(
        parse(&text).into_keys().collect::<Vec<_>>(),
        expected,
        "every family but those of streams, searches and models"
    );
    let Some(said) = lint(&text) else {
        heptad_testkit::not_run("promtool is not on this machine");
        return;
    };
    assert_eq!(said, (true, String::new()));
    let wrong = "# HELP heptad_calls Calls.\n# TYPE heptad_calls counter\nheptad_calls 1\n";
    let (accepted, complaint) = lint(wrong).unwrap();
    assert!(!accepted && complaint.contains("heptad_calls"), "it would have complained: {complaint}");
}

#[test]
fn labels_are_those_that_the_documentation_promises() {
    // A label here is a dimension of every dashboard: one more is a decision, not an accident.
    let allowed = [
        "adapter",
        "features",
        "group",
        "item",
        "le",
        "operation",
        "outcome",
        "port",
        "topic",
        "verb",
        "version",
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (name, family) in parse(&runtime.block_on(text())) {
        for (_, labels, _) in family.samples {
            assert!(labels.keys().all(|label| allowed.contains(&label.as_str())), "{name} {labels:?}");
        }
    }
}
