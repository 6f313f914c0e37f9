//! From files to findings. Reads nothing itself: how a file is read is a parameter.
//!
//! Files are scanned in parallel; what comes out depends neither on the number of threads nor on the order of the files.

mod file;
mod fingerprint;
mod snippet;
mod suppression;

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::{
    model::{Confidence, Finding, Problem, Severity, Skipped, SuppressedFinding},
    rules::RuleSet,
};

pub use self::file::{FileOutcome, scan_source};

/// What is reported of what is found.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The mildest severity.
    pub min_severity: Severity,
    /// The lowest confidence.
    pub min_confidence: Confidence,
    /// Rules that cannot match are ruled out by the words of a file. Changes the time that a scan takes and nothing else.
    pub prefilter: bool,
}

impl Default for Options {
    /// Everything is reported.
    fn default() -> Self {
        Self { min_severity: Severity::Note, min_confidence: Confidence::Low, prefilter: true }
    }
}

/// What was found in all files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Ordered by file, place and rule.
    pub findings: Vec<Finding>,
    /// In the same order.
    pub suppressed: Vec<SuppressedFinding>,
    /// How many files were scanned.
    pub files_scanned: usize,
    /// Ordered by file.
    pub skipped: Vec<Skipped>,
    /// Ordered by file and line.
    pub problems: Vec<Problem>,
}

/// Scans files; `read` gives the bytes of one by its name (nothing where it is not to be scanned) or says why it cannot; `done` is called
/// after each with how many are done.
pub fn scan<R, D>(rules: &RuleSet, options: Options, files: &[String], read: R, done: D) -> Outcome
where
    R: Fn(&str) -> Result<Option<Vec<u8>>, String> + Sync,
    D: Fn(u64) + Sync,
{
    let count = AtomicU64::new(0);
    let scan_one = |file: &String| {
        let outcome = match read(file) {
            Ok(Some(bytes)) => file::scan_bytes(rules, options, file, bytes),
            Ok(None) => FileOutcome::default(),
            Err(reason) => FileOutcome::skipped(file, reason),
        };
        done(count.fetch_add(1, Ordering::Relaxed) + 1);
        outcome
    };
    let outcomes: Vec<FileOutcome> = files.par_iter().map(scan_one).collect();
    let mut all = Outcome::default();
    for outcome in outcomes {
        all.files_scanned += usize::from(outcome.scanned);
        all.findings.extend(outcome.findings);
        all.suppressed.extend(outcome.suppressed);
        all.skipped.extend(outcome.skipped);
        all.problems.extend(outcome.problems);
    }
    all.findings.sort_by(|a, b| order(a).cmp(&order(b)));
    all.suppressed.sort_by(|a, b| order(&a.finding).cmp(&order(&b.finding)));
    all.skipped.sort();
    all.problems.sort();
    all
}

fn order(finding: &Finding) -> (&str, u32, u32, &str) {
    let span = &finding.location.span;
    (&finding.location.file, span.start.byte, span.end.byte, &finding.rule)
}
