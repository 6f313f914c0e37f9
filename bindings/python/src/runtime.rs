//! The threads that operations run on: one tokio runtime for the process, made by the first call.

use std::sync::OnceLock;

use pyo3::{PyResult, exceptions::PyRuntimeError};
use tokio::runtime::Runtime;

struct Made {
    process: u32,
    runtime: Runtime,
}

static RUNTIME: OnceLock<std::io::Result<Made>> = OnceLock::new();

/// The runtime.
///
/// # Errors
/// Where its threads cannot be started, or were started in the process that this one was forked from: they are not here.
pub(crate) fn runtime() -> PyResult<&'static Runtime> {
    let made = RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.enable_all().thread_name("heptad").build()?;
        Ok(Made { process: std::process::id(), runtime })
    });
    match made {
        Ok(made) if made.process == std::process::id() => Ok(&made.runtime),
        Ok(_) => Err(PyRuntimeError::new_err(
            "Heptad was used before this process was forked, and its threads are in the other one: start processes with \"spawn\" or \"forkserver\", \
             or use Heptad in the new process only",
        )),
        Err(error) => {
            Err(PyRuntimeError::new_err(format!("the threads of Heptad cannot be started: {error}")))
        }
    }
}
