//! What is counted of the platform itself: which build it is, and what became of its spans.

#[cfg(feature = "otlp")]
use prometheus::IntCounter;
use prometheus::IntCounterVec;

use super::families::{Declared, counter, gauge};

/// What this build can do, besides what every build can.
const FEATURES: &[(&str, bool)] = &[
    ("anthropic", cfg!(feature = "anthropic")),
    ("candle", cfg!(feature = "candle")),
    ("code", cfg!(feature = "code")),
    ("encryption", cfg!(feature = "encryption")),
    ("object-store", cfg!(feature = "object-store")),
    ("openai", cfg!(feature = "openai")),
    ("otlp", cfg!(feature = "otlp")),
    ("sqlite", cfg!(feature = "sqlite")),
    ("tantivy", cfg!(feature = "tantivy")),
];

pub(super) struct PlatformFamilies {
    spans: IntCounterVec,
}

impl PlatformFamilies {
    pub(super) fn register(to: &Declared) -> Self {
        let build = gauge(
            to,
            "heptad_build_info",
            "1, with the version and the features of this build.",
            &["version", "features"],
        );
        let features: Vec<_> = FEATURES.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
        build.with_label_values(&[env!("CARGO_PKG_VERSION"), &features.join(",")]).set(1);
        let spans = counter(
            to,
            "heptad_telemetry_spans_total",
            "Spans: sent to the collector, refused by it, failed to be sent, dropped as too many waited.",
            &["outcome"],
        );
        Self { spans }
    }

    #[cfg(feature = "otlp")]
    pub(super) fn spans(&self) -> SpanCounts {
        let of = |outcome| self.spans.with_label_values(&[outcome]);
        SpanCounts { sent: of("sent"), refused: of("refused"), failed: of("failed"), dropped: of("dropped") }
    }
}

/// What became of spans that ended.
#[cfg(feature = "otlp")]
#[derive(Clone, Debug)]
pub(crate) struct SpanCounts {
    /// The collector took them.
    pub(crate) sent: IntCounter,
    /// The collector answered that it did not want them.
    pub(crate) refused: IntCounter,
    /// The collector could not be reached, or failed.
    pub(crate) failed: IntCounter,
    /// They found the queue full.
    pub(crate) dropped: IntCounter,
}
