//! The trace that an event carries: W3C Trace Context in the CloudEvents extension `traceparent` ("Distributed Tracing extension").
//!
//! Without the feature `otlp` nothing traces and nothing is carried.

use tracing::Span;

use crate::events::Event;

/// The extension attribute.
#[cfg(feature = "otlp")]
const TRACEPARENT: &str = "traceparent";

/// The events with the context of the current span, where it is part of a trace and an event does not tell of another already.
#[cfg(feature = "otlp")]
pub(super) fn carried(mut events: Vec<Event>) -> Vec<Event> {
    use opentelemetry::trace::TraceContextExt as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    let context = Span::current().context();
    let span = context.span();
    let span = span.span_context();
    if !span.is_valid() {
        return events;
    }
    let sampled = u8::from(span.is_sampled());
    let text = format!("00-{}-{}-{sampled:02x}", span.trace_id(), span.span_id());
    for event in &mut events {
        event.extensions.entry(TRACEPARENT.to_owned()).or_insert_with(|| text.as_str().into());
    }
    events
}

/// Makes `span` a child of what `event` tells of.
#[cfg(feature = "otlp")]
pub(crate) fn continued(span: &Span, event: &Event) {
    use opentelemetry::{Context, trace::TraceContextExt as _};
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    let remote = event.extensions.get(TRACEPARENT).and_then(|value| parse(value.as_str()?));
    if let Some(remote) = remote {
        // It fails where nobody traces this span, and then there is nothing to continue.
        let _ = span.set_parent(Context::new().with_remote_span_context(remote));
    }
}

/// Reads `00-<32 hex>-<16 hex>-<2 hex>` as the W3C recommendation (section 3.2) says: lower case, no zeros; of a later version that much of it.
#[cfg(feature = "otlp")]
fn parse(text: &str) -> Option<opentelemetry::trace::SpanContext> {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

    let mut parts = text.split('-');
    let mut part = |length: usize| {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        parts.next().filter(|part| part.len() == length && part.bytes().all(hex))
    };
    let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    if version == "ff" || version == "00" && parts.next().is_some() {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

#[cfg(not(feature = "otlp"))]
pub(super) fn carried(events: Vec<Event>) -> Vec<Event> {
    events
}

#[cfg(not(feature = "otlp"))]
pub(crate) fn continued(_span: &Span, _event: &Event) {}

#[cfg(all(test, feature = "otlp"))]
mod tests {
    use super::parse;

    #[test]
    fn only_what_the_recommendation_allows_is_a_parent() {
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        for (text, sampled) in [
            (format!("00-{trace}-{span}-01"), Some(true)),
            (format!("00-{trace}-{span}-00"), Some(false)),
            (format!("00-{trace}-{span}-ff"), Some(true)),
            (format!("cc-{trace}-{span}-01-what-comes-later"), Some(true)),
            (format!("00-{trace}-{span}-01-more"), None),
            (format!("ff-{trace}-{span}-01"), None),
            (format!("00-{}-{span}-01", trace.to_uppercase()), None),
            (format!("00-{}-{span}-01", "0".repeat(32)), None),
            (format!("00-{trace}-{}-01", "0".repeat(16)), None),
            (format!("00-{trace}-{span}"), None),
            (format!("00-+{}-{span}-01", &trace[1..]), None),
            ("00-ä-b-01".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(parse(&text).map(|context| context.is_sampled()), sampled, "{text}");
        }
    }
}
