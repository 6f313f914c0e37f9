//! What is counted of the ports, and the meter that the layers share.

use std::{future::Future, sync::Arc, time::Duration};

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};
use tracing::{Instrument as _, Span, field};

use super::{
    Metrics,
    families::{Declared, counter, gauge, seconds, sizes},
};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
};

/// What is counted of the ports.
pub(super) struct PortFamilies {
    calls: IntCounterVec,
    seconds: HistogramVec,
    items: IntCounterVec,
    group_sizes: HistogramVec,
    waiting: IntGaugeVec,
}

impl PortFamilies {
    pub(super) fn register(to: &Declared) -> Self {
        Self {
            calls: counter(
                to,
                "heptad_port_calls_total",
                "Calls of the verbs of ports by outcome: ok or the kind of error.",
                &["port", "adapter", "verb", "outcome"],
            ),
            seconds: seconds(
                to,
                "heptad_port_seconds",
                "How long the verbs of ports took.",
                &["port", "adapter", "verb"],
            ),
            items: counter(
                to,
                "heptad_port_items_total",
                "What went through the ports: records read and changed, entries and events appended and delivered, documents, hits.",
                &["port", "adapter", "item"],
            ),
            group_sizes: sizes(
                to,
                "heptad_store_group_size",
                "Batches that were written in one transaction.",
                &["adapter"],
            ),
            waiting: gauge(
                to,
                "heptad_store_commits_waiting",
                "Commits that were begun and are not acknowledged.",
                &["adapter"],
            ),
        }
    }
}

/// How many batches a store writes in one transaction. Cheap to clone.
#[derive(Clone, Debug)]
pub struct GroupSizes(Histogram);

impl GroupSizes {
    pub(super) fn new(families: &PortFamilies, adapter: &'static str) -> Self {
        Self(families.group_sizes.with_label_values(&[adapter]))
    }

    /// One transaction held `batches`.
    pub fn observe(&self, batches: usize) {
        self.0.observe(u32::try_from(batches).unwrap_or(u32::MAX).into());
    }
}

/// Counts for one adapter of one port.
#[derive(Clone)]
pub(super) struct Meter {
    port: &'static str,
    adapter: &'static str,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
}

/// One verb, with its series looked up beforehand: a verb of the store costs a microsecond or two, and counting it must not.
pub(super) struct Verb {
    name: &'static str,
    ok: IntCounter,
    seconds: Histogram,
}

impl Meter {
    pub(super) fn new(
        port: &'static str,
        adapter: &'static str,
        metrics: &Metrics,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { port, adapter, metrics: metrics.clone(), clock }
    }

    pub(super) fn verb(&self, name: &'static str) -> Verb {
        let families = self.metrics.ports();
        Verb {
            name,
            ok: families.calls.with_label_values(&[self.port, self.adapter, name, "ok"]),
            seconds: families.seconds.with_label_values(&[self.port, self.adapter, name]),
        }
    }

    /// A counter of what goes through the port.
    pub(super) fn items(&self, item: &'static str) -> IntCounter {
        self.metrics.ports().items.with_label_values(&[self.port, self.adapter, item])
    }

    /// How many calls wait.
    pub(super) fn waiting(&self) -> IntGauge {
        self.metrics.ports().waiting.with_label_values(&[self.adapter])
    }

    /// Runs `work` in a span and counts it, also where the caller stops waiting.
    pub(super) async fn measure<T>(&self, verb: &Verb, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.run(verb, self.span(verb), work).await
    }

    /// The same of a verb that is about one topic.
    pub(super) async fn measure_at<T>(
        &self,
        verb: &Verb,
        topic: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let span = self.span(verb);
        span.record("topic", topic);
        self.run(verb, span, work).await
    }

    fn span(&self, verb: &Verb) -> Span {
        tracing::debug_span!(
            target: "heptad::port",
            "port",
            port = self.port,
            adapter = self.adapter,
            verb = verb.name,
            topic = field::Empty,
            outcome = field::Empty,
        )
    }

    async fn run<T>(&self, verb: &Verb, span: Span, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut running = Running {
            meter: self,
            verb,
            began: self.clock.monotonic(),
            span,
            failure: Some(ErrorKind::Cancelled),
        };
        let result = work.instrument(running.span.clone()).await;
        running.failure = result.as_ref().err().map(Error::kind);
        result
    }

    fn record(&self, verb: &Verb, failure: Option<ErrorKind>, took: Duration) {
        verb.seconds.observe(took.as_secs_f64());
        match failure {
            None => verb.ok.inc(),
            Some(kind) => {
                let labels = [self.port, self.adapter, verb.name, kind.as_str()];
                self.metrics.ports().calls.with_label_values(&labels).inc();
            }
        }
    }
}

/// One that waits, until it is dropped.
pub(super) struct Waiting<'a>(&'a IntGauge);

impl<'a> Waiting<'a> {
    pub(super) fn in_line(gauge: &'a IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A call of a verb; dropped before it is done it counts as cancelled.
struct Running<'a> {
    meter: &'a Meter,
    verb: &'a Verb,
    began: Duration,
    span: Span,
    failure: Option<ErrorKind>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let took = self.meter.clock.monotonic().saturating_sub(self.began);
        self.meter.record(self.verb, self.failure, took);
        self.span.record("outcome", self.failure.map_or("ok", ErrorKind::as_str));
    }
}
