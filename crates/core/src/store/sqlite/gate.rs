//! Who looks after the write-ahead log: the store itself, or a backup that must have read it before it is reused.

use std::sync::{
    Arc, Condvar, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Shared by a store and the backup that ships its write-ahead log. Cheap to clone.
///
/// As long as a backup keeps the log, the store never checkpoints: the backup does, while the gate is closed and so no transaction of this
/// process runs. And every transaction writes the number of its last commit into the file, so that each state of the file tells which it is.
#[derive(Clone, Debug, Default)]
pub struct LogGate(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    released: AtomicBool,
    /// Commits wait while the log has more bytes than this; 0 for none.
    most: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    inside: bool,
}

impl LogGate {
    /// Waits for the transaction that runs and keeps the next ones waiting until the result is dropped.
    #[must_use]
    pub fn close(&self) -> Closed {
        let mut state = self.state();
        while state.closed || state.inside {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.closed = true;
        Closed(self.clone())
    }

    /// The backup has ended: the store looks after its log again.
    pub fn release(&self) {
        self.0.released.store(true, Ordering::Release);
    }

    /// From now on commits wait, for some seconds at most, while the log has more than `bytes` bytes: until the backup has shipped it or given
    /// it up. `None`: they do not wait, because waiting would not help.
    pub fn bound(&self, bytes: Option<u64>) {
        self.0.most.store(bytes.unwrap_or(0), Ordering::Release);
    }

    pub(super) fn most(&self) -> Option<u64> {
        Some(self.0.most.load(Ordering::Acquire)).filter(|most| *most > 0)
    }

    pub(super) fn is_released(&self) -> bool {
        self.0.released.load(Ordering::Acquire)
    }

    /// A transaction begins; it ends when the result is dropped.
    pub(super) fn pass(&self) -> Pass {
        let mut state = self.state();
        while state.closed {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.inside = true;
        Pass(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A closed gate: see [`LogGate::close`].
#[derive(Debug)]
pub struct Closed(LogGate);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.state().closed = false;
        self.0.0.changed.notify_all();
    }
}

/// A transaction that runs.
pub(super) struct Pass(LogGate);

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.state().inside = false;
        self.0.0.changed.notify_all();
    }
}
