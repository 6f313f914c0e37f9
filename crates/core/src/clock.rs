//! Where the time comes from. Nothing in the kernel or in a system asks the operating system for it.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
pub use jiff::Timestamp;

/// The port: tells the time and waits for it. Tests use the virtual clock of the test kit.
pub trait Clock: Send + Sync {
    /// The current time, UTC.
    fn now(&self) -> Timestamp;

    /// Time since an origin that stays the same for the life of the clock, for measuring how long something took. It never goes back.
    fn monotonic(&self) -> Duration {
        Duration::try_from(self.now().as_duration()).unwrap_or_default()
    }

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

    fn monotonic(&self) -> Duration {
        static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        ORIGIN.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
