//! From [`heptad::Error`] to the exceptions of `heptad.errors`.

use std::time::Duration;

use heptad::{Error, ErrorKind, Retry};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyType},
};

static CLASSES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

/// The exception that an error is in Python.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    raised(py, error).unwrap_or_else(|other| other)
}

fn raised(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let classes = CLASSES.get_or_try_init(py, || {
        py.import("heptad.errors")?
            .getattr("BY_KIND")?
            .cast_into::<PyDict>()
            .map(Bound::unbind)
            .map_err(PyErr::from)
    })?;
    let kind = error.kind().as_str();
    let class = classes.bind(py).get_item(kind)?;
    let class = class
        .ok_or_else(|| PyRuntimeError::new_err(format!("there is no exception for `{kind}`: {error}")))?;
    let context = PyDict::new(py);
    for (key, value) in error.context() {
        context.set_item(key, value)?;
    }
    let retry_after = match error.retryable() {
        Retry::Never => None,
        Retry::Now => Some(Duration::ZERO),
        Retry::After(delay) => Some(delay),
    };
    let arguments =
        (error.message(), error.operation(), context, retry_after.map(|delay| delay.as_secs_f64()));
    let exception = class.cast::<PyType>()?.call1(arguments)?;
    let raised = PyErr::from_value(exception);
    let mut cause = std::error::Error::source(error);
    let mut causes = Vec::new();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    if !causes.is_empty() {
        raised.set_cause(py, Some(PyRuntimeError::new_err(causes.join(": "))));
    }
    Ok(raised)
}

/// A defect here, told as one.
pub(crate) fn defect(py: Python<'_>, message: &'static str) -> PyErr {
    exception(py, &Error::new(ErrorKind::Internal, message))
}

/// What Python's function failed with, as an operation fails.
pub(crate) fn native(py: Python<'_>, error: PyErr) -> Error {
    let value = error.value(py);
    let kind = value.getattr("kind").and_then(|kind| kind.extract::<String>()).ok();
    let kind = kind.and_then(|kind| ErrorKind::ALL.iter().find(|known| known.as_str() == kind).copied());
    let text = |value: &Bound<'_, PyAny>| value.str().map(|text| text.to_string()).unwrap_or_default();
    match kind {
        Some(kind) => {
            let message = value.getattr("message").map(|message| text(&message));
            Error::new(kind, message.unwrap_or_else(|_| text(value)))
        }
        None => {
            let name =
                value.get_type().name().map_or_else(|_| "an exception".to_owned(), |name| name.to_string());
            Error::new(ErrorKind::Unavailable, format!("{name}: {}", text(value)))
        }
    }
}
