//! The one place where the command line waits.

use futures_util::{
    future::{Either, select},
    pin_mut,
};
use heptad::core::{Error, ErrorKind, Result};

/// Runs `work` to its end on a runtime of its own. Blocking work that nobody waits for any more does not hold up the exit.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal("the async runtime cannot start").because(error))?;
    let result = runtime.block_on(work);
    crate::traces::finish();
    runtime.shutdown_background();
    result
}

/// The result of `work`, or `Cancelled` as soon as somebody presses Ctrl-C.
pub(crate) async fn interruptible<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let interrupt = tokio::signal::ctrl_c();
    pin_mut!(work, interrupt);
    match select(work, interrupt).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(Error::new(ErrorKind::Cancelled, "interrupted")),
    }
}
