//! The shape of traces: who is whose child, what spans are called and what they say.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    metrics::v1::metric::Data,
    trace::v1::{Span, span::SpanKind},
};

use super::{
    super::{
        PATIENCE,
        collector::{Collector, attributes},
        options, start,
    },
    world::World,
};

/// Everything that happened in a world, as its collector saw it.
fn traced() -> (Vec<Span>, Collector) {
    let collector = Collector::start();
    let exporter = start(options(&collector));
    super::super::traced(&exporter, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::open(exporter.metrics()).await;
            exporter.observe(&world.kernel);
            world.drive().await;
            let flushing = exporter.clone();
            tokio::task::spawn_blocking(move || flushing.flush(PATIENCE)).await.unwrap().unwrap();
        });
    });
    (collector.spans(), collector)
}

struct Trees {
    spans: Vec<Span>,
    by_id: BTreeMap<Vec<u8>, usize>,
}

impl Trees {
    fn new(spans: Vec<Span>) -> Self {
        let by_id = spans.iter().enumerate().map(|(index, span)| (span.span_id.clone(), index)).collect();
        Self { spans, by_id }
    }

    /// The names from the root to this span.
    fn path(&self, span: &Span) -> String {
        let mut names = vec![span.name.as_str()];
        let mut at = span;
        while let Some(parent) = self.by_id.get(&at.parent_span_id) {
            let parent = &self.spans[*parent];
            assert_eq!(parent.trace_id, at.trace_id, "a child is in its parent's trace");
            names.push(&parent.name);
            at = parent;
        }
        names.reverse();
        names.join(" > ")
    }

    /// The first span at this path.
    fn at(&self, path: &str) -> &Span {
        let paths = || self.spans.iter().map(|span| self.path(span));
        let found = self.spans.iter().find(|span| self.path(span) == path);
        found.unwrap_or_else(|| {
            panic!("no `{path}` in {:#?}", paths().collect::<std::collections::BTreeSet<_>>())
        })
    }
}

#[test]
fn a_trace_goes_from_the_operation_over_the_adapter_to_the_model_and_the_consumer() {
    let (spans, collector) = traced();
    let count = spans.len();
    let trees = Trees::new(spans);
    assert_eq!(trees.by_id.len(), count, "every span is sent once");
    for (path, kind, want) in [
        ("search.query", SpanKind::Internal, vec!["heptad.operation=search.query"]),
        (
            "search.query > query tantivy",
            SpanKind::Client,
            vec!["db.system.name=tantivy", "db.operation.name=query"],
        ),
        (
            "search.index > commit encrypted-memory",
            SpanKind::Client,
            vec!["db.system.name=encrypted-memory", "db.operation.name=commit"],
        ),
        (
            "events.publish > publish local",
            SpanKind::Producer,
            vec![
                "messaging.system=local",
                "messaging.operation.name=publish",
                "messaging.operation.type=send",
                "messaging.destination.name=orders",
            ],
        ),
        (
            "events.publish > publish local > commit encrypted-memory",
            SpanKind::Client,
            vec!["db.system.name=encrypted-memory", "db.operation.name=commit"],
        ),
        (
            "events.publish > publish local > process",
            SpanKind::Consumer,
            vec![
                "messaging.operation.name=process",
                "messaging.operation.type=process",
                "messaging.destination.name=orders",
                "messaging.consumer.group.name=mail",
                "heptad.attempt=1",
            ],
        ),
        (
            "llm.chat > chat gpt-test",
            SpanKind::Client,
            vec![
                "gen_ai.operation.name=chat",
                "gen_ai.provider.name=openai",
                "gen_ai.request.model=gpt-test",
                "gen_ai.usage.input_tokens=20",
                "gen_ai.usage.output_tokens=7",
            ],
        ),
        (
            "llm.embed > embeddings embed-test",
            SpanKind::Client,
            vec![
                "gen_ai.operation.name=embeddings",
                "gen_ai.provider.name=openai",
                "gen_ai.request.model=embed-test",
                "gen_ai.usage.input_tokens=8",
                "gen_ai.usage.output_tokens=0",
            ],
        ),
    ] {
        let span = trees.at(path);
        assert_eq!(
            (attributes(&span.attributes), span.kind),
            (want.into_iter().map(str::to_owned).collect(), kind as i32),
            "{path}"
        );
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano && span.events.is_empty(), "{path}");
    }
    attempts(&trees);
    failures(&trees);
    metrics(&collector);
}

/// Each attempt at a model has one span, with what came of it.
fn attempts(trees: &Trees) {
    let first = trees.at("llm.chat > chat gpt-test");
    let attempts: Vec<_> = trees
        .spans
        .iter()
        .filter(|span| span.parent_span_id == first.span_id && span.name == "POST")
        .collect();
    assert_eq!(attempts.len(), 2, "one at each link of the chain");
    let said = |span: &Span| {
        let said = attributes(&span.attributes);
        assert!(
            said.contains(&"server.address=127.0.0.1".to_owned()) && said[2].starts_with("server.port="),
            "{said:?}"
        );
        (said[0].clone(), said[3..].to_vec(), span.status.as_ref().map_or(0, |status| status.code))
    };
    let method = "http.request.method=POST".to_owned();
    let failed = vec!["http.response.status_code=503".to_owned(), "error.type=unavailable".to_owned()];
    assert_eq!(said(attempts[0]), (method.clone(), failed, 2));
    assert_eq!(said(attempts[1]), (method, vec!["http.response.status_code=200".to_owned()], 0));
}

/// What failed says how, and nothing more.
fn failures(trees: &Trees) {
    let failed = |path: &str, kind: &str| {
        let of = trees.spans.iter().filter(|span| trees.path(span) == path);
        let error = format!("error.type={kind}");
        let mut found = of.filter(|span| attributes(&span.attributes).contains(&error)).peekable();
        assert!(found.peek().is_some(), "{path}: {kind}");
        for span in found {
            let status = span.status.as_ref().unwrap();
            assert_eq!((status.code, status.message.as_str()), (2, ""), "{path}");
        }
    };
    failed("search.query", "permission_denied");
    failed("search.query", "invalid_input");
    failed("events.publish > publish local > process", "failed");
    failed("events.publish > publish local > process", "rejected");
    failed("llm.chat > chat gpt-test", "unsupported");
}

fn metrics(collector: &Collector) {
    let metrics = collector.metrics();
    let find =
        |name: &str| metrics.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("no {name}"));
    let Some(Data::Sum(calls)) = &find("heptad_operations_total").data else { panic!("a counter is a sum") };
    assert!(calls.is_monotonic && calls.aggregation_temporality == 2);
    let Some(Data::Gauge(dead)) = &find("heptad_events_dead_letters").data else { panic!("a gauge") };
    assert_eq!(attributes(&dead.data_points[0].attributes), ["group=mail", "topic=orders"]);
    let took = find("heptad_operation_seconds");
    let Some(Data::Histogram(took_data)) = &took.data else { panic!("a histogram") };
    assert_eq!((took.unit.as_str(), took_data.aggregation_temporality), ("s", 2));
    for point in &took_data.data_points {
        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
        assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
        assert!(point.start_time_unix_nano <= point.time_unix_nano && point.sum.is_some());
    }
}
