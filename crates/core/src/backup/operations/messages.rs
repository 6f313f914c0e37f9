//! What the operations of the backup take and give.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{BackupState, Restored, Verified};
use crate::clock::Timestamp;

/// What to ship.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RunRequest {
    /// Take a new snapshot as well.
    #[serde(default)]
    pub snapshot: bool,
}

/// What is shipped.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BackupReport {
    /// The number of the last commit in the backup.
    pub commit: u64,
    /// Everything that was committed by this time is in it.
    pub complete: Option<Timestamp>,
}

/// What to restore, and where to.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RestoreRequest {
    /// The file to restore to. The store's own where it is not given.
    #[serde(default)]
    pub to: Option<String>,
    /// The state after the commit with this number. The last state where neither this nor `time` is given.
    #[serde(default)]
    pub commit: Option<u64>,
    /// The last state that was shipped by this time.
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// Moves a file that is there aside; without it nothing is restored then.
    #[serde(default)]
    pub overwrite: bool,
    /// The folder or URL of the backup. `backup.target` where it is not given.
    #[serde(default)]
    pub target: Option<String>,
}

/// What was restored.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RestoreReport {
    /// The file.
    pub path: String,
    /// The number of the last commit in it.
    pub commit: u64,
    /// When that was shipped.
    pub time: Timestamp,
    /// The bytes of the file.
    pub bytes: u64,
    /// How many objects of the backup were read.
    pub objects: u64,
    /// How many records it holds.
    pub records: u64,
    /// How many streams.
    pub streams: u64,
    /// How many entries all of them have.
    pub entries: u64,
    /// Where the file is that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
}

impl RestoreReport {
    pub(super) fn new(path: &Path, restored: Restored) -> Self {
        let Restored { commit, time, objects, bytes, contents, replaced } = restored;
        let replaced = replaced.map(|path| path.display().to_string());
        let path = path.display().to_string();
        let (records, streams, entries) = (contents.records, contents.streams, contents.entries);
        Self { path, commit, time, bytes, objects, records, streams, entries, replaced }
    }
}

/// What to verify.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct VerifyRequest {
    /// Where the last state is restored aside. Beside the database where it is not given.
    #[serde(default)]
    pub folder: Option<String>,
    /// The folder or URL of the backup. `backup.target` where it is not given.
    #[serde(default)]
    pub target: Option<String>,
}

/// What verifying found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VerifyReport {
    /// Something is wrong. The command line then ends with exit code 1.
    pub failed: bool,
    /// What is wrong.
    pub problems: Vec<String>,
    /// Runs of shipping without a gap.
    pub chains: u64,
    /// The complete snapshots.
    pub snapshots: u64,
    /// How many objects were read and are whole.
    pub objects: u64,
    /// The last commit that was restored aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<u64>,
    /// How many records that state has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// How many entries its streams have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
}

impl From<Verified> for VerifyReport {
    fn from(found: Verified) -> Self {
        let Verified { chains, snapshots, objects, problems, restored } = found;
        let restored = restored.as_ref();
        Self {
            failed: !problems.is_empty(),
            problems,
            chains,
            snapshots,
            objects,
            commit: restored.map(|restored| restored.commit),
            records: restored.map(|restored| restored.contents.records),
            entries: restored.map(|restored| restored.contents.entries),
        }
    }
}

/// Which backup to look at.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct StatusRequest {
    /// The folder or URL of the backup. `backup.target` where it is not given.
    #[serde(default)]
    pub target: Option<String>,
}

/// How far a backup is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BackupStatus {
    /// Where it is.
    pub target: String,
    /// What the process that has the database open is doing; nothing where none is configured in this one.
    pub state: Option<BackupState>,
    /// For how long what was committed is not known to be shipped, in seconds. Known to that process only.
    pub lag_seconds: Option<f64>,
    /// The last commit that can be restored.
    pub last_commit: Option<u64>,
    /// When that was shipped.
    pub last_time: Option<Timestamp>,
    /// The first commit that can be restored.
    pub first_commit: Option<u64>,
    /// When that was shipped.
    pub first_time: Option<Timestamp>,
    /// Runs of shipping without a gap.
    pub chains: u64,
    /// The complete snapshots.
    pub snapshots: u64,
    /// How many objects the target has.
    pub objects: u64,
    /// The bytes of all of them.
    pub bytes: u64,
    /// How often something failed since the process began.
    pub failures: Option<u64>,
    /// The last failure, until something is shipped again.
    pub error: Option<String>,
}
