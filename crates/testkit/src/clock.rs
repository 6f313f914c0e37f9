//! A clock that stands still until the test moves it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use heptad_core::clock::{Clock, Timestamp};
use tokio::sync::{oneshot, watch};

/// A [`Clock`] that stands still until [`advance`](Self::advance) moves it and wakes who slept until then. Clones are the same clock.
///
/// ```
/// use std::time::Duration;
/// use heptad_core::clock::Clock;
/// use heptad_testkit::VirtualClock;
///
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
/// let clock = VirtualClock::new();
/// let nap = tokio::spawn(clock.sleep(Duration::from_secs(3600)));
/// clock.sleepers(1).await;
/// clock.advance(Duration::from_secs(3600));
/// nap.await.expect("the hour is over");
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    sleeping: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    /// Who sleeps until when, and in which order they fell asleep.
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    asleep: u64,
}

impl VirtualClock {
    /// A clock at 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self::at("2026-01-01T00:00:00Z".parse().expect("a well-formed time"))
    }

    /// A clock at `now`.
    pub fn at(now: Timestamp) -> Self {
        let state = Mutex::new(State { now, sleepers: BTreeMap::new(), asleep: 0 });
        Self(Arc::new(Shared { state, sleeping: watch::Sender::new(0) }))
    }

    /// Moves the time by `duration` and wakes, in the order of their times, all who slept until then or earlier. Whoever falls asleep
    /// again because it was woken stays asleep.
    pub fn advance(&self, duration: Duration) {
        let to = later(self.now(), duration);
        self.set(to);
    }

    /// Moves the time to `to`, forward or backward; wakes as [`advance`](Self::advance) does.
    pub fn set(&self, to: Timestamp) {
        let mut state = self.state();
        state.now = to;
        let later = state.sleepers.split_off(&(to, u64::MAX));
        let awake = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        for sleeper in awake.into_values() {
            // The sleeper may have given up: then nobody needs to be told.
            let _ = sleeper.send(());
        }
        self.count();
    }

    /// Moves the time to the next moment at which somebody wakes, and wakes them. `None` where nobody sleeps.
    pub fn advance_to_next(&self) -> Option<Timestamp> {
        self.count();
        let next = self.state().sleepers.keys().next().map(|(until, _)| *until)?;
        self.set(next);
        Some(next)
    }

    /// Waits until at least `count` are asleep: how a test knows that the other tasks have come to rest.
    pub async fn sleepers(&self, count: usize) {
        let mut sleeping = self.0.sleeping.subscribe();
        while self.count() < count {
            if sleeping.changed().await.is_err() {
                return;
            }
        }
    }

    /// Forgets who has given up sleeping, and says how many are left.
    fn count(&self) -> usize {
        let mut state = self.state();
        state.sleepers.retain(|_, sleeper| !sleeper.is_closed());
        state.sleepers.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `duration` after `time`, or the end of time.
fn later(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    /// The sleep begins with the call, not with the first poll.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (wake, woken) = oneshot::channel();
        let mut state = self.state();
        let until = later(state.now, duration);
        if duration.is_zero() {
            return Box::pin(std::future::ready(()));
        }
        state.asleep += 1;
        let turn = state.asleep;
        state.sleepers.insert((until, turn), wake);
        let count = state.sleepers.len();
        drop(state);
        self.0.sleeping.send_replace(count);
        let clock = self.clone();
        Box::pin(async move {
            // The clock is kept until the end, so its wake-up cannot be lost.
            let _ = woken.await;
            drop(clock);
        })
    }
}
