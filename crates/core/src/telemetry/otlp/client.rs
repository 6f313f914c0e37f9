//! Sends one message and judges the answer (OTLP 1.9, "OTLP/HTTP").

use std::{sync::Arc, time::Duration};

use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::ExportMetricsServiceRequest,
        trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    },
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    metrics::v1::{Metric, ResourceMetrics, ScopeMetrics},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans},
};
use opentelemetry_sdk::trace::SpanData;
use prost::Message;
use reqwest::{
    Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
};

use super::{OtlpOptions, semantic};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result, Retry},
    http::{self, HttpOptions, base::Service, read_some},
};

/// How much of an answer is read.
const MAX_ANSWER: usize = 64 << 10;

/// The longest that a collector may ask to be left alone: what waits longer is dropped.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A client of one collector.
pub(super) struct Client {
    http: reqwest::Client,
    headers: HeaderMap,
    timeout: Duration,
    traces: Url,
    metrics: Url,
    resource: Resource,
    clock: Arc<dyn Clock>,
}

impl Client {
    pub(super) fn new(options: &OtlpOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        let base = base(options)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &options.headers {
            // Neither is quoted: a header is a secret, and a name may be one that was written at the wrong place.
            let wrong = || {
                Error::invalid(
                    "a header of `telemetry.otlp.headers_variable` cannot be one: `name=value,name=value`",
                )
            };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let connection = HttpOptions {
            connect_timeout: options.timeout,
            authorities: options.authorities.clone(),
            ..HttpOptions::default()
        };
        let http = http::client(&connection)?;
        let path =
            |end: &str| base.join(end).map_err(|error| Error::internal("a path is no path").because(error));
        Ok(Self {
            http,
            headers,
            timeout: options.timeout,
            traces: path("v1/traces")?,
            metrics: path("v1/metrics")?,
            resource: resource(options),
            clock,
        })
    }

    /// Sends spans. Returns how many of them the collector refused.
    pub(super) async fn send_spans(&self, spans: Vec<SpanData>) -> Result<u64> {
        let spans = ScopeSpans {
            scope: Some(scope()),
            spans: spans.into_iter().map(Into::into).collect(),
            schema_url: String::new(),
        };
        let resource_spans = ResourceSpans {
            resource: Some(self.resource.clone()),
            scope_spans: vec![spans],
            schema_url: String::new(),
        };
        let request = ExportTraceServiceRequest { resource_spans: vec![resource_spans] };
        let answer = self.post(&self.traces, request.encode_to_vec()).await?;
        let partial = ExportTraceServiceResponse::decode(answer.as_slice())
            .ok()
            .and_then(|answer| answer.partial_success);
        Ok(partial.map_or(0, |partial| u64::try_from(partial.rejected_spans).unwrap_or(0)))
    }

    /// Sends metrics.
    pub(super) async fn send_metrics(&self, metrics: Vec<Metric>) -> Result<()> {
        let metrics = ScopeMetrics { scope: Some(scope()), metrics, schema_url: String::new() };
        let resource_metrics = ResourceMetrics {
            resource: Some(self.resource.clone()),
            scope_metrics: vec![metrics],
            schema_url: String::new(),
        };
        let request = ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] };
        self.post(&self.metrics, request.encode_to_vec()).await.map(drop)
    }

    async fn post(&self, url: &Url, body: Vec<u8>) -> Result<Vec<u8>> {
        let unreachable = |error: reqwest::Error| {
            Error::new(ErrorKind::Unavailable, "the collector cannot be reached")
                .retry(Retry::Now)
                .because(error.without_url())
        };
        let request =
            self.http.post(url.clone()).headers(self.headers.clone()).timeout(self.timeout).body(body);
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if !status.is_success() {
            let pause = response
                .headers()
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .and_then(|text| self.pause(text));
            // The statuses that the protocol calls retryable, and no others.
            let retry = match (status.as_u16(), pause) {
                (429 | 502 | 503 | 504, Some(pause)) => Retry::After(pause),
                (429 | 502 | 503 | 504, None) => Retry::Now,
                _ => Retry::Never,
            };
            let message = format!("the collector answers with status {}", status.as_u16());
            return Err(Error::new(ErrorKind::Unavailable, message).retry(retry));
        }
        Ok(read_some(response, MAX_ANSWER).await)
    }

    fn pause(&self, text: &str) -> Option<Duration> {
        http::date::retry_after(text, self.clock.now()).map(|pause| pause.min(LONGEST_PAUSE))
    }
}

/// The endpoint of the collector, without the path of a signal.
fn base(options: &OtlpOptions) -> Result<Url> {
    let service = Service {
        what: "the endpoint of the collector",
        field: "telemetry.otlp.endpoint",
        example: "http://host:4318",
        secret: (!options.headers.is_empty() && !options.allow_http)
            .then_some(("headers", "telemetry.otlp.allow_http")),
    };
    let url = service.base(&options.endpoint)?;
    if url.path().ends_with("/v1/traces/") || url.path().ends_with("/v1/metrics/") {
        return Err(service.wrong("ends with the path of one signal: leave `/v1/…` out"));
    }
    Ok(url)
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: semantic::SCOPE.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

fn resource(options: &OtlpOptions) -> Resource {
    let known = [
        ("service.name", options.service_name.as_str()),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.language", "rust"),
    ];
    let further = options.resource_attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let attributes = known.into_iter().chain(further).map(|(name, value)| attribute(name, value)).collect();
    Resource { attributes, ..Resource::default() }
}

/// An attribute of text.
pub(super) fn attribute(name: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() }
}
