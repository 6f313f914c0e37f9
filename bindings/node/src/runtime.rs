//! The threads that operations run on: one tokio runtime for the process, made by the first call.

use std::sync::OnceLock;

use heptad::{Error, ErrorKind, Result};
use tokio::runtime::Runtime;

static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();

/// The runtime. It is never ended: the process ends it, also in the middle of work.
///
/// # Errors
/// Where its threads cannot be started.
pub(crate) fn runtime() -> Result<&'static Runtime> {
    let made = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("heptad").build()
    });
    made.as_ref()
        .map_err(|error| Error::new(ErrorKind::Internal, format!("no threads can be started: {error}")))
}
