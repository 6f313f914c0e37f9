//! Where the time comes from. Nothing in the kernel or in a system asks the operating system for it.

use std::time::Duration;

use futures_util::future::BoxFuture;
pub use jiff::Timestamp;

/// The port: tells the time and waits for it. Tests use the virtual clock of the test kit.
pub trait Clock: Send + Sync {
    /// The current time, UTC.
    fn now(&self) -> Timestamp;

    /// Completes `duration` from now.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// The clock of the machine. [`Clock::sleep`] needs a tokio runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
