//! The thread that sends: it gathers spans into batches, sends metrics at intervals, and tries again a few times.

use std::{
    future::pending,
    pin::pin,
    sync::{Arc, mpsc::SyncSender},
    thread,
    time::Duration,
};

use futures_util::future::{Either, select};
use opentelemetry_sdk::trace::SpanData;
use tokio::{
    sync::mpsc::{Receiver, UnboundedReceiver},
    time::Instant,
};

use super::{OtlpOptions, client::Client, metrics};
use crate::{
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind, Result, Retry},
    kernel::WeakKernel,
    telemetry::{Metrics, SpanCounts, observe},
};

/// The most spans in one message.
const BATCH: usize = 512;

/// How often one message is sent, the first time counted.
const ATTEMPTS: u32 = 3;

/// The wait before the second attempt; each further one is twice as long.
const BACKOFF: Duration = Duration::from_secs(1);

/// What the thread is asked for.
pub(super) enum Command {
    /// Brings the gauges of this kernel up to date before they are sent.
    Observe(WeakKernel),
    /// Sends everything and answers.
    Flush(SyncSender<Result<()>>),
    /// The same, and ends.
    End(SyncSender<Result<()>>),
}

pub(super) struct Worker {
    client: Client,
    interval: Duration,
    metrics_interval: Duration,
    ended: Receiver<SpanData>,
    commands: UnboundedReceiver<Command>,
    counts: SpanCounts,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    start: Timestamp,
    observed: Vec<WeakKernel>,
    batch: Vec<SpanData>,
    /// Somebody may still end a span.
    open: bool,
}

/// What happened while the thread waited.
enum Wake {
    Command(Option<Command>),
    Full,
    Spans,
    Metrics,
}

impl Worker {
    pub(super) fn new(
        client: Client,
        options: &OtlpOptions,
        ended: Receiver<SpanData>,
        commands: UnboundedReceiver<Command>,
        counts: SpanCounts,
        metrics: Metrics,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let shortest = Duration::from_millis(10);
        Self {
            client,
            interval: options.interval.max(shortest),
            metrics_interval: options.metrics_interval.max(shortest),
            ended,
            commands,
            counts,
            metrics,
            start: clock.now(),
            clock,
            observed: Vec::new(),
            batch: Vec::with_capacity(BATCH),
            open: true,
        }
    }

    /// Begins, on a thread and a runtime of its own. What happens there is not traced: it would be sent, and be traced again.
    pub(super) fn spawn(self) -> Result<()> {
        let cannot = |error: std::io::Error| {
            Error::new(ErrorKind::Unavailable, "the exporter cannot start").because(error)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        let run = move || {
            let nobody = tracing::Dispatch::none();
            tracing::dispatcher::with_default(&nobody, || runtime.block_on(self.run()));
            runtime.shutdown_background();
        };
        thread::Builder::new().name("heptad-otlp".to_owned()).spawn(run).map(drop).map_err(cannot)
    }

    async fn run(mut self) {
        let mut next_spans = Instant::now() + self.interval;
        let mut next_metrics = Instant::now() + self.metrics_interval;
        loop {
            match self.wait(next_spans, next_metrics).await {
                Wake::Full => drop(self.send_batch(ATTEMPTS).await),
                Wake::Spans => {
                    drop(self.send_batch(ATTEMPTS).await);
                    next_spans = Instant::now() + self.interval;
                }
                Wake::Metrics => {
                    drop(self.send_metrics(ATTEMPTS).await);
                    next_metrics = Instant::now() + self.metrics_interval;
                }
                Wake::Command(Some(Command::Observe(kernel))) => self.observed.push(kernel),
                Wake::Command(Some(Command::Flush(done))) => {
                    drop(done.try_send(self.send_everything().await))
                }
                Wake::Command(Some(Command::End(done))) => {
                    self.ended.close();
                    drop(done.try_send(self.send_everything().await));
                    return;
                }
                Wake::Command(None) => {
                    self.ended.close();
                    drop(self.send_everything().await);
                    return;
                }
            }
        }
    }

    async fn wait(&mut self, next_spans: Instant, next_metrics: Instant) -> Wake {
        loop {
            let room = BATCH - self.batch.len();
            if room == 0 {
                return Wake::Full;
            }
            let received = {
                let (ended, batch, open) = (&mut self.ended, &mut self.batch, self.open);
                // Where the layer is gone there will be no more spans, but metrics.
                let spans = async { if open { ended.recv_many(batch, room).await } else { pending().await } };
                let tick = tokio::time::sleep_until(next_spans.min(next_metrics));
                let command = self.commands.recv();
                match select(pin!(command), select(pin!(tick), pin!(spans))).await {
                    Either::Left((command, _)) => return Wake::Command(command),
                    Either::Right((Either::Left(_), _)) if next_metrics <= next_spans => {
                        return Wake::Metrics;
                    }
                    Either::Right((Either::Left(_), _)) => return Wake::Spans,
                    Either::Right((Either::Right((received, _)), _)) => received,
                }
            };
            self.open &= received > 0;
        }
    }

    /// All that waits now, once: who waits for it has a deadline, and spans that end meanwhile do not move it.
    async fn send_everything(&mut self) -> Result<()> {
        let (mut result, mut waiting) = (Ok(()), self.ended.len());
        loop {
            while self.batch.len() < BATCH
                && waiting > 0
                && let Ok(span) = self.ended.try_recv()
            {
                waiting -= 1;
                self.batch.push(span);
            }
            if self.batch.is_empty() {
                break;
            }
            result = result.and(self.send_batch(1).await);
        }
        result.and(self.send_metrics(1).await)
    }

    async fn send_batch(&mut self, attempts: u32) -> Result<()> {
        let spans = std::mem::take(&mut self.batch);
        if spans.is_empty() {
            return Ok(());
        }
        let count = spans.len() as u64;
        let sent = repeat(attempts, || self.client.send_spans(spans.clone())).await;
        match &sent {
            Ok(refused) => {
                let refused = count.min(*refused);
                self.counts.refused.inc_by(refused);
                self.counts.sent.inc_by(count - refused);
            }
            Err(_) => self.counts.failed.inc_by(count),
        }
        sent.map(drop)
    }

    async fn send_metrics(&mut self, attempts: u32) -> Result<()> {
        self.observed.retain(|kernel| kernel.upgrade().is_some());
        for kernel in self.observed.iter().filter_map(WeakKernel::upgrade) {
            observe(&kernel).await;
        }
        let families = self.metrics.gather();
        let written = metrics::written(&families, self.start, self.clock.now());
        repeat(attempts, || self.client.send_metrics(written.clone())).await
    }
}

/// Does it up to `attempts` times, as long as the collector says that it may help.
async fn repeat<T, F: Future<Output = Result<T>>>(
    attempts: u32,
    mut attempt: impl FnMut() -> F,
) -> Result<T> {
    let mut made = 0;
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        made += 1;
        let pause = match error.retryable() {
            Retry::Never => return Err(error),
            Retry::Now => BACKOFF * 2_u32.pow(made - 1),
            Retry::After(pause) => pause,
        };
        if made >= attempts {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
    }
}
