//! Most systems are driven once, with canaries in whatever comes from outside; then they are searched for in all that leaves the process or is written
//! for operators.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::{Layer as _, fmt::format::FmtSpan, layer::SubscriberExt as _};

use super::{
    super::{PATIENCE, collector::Collector, options, start},
    world::World,
};

/// What the log writes into.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was written of a world in which everything happened.
struct Written {
    log: String,
    otlp: String,
    prometheus: String,
    audit: String,
    cassette: String,
    settings: String,
    dashboards: String,
}

fn written() -> Written {
    let collector = Collector::start();
    let mut options = options(&collector);
    options.headers = vec![("x-tenant".to_owned(), "header-of-otlp".to_owned())];
    let exporter = start(options);
    let log = Log::default();
    let writer = log.clone();
    let every = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .with_span_events(FmtSpan::FULL)
        .with_filter(tracing_subscriber::filter::LevelFilter::TRACE);
    let subscriber = tracing_subscriber::registry().with(every).with(exporter.layer());
    let texts = tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::open(exporter.metrics()).await;
            exporter.observe(&world.kernel);
            world.drive().await;
            let text = async |name: &str, request| format!("{:?}", world.call(name, request).await.unwrap());
            let texts = [
                text("auth.audit", json!({})).await,
                text("platform.config", json!({})).await,
                text("platform.dashboard", json!({})).await + &text("platform.alerts", json!({})).await,
                world.call("platform.metrics", json!({})).await.unwrap()[0]["text"].to_string(),
                std::fs::read_to_string(world.folder.path().join("cassette.jsonl")).unwrap(),
            ];
            let flushing = exporter.clone();
            tokio::task::spawn_blocking(move || flushing.shutdown(PATIENCE)).await.unwrap().unwrap();
            texts
        })
    });
    let [audit, settings, dashboards, prometheus, cassette] = texts;
    let otlp = collector.received(|received| String::from_utf8_lossy(&received.bytes).into_owned());
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    Written { log, otlp, prometheus, audit, cassette, settings, dashboards }
}

#[test]
fn no_canary_leaves_its_cage() {
    let Written { log, otlp, prometheus, audit, cassette, settings, dashboards } = written();
    // First that something was seen at all.
    for (text, parts) in [
        (
            &log,
            vec![
                "TRACE",
                "heptad::llm",
                "heptad::http",
                "delivery",
                "denied",
                "the next model is asked",
                "hyper",
            ],
        ),
        (
            &otlp,
            vec![
                "gen_ai.request.model",
                "heptad_llm_tokens_total",
                "messaging.consumer.group.name",
                "encryption.reencrypt",
                "header-of-otlp",
            ],
        ),
        (
            &prometheus,
            vec!["heptad_llm_links_total", "heptad_search_lag", "heptad_events_dead_letters", "outcome"],
        ),
        (&audit, vec!["denied", "stranger-canary", "key_refused", "token_refused", "role_put"]),
        (&cassette, vec!["canary-in-the-answer", "canary-in-the-prompt"]),
        (&settings, vec!["llm.key_variable", "***"]),
        (&dashboards, vec!["heptad_operations_total"]),
    ] {
        for part in parts {
            assert!(text.contains(part), "{part} was not seen in {text}");
        }
    }
    for (name, text) in
        [("OTLP", &otlp), ("Prometheus", &prometheus), ("settings", &settings), ("dashboards", &dashboards)]
    {
        // The rule of the redaction is configuration, not a secret.
        let text = text.replace("canary-ticket-", "");
        assert!(!text.contains("canary"), "{name}: {}", around(&text));
    }
    // Who was refused is what an audit is for, in the stream and in the log; nothing else is there.
    for (name, text) in [("audit", audit), ("log", log)] {
        let text = text.replace("stranger-canary", "");
        assert!(!text.contains("canary"), "{name}: {}", around(&text));
    }
    // A cassette is the conversation, as it was sent: without keys and without what was taken out of it.
    for secret in ["sk-canary", "canary-ticket-17", "canary-in-a-header", "authorization", "x-api-key"] {
        assert!(!cassette.contains(secret), "{secret}");
    }
}

/// What stands beside the first canary.
fn around(text: &str) -> String {
    let Some(at) = text.find("canary") else { return String::new() };
    text[..at]
        .chars()
        .rev()
        .take(300)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .chain(text[at..].chars().take(80))
        .collect()
}
