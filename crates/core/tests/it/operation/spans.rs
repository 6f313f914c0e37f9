//! Spans and audit events, as a subscriber sees them.

use std::{
    fmt::{self, Write as _},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::StreamExt as _;
use heptad_core::operation::{Context, Handle as _, Principal};
use serde_json::json;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::{
    greeter::{Greeter, RepeatRequest},
    registry::one,
};
use crate::platform::kernel;

/// Writes down what it sees of Heptad's own targets.
#[derive(Clone, Default)]
struct Recorder {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<AtomicU64>,
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Recorder {
    fn line(&self, what: &str, record: impl FnOnce(&mut dyn Visit)) {
        let mut fields = Fields(what.to_owned());
        record(&mut fields);
        self.lines.lock().unwrap().push(fields.0);
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        ["heptad::operation", "heptad::audit"].contains(&metadata.target())
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        self.line("span", |fields| attributes.record(fields));
        span::Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        self.line("recorded", |fields| values.record(fields));
    }

    fn event(&self, event: &Event<'_>) {
        let what = format!("{} {}", event.metadata().level(), event.metadata().target());
        self.line(&what, |fields| event.record(fields));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn a_call_has_a_span_with_its_outcome_and_a_refused_one_is_audited() {
    let recorder = Recorder::default();
    tracing::subscriber::with_default(recorder.clone(), || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let context = Context::owner(kernel().0);
            let mallory = context.clone().as_principal(Principal::new("mallory", []));
            one(&context, "greeter.greet", json!({"name": "canary-in-the-request"})).await.unwrap();
            one(&mallory, "greeter.greet", json!({"name": "Ada"})).await.unwrap_err();
            one(&context, "greeter.trip", json!({})).await.unwrap_err();
            let request = RepeatRequest { name: "Ada".into(), times: 1, fail_at: Some(1), panic_at: None };
            Greeter::new(context).repeat(request).count().await;
        });
    });
    let lines = recorder.lines.lock().unwrap();
    let want = [
        "span operation=\"greeter.greet\"",
        "recorded outcome=\"ok\"",
        "span operation=\"greeter.greet\"",
        "WARN heptad::audit message=denied operation=\"greeter.greet\" principal=mallory permission=\"greeter.greet\"",
        "recorded outcome=\"permission_denied\"",
        "span operation=\"greeter.trip\"",
        "ERROR heptad::operation message=failed error=greeter.trip: a defect in the operation: it panicked with `over the step`",
        "recorded outcome=\"internal\"",
        "span operation=\"greeter.repeat\"",
        "recorded outcome=\"not_found\"",
    ];
    assert_eq!(*lines, want);
}
