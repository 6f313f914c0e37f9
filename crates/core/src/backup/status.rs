//! How the backup of an open platform does.

#[cfg(feature = "sqlite")]
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// What the backup of an open platform is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackupState {
    /// It finds out what the target has.
    #[default]
    Starting,
    /// Another process that has the file open ships it; this one takes over when that ends.
    Standby,
    /// What is committed is shipped.
    Shipping,
    /// Something keeps it from shipping; it tries again.
    Failing,
    /// It has ended.
    Stopped,
}

/// How a backup does, as those who ask see it.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// What it is doing.
    pub state: BackupState,
    /// The last commit that was shipped.
    pub commit: Option<u64>,
    /// Everything that was committed by this time is shipped.
    pub complete: Option<Timestamp>,
    /// The backup can be restored from: the chain has a complete snapshot.
    pub restorable: bool,
    /// How often something failed.
    pub failures: u64,
    /// The last failure, until what failed succeeds. While it ships: that of a snapshot, a merge, or of forgetting.
    pub error: Option<String>,
    /// The bytes of the write-ahead log that are in use.
    pub log_bytes: u64,
}

/// Shared by the worker, which writes, and those who ask.
#[cfg(feature = "sqlite")]
#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Mutex<Live>>);

#[cfg(feature = "sqlite")]
impl Shared {
    pub(super) fn live(&self) -> MutexGuard<'_, Live> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
