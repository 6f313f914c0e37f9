//! A collector that is dead, slow or refuses costs spans, never time, and what is lost is counted.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use heptad_core::ErrorKind;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;

use super::{
    PATIENCE,
    collector::{Answer, Collector},
    counted, options, spans, start,
};

#[test]
fn spans_are_sent_in_batches_and_counted() {
    let collector = Collector::start();
    let exporter = start(options(&collector));
    spans(&exporter, 1_300);
    exporter.flush(PATIENCE).unwrap();
    assert_eq!(counted(&exporter), [1_300, 0, 0, 0]);
    assert_eq!(collector.spans().len(), 1_300);
    let largest = collector.received(|received| {
        let count =
            |request: &opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest| {
                request.resource_spans[0].scope_spans[0].spans.len()
            };
        received.traces.iter().map(count).max().unwrap()
    });
    assert!(largest <= 512, "{largest}");
}

#[test]
fn a_dead_collector_loses_spans_and_holds_up_nobody() {
    // A port that was open a moment ago and is not any more.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut options = super::options(&Collector::start());
    options.endpoint = format!("http://{address}");
    let exporter = start(options);
    spans(&exporter, 10);
    let error = exporter.flush(PATIENCE).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Unavailable, "the collector cannot be reached"));
    assert_eq!(counted(&exporter), [0, 0, 10, 0]);
}

#[test]
fn a_silent_collector_fills_the_queue_and_what_does_not_fit_is_dropped() {
    let collector = Collector::answering(|_| None);
    let mut options = options(&collector);
    (options.queue, options.timeout) = (100, PATIENCE);
    let exporter = start(options);
    spans(&exporter, 1);
    // The thread hangs in this until the client gives up.
    assert_eq!(exporter.flush(Duration::from_millis(200)).unwrap_err().kind(), ErrorKind::Timeout);
    spans(&exporter, 150);
    let [sent, refused, failed, dropped] = counted(&exporter);
    assert_eq!((sent, refused, failed, dropped), (0, 0, 0, 50), "the queue holds a hundred");
}

#[test]
fn what_may_be_sent_again_is_and_what_may_not_is_not() {
    let partial = ExportTracePartialSuccess { rejected_spans: 2, error_message: "canary".into() };
    let partial = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
    let answer = move |status, headers, body: &[u8]| Some(Answer { status, headers, body: body.to_vec() });
    let cases = [
        ("503 Service Unavailable", "retry-after: 0\r\n", Vec::new(), 2, [5, 0, 0, 0]),
        ("429 Too Many Requests", "retry-after: 0\r\n", Vec::new(), 2, [5, 0, 0, 0]),
        ("400 Bad Request", "", b"canary".to_vec(), 1, [0, 0, 5, 0]),
        ("307 Temporary Redirect", "location: http://127.0.0.1:1/\r\n", Vec::new(), 1, [0, 0, 5, 0]),
        ("200 OK", "", partial, 1, [3, 2, 0, 0]),
        ("200 OK", "", vec![0xff; 1 << 20], 1, [5, 0, 0, 0]),
    ];
    for (status, headers, body, attempts, want) in cases {
        let (asked, first) = (AtomicUsize::new(0), body.clone());
        let collector = Collector::answering(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
            0 => answer(status, headers, &first),
            _ => Some(Answer::ok()),
        });
        let mut options = options(&collector);
        options.interval = Duration::from_millis(20);
        let exporter = start(options);
        spans(&exporter, 5);
        while counted(&exporter).iter().sum::<u64>() < 5 {
            std::thread::yield_now();
        }
        assert_eq!(counted(&exporter), want, "{status}");
        assert_eq!(collector.received(|received| received.traces.len()), attempts, "{status}");
    }
}

#[test]
fn a_flush_ends_though_spans_go_on_ending() {
    let (ending, exporter) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
    let (more, of) = (Arc::clone(&ending), Arc::clone(&exporter));
    // Whatever the collector is sent, another span has ended before it answers.
    let collector = Collector::answering(move |_| {
        if let Some(exporter) = of.get()
            && more.get().is_none()
        {
            spans(exporter, 1);
        }
        Some(Answer::ok())
    });
    let exporter = exporter.get_or_init(|| start(options(&collector)));
    spans(exporter, 3);
    let flushed = exporter.flush(PATIENCE);
    ending.set(()).expect("once");
    flushed.unwrap();
    assert_eq!(counted(exporter)[0], 3, "what had ended when it was asked");
    assert!(!collector.metrics().is_empty(), "the metrics had their turn");
    exporter.shutdown(PATIENCE).unwrap();
    assert_eq!(counted(exporter), [5, 0, 0, 0], "one span for each message, of spans and of metrics");
}

#[test]
fn ending_sends_what_waits_and_counts_what_comes_later() {
    let collector = Collector::start();
    let exporter = start(options(&collector));
    spans(&exporter, 3);
    exporter.shutdown(PATIENCE).unwrap();
    assert_eq!(collector.spans().len(), 3);
    assert!(!collector.metrics().is_empty(), "metrics go out at the end as well");
    spans(&exporter, 2);
    assert_eq!(counted(&exporter), [3, 0, 0, 2]);
    assert_eq!(exporter.flush(PATIENCE).unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn a_share_of_nothing_sends_nothing_and_half_is_about_half() {
    let collector = Collector::start();
    for (share, from, to) in [(0.0, 0, 0), (0.5, 300, 700)] {
        let mut options = options(&collector);
        options.sampling = share;
        let exporter = start(options);
        spans(&exporter, 1_000);
        exporter.flush(PATIENCE).unwrap();
        let [sent, ..] = counted(&exporter);
        assert!((from..=to).contains(&sent), "{share}: {sent}");
    }
}
