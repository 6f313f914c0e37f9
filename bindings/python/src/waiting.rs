//! Waiting for an operation: without the GIL and with an ear for Ctrl-C, or as an `asyncio` future.

use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::future::BoxFuture;
use heptad::Result;
use pyo3::{intern, prelude::*, types::PyDict};
use serde_json::Value;
use tokio::task::AbortHandle;

use crate::{
    errors::{defect, exception},
    operation::Operation,
    runtime::runtime,
};

/// How often there is a look at what was signalled.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// What `work` comes to.
///
/// # Errors
/// What it fails with; what a signal handler raises, and then the work is given up.
pub(crate) fn wait<T: Send + 'static>(
    py: Python<'_>,
    mut work: BoxFuture<'static, Result<T>>,
) -> PyResult<T> {
    let runtime = runtime()?;
    // Much is done without waiting for anything: then no other thread is woken for it.
    let first = py.detach(|| {
        let _entered = runtime.enter();
        let mut context = Context::from_waker(Waker::noop());
        match work.as_mut().poll(&mut context) {
            Poll::Ready(outcome) => Ok(outcome),
            Poll::Pending => Err(work),
        }
    });
    let work = match first {
        Ok(outcome) => return outcome.map_err(|error| exception(py, &error)),
        Err(work) => work,
    };
    let (done, waiting) = mpsc::sync_channel(1);
    let waiting = Mutex::new(waiting);
    let task = runtime.spawn(async move {
        let _ = done.send(work.await);
    });
    loop {
        match py.detach(|| waiting.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(LOOK)) {
            Ok(outcome) => return outcome.map_err(|error| exception(py, &error)),
            Err(RecvTimeoutError::Timeout) => py.check_signals().inspect_err(|_| task.abort())?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(defect(py, "an operation ended without an answer"));
            }
        }
    }
}

/// An `asyncio` future of what `work` comes to. It is given up when the future is cancelled.
pub(crate) fn future<'py, T: Send + 'static>(
    py: Python<'py>,
    work: BoxFuture<'static, Result<T>>,
    shown: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>> {
    let runtime = runtime()?;
    let current = py.import(intern!(py, "asyncio"))?.call_method0(intern!(py, "get_running_loop"))?;
    let future = current.call_method0(intern!(py, "create_future"))?;
    let (current, ours) = (current.unbind(), future.clone().unbind());
    let task = runtime.spawn(async move {
        let outcome = work.await;
        // Where the interpreter has ended nobody waits any more.
        Python::try_attach(|py| {
            let outcome = match outcome {
                Ok(value) => shown(py, value),
                Err(error) => Err(exception(py, &error)),
            };
            let settle = Settle(ours);
            let (value, error) = match outcome {
                Ok(value) => (value, py.None()),
                Err(error) => (py.None(), error.into_value(py).into_any()),
            };
            // Fails where the loop was closed: then nobody waits either.
            let _ = Bound::new(py, settle).and_then(|settle| {
                current.bind(py).call_method1(intern!(py, "call_soon_threadsafe"), (settle, value, error))
            });
        });
    });
    future.call_method1(intern!(py, "add_done_callback"), (GiveUp(task.abort_handle()),))?;
    Ok(future)
}

/// Called in the loop's own thread.
#[pyclass(frozen, module = "heptad._native")]
struct Settle(Py<PyAny>);

#[pymethods]
impl Settle {
    fn __call__(&self, py: Python<'_>, value: &Bound<'_, PyAny>, error: &Bound<'_, PyAny>) -> PyResult<()> {
        let future = self.0.bind(py);
        if future.call_method0(intern!(py, "done"))?.is_truthy()? {
            return Ok(());
        }
        match error.is_none() {
            true => future.call_method1(intern!(py, "set_result"), (value,))?,
            false => future.call_method1(intern!(py, "set_exception"), (error,))?,
        };
        Ok(())
    }
}

/// Called when a future is done, also by being cancelled.
#[pyclass(frozen, module = "heptad._native")]
struct GiveUp(AbortHandle);

#[pymethods]
impl GiveUp {
    #[pyo3(signature = (_future, **_options))]
    fn __call__(&self, _future: &Bound<'_, PyAny>, _options: Option<&Bound<'_, PyDict>>) {
        self.0.abort();
    }
}

/// What an operation gave, shown in Python when the GIL is there.
pub(crate) fn shown(
    operation: Py<Operation>,
) -> impl FnOnce(Python<'_>, Value) -> PyResult<Py<PyAny>> + Send {
    move |py, value| operation.get().given(py, value).map(Bound::unbind)
}
