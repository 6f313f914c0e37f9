//! What is kept: the latest report of each path, and an event for each scan, written in one commit.

use heptad_core::{
    Error, Kernel, Result,
    events::{Event, Topic},
    store::{Batch, Key, Value},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Problem, ProblemKind, ScanReport, Severity};

/// The collection of the latest reports. The id is a hash of the path, for a path may be longer than an id.
pub const REPORTS: &str = "review.reports";

/// The topic of the events.
pub const TOPIC: &str = "review";

/// The type of the event that tells of a scan; its data is a [`Scanned`].
pub const SCANNED: &str = "heptad.review.scanned";

/// The most findings of a report that are kept.
const KEPT_FINDINGS: usize = 10_000;

/// What the event tells of a scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scanned {
    /// The path that was scanned.
    pub path: String,
    /// How many files were scanned.
    pub files_scanned: usize,
    /// How many files could not be scanned.
    pub files_skipped: usize,
    /// How many findings are errors.
    pub errors: usize,
    /// How many findings are warnings.
    pub warnings: usize,
    /// How many findings are notes.
    pub notes: usize,
    /// How many findings are suppressed.
    pub suppressed: usize,
    /// Whether a finding was as severe as the request allows none to be.
    pub failed: bool,
}

impl Scanned {
    /// The summary of a report.
    pub fn of(report: &ScanReport) -> Self {
        Self {
            path: report.path.clone(),
            files_scanned: report.files_scanned,
            files_skipped: report.files_skipped.len(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Note),
            suppressed: report.suppressed.len(),
            failed: report.failed,
        }
    }
}

/// Keeps a report and publishes that it was made: both or neither.
///
/// # Errors
/// What the store or the bus fails with.
pub(crate) async fn keep(kernel: &Kernel, report: &ScanReport) -> Result<()> {
    let event = Event::new("/review", SCANNED).subject(&*report.path).time(kernel.clock.now());
    let event = event.data(&Scanned::of(report))?;
    let mut batch = Batch::new();
    batch.put(key(&report.path)?, Value::json(&kept(report))?);
    kernel.bus.publish_in(&mut batch, &Topic::new(TOPIC)?, vec![event]).await?;
    kernel.store.commit(batch).await?;
    Ok(())
}

/// The latest report of a path.
///
/// # Errors
/// [`NotFound`](heptad_core::ErrorKind::NotFound) where it was never scanned; what the store fails with.
pub(crate) async fn latest(kernel: &Kernel, path: &str) -> Result<ScanReport> {
    match kernel.store.get(&key(path)?).await? {
        Some(record) => record.value.decode(),
        None => Err(Error::not_found(format!("`{path}` has not been scanned; `review.scan` does it"))),
    }
}

fn key(path: &str) -> Result<Key> {
    Key::new(REPORTS, blake3::hash(path.as_bytes()).to_hex().as_str())
}

/// The report as it is kept: not rendered, and with an end.
fn kept(report: &ScanReport) -> ScanReport {
    let mut report = ScanReport { rendered: None, ..report.clone() };
    if report.findings.len() > KEPT_FINDINGS {
        let message =
            format!("only the first {KEPT_FINDINGS} of {} findings are kept", report.findings.len());
        report.findings.truncate(KEPT_FINDINGS);
        report.problems.push(Problem { file: ".".to_owned(), line: None, kind: ProblemKind::Limit, message });
    }
    report
}
