//! Export by OTLP, to a collector that decodes every byte.

mod collector;
#[cfg(all(
    feature = "openai",
    feature = "anthropic",
    feature = "tantivy",
    feature = "jwt",
    feature = "encryption"
))]
mod driven;
mod loss;
mod options;

use std::{sync::Arc, time::Duration};

use heptad_core::{
    clock::SystemClock,
    telemetry::{
        Metrics,
        otlp::{Exporter, OtlpOptions},
    },
};
use tracing_subscriber::layer::SubscriberExt as _;

use self::collector::Collector;

/// A bound for a defect, not a measurement.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Options for `collector` with which nothing is sent unless a test asks for it.
fn options(collector: &Collector) -> OtlpOptions {
    let mut options = OtlpOptions::new(&collector.url);
    (options.interval, options.metrics_interval) = (Duration::from_secs(3600), Duration::from_secs(3600));
    options
}

fn start(options: OtlpOptions) -> Exporter {
    Exporter::start(options, Metrics::new(), Arc::new(SystemClock)).unwrap()
}

/// Runs `work` with its spans handed to `exporter`.
fn traced<T>(exporter: &Exporter, work: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(exporter.layer()), work)
}

/// Ends `count` spans.
fn spans(exporter: &Exporter, count: usize) {
    traced(exporter, || {
        for _ in 0..count {
            drop(tracing::info_span!(target: "heptad::test", "operation", operation = "test.run"));
        }
    });
}

/// What became of the spans: sent, refused, failed, dropped.
fn counted(exporter: &Exporter) -> [u64; 4] {
    let text = exporter.metrics().render();
    ["sent", "refused", "failed", "dropped"].map(|outcome| {
        let series = format!("heptad_telemetry_spans_total{{outcome=\"{outcome}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
    })
}
