//! How long work tells how far it is: the command line draws a bar, Python feeds tqdm, a service ignores it.

use std::sync::Arc;

/// The port. Calls come from any thread and are cheap: an implementation must not block.
pub trait Progress: Send + Sync {
    /// `done` units of `total` (0: not known) are finished; `label` says of what.
    fn report(&self, done: u64, total: u64, label: &str);

    /// The work is over, however it ended.
    fn finish(&self) {}
}

/// Nobody is watching.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _done: u64, _total: u64, _label: &str) {}
}

/// The progress port as it is handed around.
pub type SharedProgress = Arc<dyn Progress>;
