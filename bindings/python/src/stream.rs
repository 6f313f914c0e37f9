//! Streams: items cross in batches, as many as are ready, and the operation waits while two batches are not taken.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{FutureExt as _, StreamExt as _, stream::BoxStream};
use heptad::{Error, ErrorKind, Result};
use pyo3::{exceptions::PyStopAsyncIteration, prelude::*, types::PyTuple};
use serde_json::Value;
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc},
    task::AbortHandle,
};

use crate::{errors::exception, operation::Operation, runtime::runtime, waiting};

/// How many items a batch has at most.
const BATCH: usize = 1024;

/// What both kinds of streams are.
struct Batches {
    operation: Py<Operation>,
    /// What was received and not yet taken.
    ready: Mutex<VecDeque<Result<Value>>>,
    more: AsyncMutex<mpsc::Receiver<Vec<Result<Value>>>>,
    pump: AbortHandle,
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

impl Batches {
    fn of(operation: Py<Operation>, items: BoxStream<'static, Result<Value>>) -> PyResult<Arc<Self>> {
        let (sender, more) = mpsc::channel(2);
        let pump = runtime()?.spawn(async move {
            let mut batches = items.ready_chunks(BATCH);
            while let Some(batch) = batches.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
        });
        let (ready, more) = (Mutex::default(), AsyncMutex::new(more));
        Ok(Arc::new(Self { operation, ready, more, pump: pump.abort_handle() }))
    }

    fn taken(&self) -> Option<Result<Value>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// The next item, which is waited for; `None` at the end.
    async fn next(self: Arc<Self>) -> Result<Option<Value>> {
        let mut more = self.more.lock().await;
        loop {
            if let Some(item) = self.taken() {
                return item.map(Some);
            }
            match more.recv().await {
                Some(batch) => self.ready.lock().unwrap_or_else(PoisonError::into_inner).extend(batch),
                None => return Ok(None),
            }
        }
    }

    fn close(&self) {
        self.pump.abort();
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn shown<'py>(&self, py: Python<'py>, item: Result<Value>) -> PyResult<Bound<'py, PyAny>> {
        self.operation.get().given(py, item.map_err(|error| exception(py, &error))?)
    }
}

/// What an operation gives one after the other: an iterator.
///
/// It is also a context manager, whose end closes it.
#[pyclass(frozen, module = "heptad._native", generic)]
pub(crate) struct Stream(Arc<Batches>);

impl Stream {
    pub(crate) fn of(operation: Py<Operation>, items: BoxStream<'static, Result<Value>>) -> PyResult<Self> {
        Batches::of(operation, items).map(Self)
    }
}

#[pymethods]
impl Stream {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let batches = &self.0;
        if let Some(item) = batches.taken() {
            return batches.shown(py, item).map(Some);
        }
        let item = waiting::wait(py, Arc::clone(batches).next().boxed())?;
        item.map(|item| batches.shown(py, Ok(item))).transpose()
    }

    /// Ends it: the operation is given up, and what was not taken is forgotten.
    fn close(&self) {
        self.0.close();
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, PyTuple>) {
        self.0.close();
    }
}

/// What an operation gives one after the other: an asynchronous iterator.
///
/// It is also an asynchronous context manager, whose end closes it.
#[pyclass(frozen, module = "heptad._native", generic)]
pub(crate) struct AsyncStream(Arc<Batches>);

impl AsyncStream {
    pub(crate) fn of(operation: Py<Operation>, items: BoxStream<'static, Result<Value>>) -> PyResult<Self> {
        Batches::of(operation, items).map(Self)
    }
}

#[pymethods]
impl AsyncStream {
    fn __aiter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __anext__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let batches = Arc::clone(&self.0);
        if let Some(item) = batches.taken() {
            // Nothing is waited for, and the loop is not asked.
            return Ok(Bound::new(py, Ready(Mutex::new(Some(batches.shown(py, item)?.unbind()))))?.into_any());
        }
        let operation = batches.operation.clone_ref(py);
        waiting::future(py, batches.next().boxed(), move |py, item| match item {
            Some(item) => operation.get().given(py, item).map(Bound::unbind),
            None => Err(PyStopAsyncIteration::new_err(())),
        })
    }

    /// Ends it: the operation is given up, and what was not taken is forgotten.
    fn aclose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.close();
        Ok(Bound::new(py, Ready(Mutex::new(Some(py.None()))))?.into_any())
    }

    fn __aenter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(slf.py(), Ready(Mutex::new(Some(slf.clone().into_any().unbind()))))?.into_any())
    }

    #[pyo3(signature = (*_error))]
    fn __aexit__<'py>(&self, py: Python<'py>, _error: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.aclose(py)
    }
}

/// An awaitable that is there already.
#[pyclass(frozen, module = "heptad._native")]
struct Ready(Mutex<Option<Py<PyAny>>>);

#[pymethods]
impl Ready {
    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<()> {
        let value = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let twice = || exception(py, &Error::new(ErrorKind::Internal, "an awaitable was awaited twice"));
        Err(pyo3::exceptions::PyStopIteration::new_err(value.ok_or_else(twice)?))
    }
}
