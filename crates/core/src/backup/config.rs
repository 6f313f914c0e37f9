//! The keys.

use std::time::Duration;

use crate::config::{Kind, keys};

keys! {
    /// Where the store's file is backed up to as long as the platform is open: a folder, or with the feature `object-store` a URL such as `s3://bucket/prefix`.
    BACKUP_TARGET: Option<String> = "backup.target";
    /// How often what was committed is shipped: what can be lost with the machine.
    BACKUP_INTERVAL: Duration = "backup.interval", default: "500ms";
    /// How long every commit can be restored.
    BACKUP_RETENTION: Duration = "backup.retention", default: "168h";
    /// How often a snapshot is taken: a restore reads one and what was shipped since.
    BACKUP_SNAPSHOT: Duration = "backup.snapshot", default: "24h";
    /// How many bytes the write-ahead log may have while the target does not take it; then it is given up, and a new snapshot follows.
    BACKUP_MOST_LOG: u64 = "backup.most_log", kind: Kind::Integer(33_554_432, 1_099_511_627_776), default: "268435456";
    /// How long the target may take for one object.
    BACKUP_TIMEOUT: Duration = "backup.timeout", default: "30s";
}
