//! A collector: an HTTP server on a thread that decodes what comes as OTLP says, or plays dead.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::Metric,
    trace::v1::Span,
};
use prost::Message as _;

/// What the collector answers.
#[derive(Clone, Default)]
pub(super) struct Answer {
    pub(super) status: &'static str,
    pub(super) headers: &'static str,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn ok() -> Self {
        Self { status: "200 OK", ..Self::default() }
    }
}

/// Everything that came, in order.
#[derive(Default)]
pub(super) struct Received {
    pub(super) heads: Vec<String>,
    pub(super) bytes: Vec<u8>,
    pub(super) traces: Vec<ExportTraceServiceRequest>,
    pub(super) metrics: Vec<ExportMetricsServiceRequest>,
}

pub(super) struct Collector {
    pub(super) url: String,
    received: Arc<Mutex<Received>>,
}

impl Collector {
    /// A collector that takes everything.
    pub(super) fn start() -> Self {
        Self::answering(|_| Some(Answer::ok()))
    }

    /// A collector that answers each request as told, by its number; nothing: it keeps the connection open and says nothing.
    pub(super) fn answering(answer: impl Fn(usize) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Received::default()));
        let (all, answer) = (Arc::clone(&received), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (all, answer) = (Arc::clone(&all), Arc::clone(&answer));
                thread::spawn(move || serve(stream.unwrap(), &all, &*answer));
            }
        });
        Self { url, received }
    }

    pub(super) fn received<T>(&self, look: impl FnOnce(&Received) -> T) -> T {
        look(&self.received.lock().unwrap())
    }

    /// All spans.
    pub(super) fn spans(&self) -> Vec<Span> {
        self.received(|received| {
            let resources = received.traces.iter().flat_map(|request| &request.resource_spans);
            resources
                .flat_map(|resource| &resource.scope_spans)
                .flat_map(|scope| scope.spans.clone())
                .collect()
        })
    }

    /// The metrics that came last.
    pub(super) fn metrics(&self) -> Vec<Metric> {
        self.received(|received| {
            let resources = received.metrics.last().into_iter().flat_map(|request| &request.resource_metrics);
            resources
                .flat_map(|resource| &resource.scope_metrics)
                .flat_map(|scope| scope.metrics.clone())
                .collect()
        })
    }
}

fn serve(mut stream: TcpStream, received: &Mutex<Received>, answer: &dyn Fn(usize) -> Option<Answer>) {
    let mut bytes = Vec::new();
    loop {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            if !more(&mut stream, &mut bytes) {
                return;
            }
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head.lines().find_map(|line| {
            line.to_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok()
        });
        let whole = end + 4 + length.expect("a body has a length");
        while bytes.len() < whole {
            if !more(&mut stream, &mut bytes) {
                return;
            }
        }
        let body: Vec<u8> = bytes.drain(..whole).skip(end + 4).collect();
        let number = keep(&mut received.lock().unwrap(), head, &body);
        let Some(answer) = answer(number) else {
            let _ = stream.read(&mut [0]);
            return;
        };
        let Answer { status, headers, body } = answer;
        let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
        if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() {
            return;
        }
    }
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> bool {
    let mut piece = [0; 65536];
    let count = stream.read(&mut piece).unwrap_or(0);
    bytes.extend_from_slice(&piece[..count]);
    count > 0
}

fn keep(received: &mut Received, head: String, body: &[u8]) -> usize {
    assert!(head.to_lowercase().contains("content-type: application/x-protobuf"), "{head}");
    match head.split(' ').nth(1).unwrap() {
        "/v1/traces" => received.traces.push(ExportTraceServiceRequest::decode(body).unwrap()),
        "/v1/metrics" => received.metrics.push(ExportMetricsServiceRequest::decode(body).unwrap()),
        other => panic!("no signal is sent to {other}"),
    }
    received.bytes.extend_from_slice(head.as_bytes());
    received.bytes.extend_from_slice(body);
    received.heads.push(head);
    received.heads.len() - 1
}

/// The attributes as text, in order: `key=value`.
pub(super) fn attributes(all: &[KeyValue]) -> Vec<String> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().unwrap().value.as_ref().unwrap() {
        Value::StringValue(text) => format!("{}={text}", attribute.key),
        Value::IntValue(number) => format!("{}={number}", attribute.key),
        other => panic!("no attribute is {other:?}"),
    };
    all.iter().map(text).collect()
}
