//! The open platform.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use futures_util::{FutureExt as _, future::BoxFuture, stream::BoxStream};
use heptad::{
    Error, ErrorKind, Heptad, Result,
    core::operation::{Permission, Principal, Reply},
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};
use serde_json::Value;

use crate::{
    convert,
    errors::{defect, exception},
    kind::plain,
    operation::Operation,
    progress::watched,
    runtime::runtime,
    stream::{AsyncStream, Stream},
    waiting,
};

/// An open platform, as one principal sees it.
#[pyclass(frozen, module = "heptad._native")]
pub(crate) struct Native(Mutex<Option<Heptad>>);

/// What is to be opened.
struct How {
    path: Option<PathBuf>,
    config_file: Option<PathBuf>,
    settings: Vec<(String, String)>,
    environment: bool,
}

impl How {
    fn read(
        path: Option<PathBuf>,
        config_file: Option<PathBuf>,
        settings: Option<&Bound<'_, PyDict>>,
        environment: bool,
    ) -> PyResult<Self> {
        let text = |value: &Bound<'_, PyAny>| match convert::json(value)? {
            Value::String(text) => Ok(text),
            other => PyResult::Ok(other.to_string()),
        };
        let settings = settings.into_iter().flatten().map(|(key, value)| Ok((key.extract()?, text(&value)?)));
        Ok(Self { path, config_file, settings: settings.collect::<PyResult<_>>()?, environment })
    }

    async fn open(self) -> Result<Heptad> {
        let mut builder = Heptad::builder();
        builder = match self.path {
            Some(path) => builder.store(path),
            None => builder.in_memory(),
        };
        if let Some(file) = self.config_file {
            builder = builder.config_file(file);
        }
        if !self.environment {
            builder = builder.ignore_environment();
        }
        for (key, value) in self.settings {
            builder = builder.set(key, value);
        }
        builder.open().await
    }
}

/// Opens (or creates) the platform in the SQLite file `path`; in memory where there is none.
#[pyfunction]
#[pyo3(signature = (path, config_file, settings, environment))]
pub(crate) fn open(
    py: Python<'_>,
    path: Option<PathBuf>,
    config_file: Option<PathBuf>,
    settings: Option<&Bound<'_, PyDict>>,
    environment: bool,
) -> PyResult<Native> {
    let how = How::read(path, config_file, settings, environment)?;
    waiting::wait(py, how.open().boxed()).map(Native::of)
}

/// The same, as a future.
#[pyfunction]
#[pyo3(signature = (path, config_file, settings, environment))]
pub(crate) fn open_async<'py>(
    py: Python<'py>,
    path: Option<PathBuf>,
    config_file: Option<PathBuf>,
    settings: Option<&Bound<'py, PyDict>>,
    environment: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let how = How::read(path, config_file, settings, environment)?;
    waiting::future(py, how.open().boxed(), |py, heptad| Ok(Py::new(py, Native::of(heptad))?.into_any()))
}

impl Native {
    fn of(heptad: Heptad) -> Self {
        Self(Mutex::new(Some(heptad)))
    }

    fn heptad(&self, py: Python<'_>) -> PyResult<Heptad> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let closed =
            || exception(py, &Error::new(ErrorKind::Unavailable, "the platform is closed: open it again"));
        open.clone().ok_or_else(closed)
    }

    fn reply(&self, py: Python<'_>, name: &str, request: Value) -> PyResult<Reply> {
        let heptad = self.heptad(py)?;
        let _entered = runtime()?.enter();
        heptad.call(name, request).map_err(|error| exception(py, &error))
    }

    fn one(&self, py: Python<'_>, name: &str, request: Value) -> PyResult<BoxFuture<'static, Result<Value>>> {
        match self.reply(py, name, request)? {
            Reply::One(work) => Ok(work),
            Reply::Many(_) => Err(defect(py, "an operation streams that was said not to")),
        }
    }

    fn many(
        &self,
        py: Python<'_>,
        name: &str,
        request: Value,
    ) -> PyResult<BoxStream<'static, Result<Value>>> {
        match self.reply(py, name, request)? {
            Reply::Many(items) => Ok(items),
            Reply::One(work) => Ok(Box::pin(futures_util::stream::once(work))),
        }
    }
}

