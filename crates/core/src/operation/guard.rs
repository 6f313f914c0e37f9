//! The one place that every call goes through: permission, span, count, latency, panics.

use std::{
    any::Any,
    future::{Future, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};

use futures_core::Stream;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::BoxStream};
use tracing::{Instrument as _, Span, field};

use super::{Context, Spec};
use crate::{
    auth,
    clock::Clock,
    error::{Error, ErrorKind, Result},
    telemetry::Metrics,
};

/// What an operation that streams returns.
pub type ResultStream<T> = BoxStream<'static, Result<T>>;

/// Runs `body` as the operation `spec` if the principal of `context` may.
///
/// # Errors
/// [`PermissionDenied`](ErrorKind::PermissionDenied) where they may not; [`Internal`](ErrorKind::Internal) where `body` panics; else what
/// `body` fails with. All with the operation's name added.
pub async fn call<T: Send>(
    context: &Context,
    spec: &'static Spec,
    body: impl Future<Output = Result<T>> + Send,
) -> Result<T> {
    let mut result = None;
    let body = async {
        result = Some(body.await?);
        Ok(())
    };
    guarded(context, spec, Box::pin(body)).await?;
    result.ok_or_else(|| Error::internal("an operation ended without a result").in_operation(spec.full_name))
}

/// All of [`call`] but the type of the result: compiled once, and not for every operation.
async fn guarded(context: &Context, spec: &'static Spec, body: BoxFuture<'_, Result<()>>) -> Result<()> {
    let mut running = Running::start(context, spec);
    let checked = async {
        if let Err(denial) = check(context, spec) {
            auth::denied(&context.kernel, &context.principal, spec).await;
            return Err(denial);
        }
        AssertUnwindSafe(body).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(&*panic)))
    };
    let result = checked.instrument(running.span.clone()).await.map_err(|error| running.failed(error));
    running.finish();
    result
}

/// A request that cannot be read is a call like any other: who may not call learns only that, and the failure is counted.
pub(super) async fn refuse(context: &Context, spec: &'static Spec, error: Error) -> Error {
    match guarded(context, spec, Box::pin(ready(Err(error)))).await {
        Err(error) => error,
        Ok(()) => Error::internal("a refused request was not refused"),
    }
}

/// The same for an operation that streams: `body` makes the stream. A caller without the permission gets one item, the error.
pub fn stream<T, S>(context: &Context, spec: &'static Spec, body: impl FnOnce() -> S) -> ResultStream<T>
where
    T: Send + 'static,
    S: Stream<Item = Result<T>> + Send + 'static,
{
    let running = Running::start(context, spec);
    let items = match running.span.in_scope(|| check(context, spec)) {
        Ok(()) => match running.span.in_scope(|| catch_unwind(AssertUnwindSafe(body))) {
            Ok(items) => items.boxed(),
            Err(panic) => futures_util::stream::iter([Err(panicked(&*panic))]).boxed(),
        },
        Err(denial) => {
            let context = context.clone();
            let denied = async move {
                auth::denied(&context.kernel, &context.principal, spec).await;
                Err(denial)
            };
            futures_util::stream::once(denied).boxed()
        }
    };
    Guarded { running: Some((running, items)) }.boxed()
}

fn check(context: &Context, spec: &'static Spec) -> Result<()> {
    let principal = &context.principal;
    if principal.may(spec.permission) {
        return Ok(());
    }
    tracing::warn!(
        target: "heptad::audit",
        operation = spec.full_name,
        principal = %principal.id,
        permission = spec.permission,
        "denied"
    );
    let message = format!("`{}` lacks the permission `{}`", principal.id, spec.permission);
    Err(Error::new(ErrorKind::PermissionDenied, message))
}

/// A panic in an operation is a defect, but it must not take the embedding process along or cross a binding.
fn panicked(panic: &(dyn Any + Send)) -> Error {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::internal(format!(
        "a defect in the operation: it panicked with `{}`",
        said.unwrap_or("something that is no text")
    ))
}

/// A call that has begun; dropping it before it is finished counts it as cancelled.
struct Running {
    spec: &'static Spec,
    span: Span,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    began: Duration,
    outcome: Outcome,
}

/// How a call ended: without a failure only where its end was seen.
#[derive(Default)]
struct Outcome {
    ended: bool,
    failure: Option<ErrorKind>,
}

impl Running {
    fn start(context: &Context, spec: &'static Spec) -> Self {
        let span = tracing::info_span!(
            target: "heptad::operation",
            "operation",
            operation = spec.full_name,
            outcome = field::Empty,
        );
        let (clock, metrics) = (Arc::clone(&context.kernel.clock), context.kernel.metrics.clone());
        metrics.operations().started(spec);
        Self { spec, span, began: clock.monotonic(), clock, metrics, outcome: Outcome::default() }
    }

    /// The first failure is the outcome.
    fn failed(&mut self, error: Error) -> Error {
        let error = error.in_operation(self.spec.full_name);
        if matches!(error.kind(), ErrorKind::Internal | ErrorKind::Corrupt) {
            self.span.in_scope(|| tracing::error!(target: "heptad::operation", %error, "failed"));
        }
        self.outcome.failure.get_or_insert(error.kind());
        error
    }

    fn finish(mut self) {
        self.outcome.ended = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let took = self.clock.monotonic().saturating_sub(self.began);
        let outcome = match self.outcome {
            Outcome { failure: Some(kind), .. } => Some(kind),
            Outcome { ended: true, .. } => None,
            Outcome { .. } => Some(ErrorKind::Cancelled),
        };
        self.metrics.operations().finished(self.spec, outcome, took);
        self.span.record("outcome", outcome.map_or("ok", ErrorKind::as_str));
    }
}

/// A stream that is a call: it ends well, with its first failure, or cancelled when it is dropped before its end. A panic is its last
/// item.
struct Guarded<T> {
    running: Option<(Running, BoxStream<'static, Result<T>>)>,
}

impl<T> Stream for Guarded<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Option<Result<T>>> {
        let Some((running, items)) = &mut self.running else { return Poll::Ready(None) };
        let span = running.span.clone();
        let polled = span.in_scope(|| catch_unwind(AssertUnwindSafe(|| items.poll_next_unpin(context))));
        let (item, last) = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(item)) => {
                let last = item.is_none();
                (item.map(|item| item.map_err(|error| running.failed(error))), last)
            }
            Err(panic) => (Some(Err(running.failed(panicked(&*panic)))), true),
        };
        if item.as_ref().is_some_and(Result::is_ok) {
            running.metrics.operations().item(running.spec);
        }
        if last && let Some((running, _)) = self.running.take() {
            running.finish();
        }
        Poll::Ready(item)
    }
}
