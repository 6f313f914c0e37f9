//! Export of traces and metrics by OTLP (HTTP, protobuf), as any OpenTelemetry collector takes it.
//!
//! - [`Exporter`] is the handle; [`OtlpOptions`] what it is made of.
//! - `queue` takes the spans that have ended, bounded, and counts what it drops; `worker` is the thread that sends.
//! - `semantic` says which spans and which of their attributes leave the process: what it does not name does not.
//! - `metrics` writes the registry as OTLP metrics; `client` sends and judges the answer.
//!
//! **Who installs what.** A program that has a `tracing` subscriber adds [`Exporter::layer`] to it; the command line does that itself. Metrics need no
//! subscriber.
//!
//! ```no_run
//! use std::{sync::Arc, time::Duration};
//! use heptad_core::{clock::SystemClock, telemetry::{Metrics, otlp::{Exporter, OtlpOptions}}};
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! # fn main() -> heptad_core::Result<()> {
//! let options = OtlpOptions::new("http://127.0.0.1:4318");
//! let exporter = Exporter::start(options, Metrics::new(), Arc::new(SystemClock))?;
//! let subscriber = tracing_subscriber::registry().with(exporter.layer());
//! tracing::subscriber::with_default(subscriber, || { /* the program, with a platform that counts in `exporter.metrics()` */ });
//! exporter.shutdown(Duration::from_secs(5))
//! # }
//! ```
//!
//! **A collector that is slow or dead harms nobody.** Ending a span puts it into a queue or counts it as dropped, and never waits; everything else
//! happens on a thread of the exporter's own. What is lost is in `heptad_telemetry_spans_total`.
//!
//! **What leaves the process**: names of operations, adapters, verbs, topics and groups, the configured model, outcomes, counts and times. No
//! requests, records, prompts, answers, keys, messages of errors or names of principals.

mod client;
mod metrics;
mod options;
mod queue;
mod semantic;
mod worker;

use std::{
    fmt,
    sync::{Arc, mpsc},
    time::Duration,
};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider, Tracer},
};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

pub use self::options::OtlpOptions;
use self::{
    client::Client,
    queue::Queue,
    worker::{Command, Worker},
};
use super::Metrics;
use crate::{
    Kernel,
    clock::Clock,
    error::{Error, ErrorKind, Result},
};

/// Sends the spans and the metrics of one platform. Cheap to clone. When the last clone is dropped it sends what waits, without anybody waiting for
/// that; [`shutdown`](Self::shutdown) waits.
#[derive(Clone)]
pub struct Exporter(Arc<Inner>);

struct Inner {
    tracer: Tracer,
    metrics: Metrics,
    commands: tokio::sync::mpsc::UnboundedSender<Command>,
}

impl Exporter {
    /// Starts the thread that sends. `metrics` are sent, and count what becomes of the spans; `clock` dates them.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where the options are wrong; [`Unavailable`](ErrorKind::Unavailable) where no client or no thread
    /// can be made. Whether the collector answers is not asked.
    pub fn start(options: OtlpOptions, metrics: Metrics, clock: Arc<dyn Clock>) -> Result<Self> {
        options.check()?;
        let client = Client::new(&options, Arc::clone(&clock))?;
        let (spans, ended) = tokio::sync::mpsc::channel(options.queue.max(1));
        let (commands, received) = tokio::sync::mpsc::unbounded_channel();
        let counts = metrics.spans();
        let sampling = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(options.sampling)));
        // The resource is written by `client`; the one of the kit would look at the environment.
        let provider = SdkTracerProvider::builder()
            .with_resource(Resource::builder_empty().build())
            .with_sampler(sampling)
            .with_span_processor(Queue::new(spans, counts.clone()))
            .build();
        let worker = Worker::new(client, &options, ended, received, counts, metrics.clone(), clock);
        worker.spawn()?;
        let tracer = provider.tracer(semantic::SCOPE);
        Ok(Self(Arc::new(Inner { tracer, metrics, commands })))
    }

    /// The metrics that are sent: those that the platform is to count in.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// What a `tracing` subscriber needs to hand its spans over: those of Heptad, of every level, and no events.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let ours = |metadata: &Metadata<'_>| metadata.is_span() && metadata.target().starts_with("heptad::");
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer.clone())
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(ours))
    }

    /// Has the gauges of `kernel` (lags, queues) brought up to date whenever metrics are sent. The kernel is not kept alive by it.
    pub fn observe(&self, kernel: &Kernel) {
        // Where the thread has ended nothing is observed any more.
        let _ = self.0.commands.send(Command::Observe(kernel.downgrade()));
    }

    /// Sends what has ended up to now, and the metrics. Blocks for `patience` at most, so it is not for an async worker.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) where that takes longer, [`Unavailable`](ErrorKind::Unavailable) where the collector does not take it.
    pub fn flush(&self, patience: Duration) -> Result<()> {
        let (done, answer) = mpsc::sync_channel(1);
        self.ask(Command::Flush(done), &answer, patience)
    }

    /// Sends what is left and ends the thread. Blocks for `patience` at most; what ends later is dropped and counted.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn shutdown(&self, patience: Duration) -> Result<()> {
        let (done, answer) = mpsc::sync_channel(1);
        self.ask(Command::End(done), &answer, patience)
    }

    fn ask(&self, command: Command, answer: &mpsc::Receiver<Result<()>>, patience: Duration) -> Result<()> {
        let gone = || Error::new(ErrorKind::Unavailable, "the exporter of traces has ended");
        self.0.commands.send(command).map_err(|_| gone())?;
        answer.recv_timeout(patience).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => {
                let message = format!("the collector did not take everything within {patience:?}");
                Error::new(ErrorKind::Timeout, message)
            }
            mpsc::RecvTimeoutError::Disconnected => gone(),
        })?
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}
