//! From spans that end to the thread that sends them: without ever waiting.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use tokio::sync::mpsc::Sender;

use super::semantic;
use crate::telemetry::SpanCounts;

/// Takes a span when it ends, keeps of it what may leave the process, and puts it into the bounded queue; where that is full, or nobody reads any
/// more, it counts it as dropped.
#[derive(Debug)]
pub(super) struct Queue {
    spans: Sender<SpanData>,
    counts: SpanCounts,
}

impl Queue {
    pub(super) fn new(spans: Sender<SpanData>, counts: SpanCounts) -> Self {
        Self { spans, counts }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if self.spans.try_send(semantic::exported(span)).is_err() {
            self.counts.dropped.inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn set_resource(&mut self, _resource: &Resource) {}
}