#[pymethods]
impl Native {
    /// Calls an operation and waits for what it gives.
    #[pyo3(signature = (operation, /, *values))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        operation: &Bound<'py, Operation>,
        values: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let operation = operation.get();
        let work = self.one(py, &operation.name, operation.request(values)?)?;
        operation.given(py, waiting::wait(py, work)?)
    }

    /// Calls an operation; a future of what it gives.
    #[pyo3(signature = (operation, /, *values))]
    fn call_async<'py>(
        &self,
        py: Python<'py>,
        operation: &Bound<'py, Operation>,
        values: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let work = self.one(py, &operation.get().name, operation.get().request(values)?)?;
        waiting::future(py, work, waiting::shown(operation.clone().unbind()))
    }

    /// Calls an operation that streams.
    #[pyo3(signature = (operation, /, *values))]
    fn stream(
        &self,
        py: Python<'_>,
        operation: &Bound<'_, Operation>,
        values: &Bound<'_, PyTuple>,
    ) -> PyResult<Stream> {
        let items = self.many(py, &operation.get().name, operation.get().request(values)?)?;
        Stream::of(operation.clone().unbind(), items)
    }

    /// The same, for `async for`.
    #[pyo3(signature = (operation, /, *values))]
    fn stream_async(
        &self,
        py: Python<'_>,
        operation: &Bound<'_, Operation>,
        values: &Bound<'_, PyTuple>,
    ) -> PyResult<AsyncStream> {
        let items = self.many(py, &operation.get().name, operation.get().request(values)?)?;
        AsyncStream::of(operation.clone().unbind(), items)
    }

    /// Calls an operation by name with Python's own values, and gives such.
    fn call_by_name<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        request: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let work = self.one(py, name, convert::json(request)?)?;
        let value = waiting::wait(py, work)?;
        plain(py, &value)
    }

    /// Calls an operation that streams by name, with Python's own values.
    fn stream_by_name(&self, py: Python<'_>, name: &str, request: &Bound<'_, PyAny>) -> PyResult<Stream> {
        let items = self.many(py, name, convert::json(request)?)?;
        Stream::of(Py::new(py, Operation::unknown(name))?, items)
    }

    /// The platform as somebody else sees it.
    fn as_principal(&self, py: Python<'_>, id: &str, allow: Vec<String>) -> PyResult<Self> {
        let allow = allow.into_iter().map(Permission::new);
        Ok(Self::of(self.heptad(py)?.as_principal(Principal::new(id, allow))))
    }

    /// The platform as whoever shows `credential` sees it.
    fn authenticate(&self, py: Python<'_>, credential: String) -> PyResult<Self> {
        let heptad = self.heptad(py)?;
        waiting::wait(py, async move { heptad.authenticate(&credential).await }.boxed()).map(Self::of)
    }

    /// The platform as the principal called `id` sees it, with the roles assigned to them.
    fn sign_in(&self, py: Python<'_>, id: String) -> PyResult<Self> {
        let heptad = self.heptad(py)?;
        waiting::wait(py, async move { heptad.sign_in(&id).await }.boxed()).map(Self::of)
    }

    /// The same platform, with long work telling `report(done, total, label)` how far it is.
    fn with_progress(&self, py: Python<'_>, report: Py<PyAny>) -> PyResult<Self> {
        Ok(Self::of(self.heptad(py)?.with_progress(watched(report))))
    }

    /// Closes this view of the platform. The platform itself is closed with the last of them.
    fn close(&self, py: Python<'_>) {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| drop(open));
    }

    fn __repr__(&self) -> String {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(heptad) => format!("<heptad as {}>", heptad.context().principal.id),
            None => "<heptad, closed>".to_owned(),
        }
    }
}
