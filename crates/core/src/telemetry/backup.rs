//! What is counted of the backup. Told by its worker and by nobody else.

use prometheus::{IntCounterVec, IntGaugeVec};

use super::families::{Declared, counter, gauge};
use crate::error::ErrorKind;

/// What a backup ships and how far it is.
pub(crate) struct BackupFamilies {
    done: IntCounterVec,
    bytes: IntCounterVec,
    failures: IntCounterVec,
    complete: IntGaugeVec,
    commit: IntGaugeVec,
    log: IntGaugeVec,
}

impl BackupFamilies {
    pub(super) fn register(to: &Declared) -> Self {
        Self {
            done: counter(
                to,
                "heptad_backup_done_total",
                "What the backup did: objects put, chains begun, checkpoints, merges, objects deleted.",
                &["what"],
            ),
            bytes: counter(to, "heptad_backup_bytes_total", "Bytes put into the backup target.", &[]),
            failures: counter(
                to,
                "heptad_backup_failures_total",
                "Failures of the backup by the kind of error.",
                &["kind"],
            ),
            complete: gauge(
                to,
                "heptad_backup_complete_seconds",
                "Unix time by which everything committed is shipped: the lag is the time since, also when nothing updates it any more.",
                &[],
            ),
            commit: gauge(to, "heptad_backup_commit", "The last commit that was shipped.", &[]),
            log: gauge(to, "heptad_backup_log_bytes", "Bytes of the write-ahead log in use.", &[]),
        }
    }

    pub(crate) fn failed(&self, kind: ErrorKind) {
        self.failures.with_label_values(&[kind.as_str()]).inc();
    }

    /// So much more was done and put.
    pub(crate) fn did(&self, done: &[(&'static str, u64)], bytes: u64) {
        for (what, more) in done {
            self.done.with_label_values(&[what]).inc_by(*more);
        }
        self.bytes.with_label_values::<&str>(&[]).inc_by(bytes);
    }

    /// How far it is.
    pub(crate) fn is(&self, complete: Option<i64>, commit: Option<u64>, log_bytes: u64) {
        let gauge = |family: &IntGaugeVec, value: u64| {
            family.with_label_values::<&str>(&[]).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        if let Some(complete) = complete {
            gauge(&self.complete, complete.unsigned_abs());
        }
        if let Some(commit) = commit {
            gauge(&self.commit, commit);
        }
        gauge(&self.log, log_bytes);
    }
}
