//! What is counted of operations. Told by the guard and by nobody else.

use std::time::Duration;

use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec};

use super::families::{Declared, counter, gauge, seconds};
use crate::{error::ErrorKind, operation::Spec};

/// Calls of operations: how many, how they ended, how long they took.
pub struct OperationMetrics {
    calls: IntCounterVec,
    seconds: HistogramVec,
    items: IntCounterVec,
    running: IntGaugeVec,
}

impl OperationMetrics {
    pub(super) fn register(to: &Declared) -> Self {
        Self {
            calls: counter(
                to,
                "heptad_operations_total",
                "Calls of operations by outcome: ok or the kind of error.",
                &["operation", "outcome"],
            ),
            seconds: seconds(
                to,
                "heptad_operation_seconds",
                "How long calls took; of streams, from the call to the end.",
                &["operation"],
            ),
            items: counter(
                to,
                "heptad_operation_items_total",
                "Items that streams have returned.",
                &["operation"],
            ),
            running: gauge(
                to,
                "heptad_operations_running",
                "Calls that have begun and not ended.",
                &["operation"],
            ),
        }
    }

    pub(crate) fn started(&self, spec: &'static Spec) {
        self.running.with_label_values(&[spec.full_name]).inc();
    }

    pub(crate) fn finished(&self, spec: &'static Spec, failure: Option<ErrorKind>, took: Duration) {
        let outcome = failure.map_or("ok", ErrorKind::as_str);
        self.calls.with_label_values(&[spec.full_name, outcome]).inc();
        self.seconds.with_label_values(&[spec.full_name]).observe(took.as_secs_f64());
        self.running.with_label_values(&[spec.full_name]).dec();
    }

    pub(crate) fn item(&self, spec: &'static Spec) {
        self.items.with_label_values(&[spec.full_name]).inc();
    }

    /// How many calls of `operation` ended as `outcome` (`None`: well).
    pub fn calls(&self, spec: &Spec, outcome: Option<ErrorKind>) -> u64 {
        self.calls.with_label_values(&[spec.full_name, outcome.map_or("ok", ErrorKind::as_str)]).get()
    }
}
