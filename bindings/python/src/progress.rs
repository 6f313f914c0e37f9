//! Progress: a Python function is told how far long work is.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use heptad::core::progress::{Progress, SharedProgress};
use pyo3::{intern, prelude::*};

/// The function is called no more often than this: each call takes the GIL.
const EVERY: Duration = Duration::from_millis(50);

struct Watcher {
    report: Py<PyAny>,
    last: Mutex<Option<Instant>>,
}

/// What calls `report(done, total, label)`, and `report.close()` at the end where there is one.
pub(crate) fn watched(report: Py<PyAny>) -> SharedProgress {
    Arc::new(Watcher { report, last: Mutex::new(None) })
}

impl Progress for Watcher {
    fn report(&self, done: u64, total: u64, label: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // The end of the work is always told.
        if last.is_some_and(|last| now.duration_since(last) < EVERY) && done < total {
            return;
        }
        *last = Some(now);
        drop(last);
        self.tell(|py| self.report.bind(py).call1((done, total, label)).map(drop));
    }

    fn finish(&self) {
        self.tell(|py| {
            let report = self.report.bind(py);
            if report.hasattr(intern!(py, "close"))? {
                report.call_method0(intern!(py, "close"))?;
            }
            Ok(())
        });
    }
}

impl Watcher {
    /// What the function fails with is told as Python tells what nobody can catch: the work goes on.
    fn tell(&self, call: impl FnOnce(Python<'_>) -> PyResult<()>) {
        Python::try_attach(|py| {
            if let Err(error) = call(py) {
                error.write_unraisable(py, Some(self.report.bind(py)));
            }
        });
    }
}
