//! What of a span leaves the process, and what OpenTelemetry calls it: the semantic conventions 1.37 for databases, messaging, generative AI and HTTP.
//!
//! This is a list of what is allowed. A span of another name keeps its place in the trace and loses everything else; an attribute that is not named
//! here is not sent, whoever recorded it.

use std::borrow::Cow;

use opentelemetry::{
    Key, KeyValue, Value,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;

/// The instrumentation scope of all spans and metrics.
pub(super) const SCOPE: &str = "heptad";

/// The longest text of an attribute, in characters.
const LONGEST: usize = 120;

/// The span as it is sent.
pub(super) fn exported(mut span: SpanData) -> SpanData {
    let recorded = Recorded(std::mem::take(&mut span.attributes));
    let shape = Shape::of(&span.name, &recorded);
    span.name = shape.name;
    span.span_kind = shape.kind;
    span.attributes = shape.attributes;
    span.dropped_attributes_count = 0;
    span.events = Default::default();
    span.links = Default::default();
    span.status = Status::Unset;
    // An outcome is `ok`, what was settled, or the kind of an error.
    if let Some(failure) = recorded.text("outcome").filter(|outcome| !FINE.contains(&outcome.as_str())) {
        span.attributes.push(KeyValue::new("error.type", failure));
        span.status = Status::error("");
    }
    span
}

/// Outcomes that are no errors.
const FINE: [&str; 4] = ["ok", "acknowledged", "cancelled", ""];

/// The attributes that a span recorded; the last of a name counts.
struct Recorded(Vec<KeyValue>);

impl Recorded {
    fn find(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|attribute| attribute.key.as_str() == name).map(|attribute| &attribute.value)
    }

    /// Text, cut where it is long.
    fn text(&self, name: &str) -> Option<String> {
        match self.find(name)? {
            Value::String(text) => Some(crate::suggest::shortened(text.as_str(), LONGEST)),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<i64> {
        match self.find(name)? {
            Value::I64(number) => Some(*number),
            // What has no sign comes as text.
            Value::String(text) => text.as_str().parse().ok(),
            _ => None,
        }
    }
}

struct Shape {
    name: Cow<'static, str>,
    kind: SpanKind,
    attributes: Vec<KeyValue>,
}

impl Shape {
    fn of(name: &str, recorded: &Recorded) -> Self {
        match name {
            "operation" => operation(recorded),
            "port" => match recorded.text("port").as_deref() {
                Some("store" | "search") => port(recorded, &DATABASE),
                Some("events") => publication(recorded),
                _ => unknown(),
            },
            "delivery" => delivery(recorded),
            "llm" => model(recorded),
            "http" => http(recorded),
            _ => unknown(),
        }
    }

    fn new(name: impl Into<Cow<'static, str>>, kind: SpanKind) -> Self {
        Self { name: name.into(), kind, attributes: Vec::new() }
    }

    fn text(mut self, key: impl Into<Key>, value: Option<String>) -> Self {
        self.attributes.extend(value.map(|value| KeyValue::new(key, value)));
        self
    }

    fn number(mut self, key: impl Into<Key>, value: Option<i64>) -> Self {
        self.attributes.extend(value.map(|value| KeyValue::new(key, value)));
        self
    }
}

fn unknown() -> Shape {
    Shape::new("other", SpanKind::Internal)
}

/// `review.scan`: named after its declaration.
fn operation(recorded: &Recorded) -> Shape {
    let name = recorded.text("operation");
    Shape::new(name.clone().unwrap_or_default(), SpanKind::Internal).text("heptad.operation", name)
}

/// The keys of the adapter and of the verb.
const DATABASE: [&str; 2] = ["db.system.name", "db.operation.name"];

/// `commit sqlite`, `query tantivy`: what is done, and by what.
fn port(recorded: &Recorded, keys: &[&'static str; 2]) -> Shape {
    let (verb, adapter) = (recorded.text("verb"), recorded.text("adapter"));
    let name = format!("{} {}", verb.as_deref().unwrap_or_default(), adapter.as_deref().unwrap_or_default());
    Shape::new(name, SpanKind::Client).text(keys[0], adapter).text(keys[1], verb)
}

/// `publish local`, `read local`.
fn publication(recorded: &Recorded) -> Shape {
    let publishes = recorded.text("verb").as_deref() == Some("publish");
    let (kind, action) = if publishes { (SpanKind::Producer, "send") } else { (SpanKind::Client, "receive") };
    let mut shape = port(recorded, &["messaging.system", "messaging.operation.name"])
        .text("messaging.operation.type", Some(action.to_owned()))
        .text("messaging.destination.name", recorded.text("topic"));
    shape.kind = kind;
    shape
}

/// `process`: what a consumer does with one event.
fn delivery(recorded: &Recorded) -> Shape {
    Shape::new("process", SpanKind::Consumer)
        .text("messaging.operation.name", Some("process".to_owned()))
        .text("messaging.operation.type", Some("process".to_owned()))
        .text("messaging.destination.name", recorded.text("topic"))
        .text("messaging.consumer.group.name", recorded.text("group"))
        .number("heptad.attempt", recorded.number("attempt"))
}

/// `chat gpt-x`: the configured model, never the one that a request names.
fn model(recorded: &Recorded) -> Shape {
    let (verb, model) = (recorded.text("verb").unwrap_or_default(), recorded.text("model"));
    let operation = if verb == "embed" { "embeddings" } else { "chat" };
    let name = model.as_deref().map_or_else(|| operation.to_owned(), |model| format!("{operation} {model}"));
    Shape::new(name, SpanKind::Client)
        .text("gen_ai.operation.name", Some(operation.to_owned()))
        .text("gen_ai.provider.name", recorded.text("adapter"))
        .text("gen_ai.request.model", model)
        .number("gen_ai.usage.input_tokens", recorded.number("input_tokens"))
        .number("gen_ai.usage.output_tokens", recorded.number("output_tokens"))
}

/// `POST`: one attempt.
fn http(recorded: &Recorded) -> Shape {
    let method = recorded.text("method");
    Shape::new(method.clone().unwrap_or_default(), SpanKind::Client)
        .text("http.request.method", method)
        .text("server.address", recorded.text("host"))
        .number("server.port", recorded.number("port"))
        .number("http.response.status_code", recorded.number("status"))
}
