//! What a scan returns.

use heptad_core::clock::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Finding, RuleInfo, Severity, SuppressedFinding};

/// What a scan found, what it read, and what it could not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScanReport {
    /// The path that was scanned, absolute.
    pub path: String,
    /// The folder that the names of files are relative to, absolute: the path, or where that is a file, the folder it lies in.
    pub root: String,
    /// When the scan began.
    pub started: Timestamp,
    /// How long it took.
    pub timings: Timings,
    /// What was found, ordered by file, place and rule.
    pub findings: Vec<Finding>,
    /// What was found but is not to be reported, in the same order.
    pub suppressed: Vec<SuppressedFinding>,
    /// How many files were scanned.
    pub files_scanned: usize,
    /// Files that were not scanned, ordered by name, with the reason.
    pub files_skipped: Vec<Skipped>,
    /// What was not as it should be: files that do not parse, suppressions without a reason.
    pub problems: Vec<Problem>,
    /// The rules that were applied, ordered by id.
    pub rules: Vec<RuleInfo>,
    /// Whether a finding is at least as severe as `fail_on` of the request.
    pub failed: bool,
    /// The report in the format that was asked for, unless that is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered: Option<String>,
}

impl ScanReport {
    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The documentation of the rule with this id.
    pub fn rule(&self, id: &str) -> Option<&RuleInfo> {
        self.rules.binary_search_by(|rule| rule.id.as_str().cmp(id)).ok().map(|index| &self.rules[index])
    }
}

/// How long the parts of a scan took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    /// Reading and compiling rules.
    pub rules_ms: u64,
    /// Finding the files.
    pub walk_ms: u64,
    /// Reading, parsing and matching them.
    pub scan_ms: u64,
}

impl Timings {
    /// All of it.
    pub fn total_ms(&self) -> u64 {
        self.rules_ms + self.walk_ms + self.scan_ms
    }
}

/// A file that was not scanned. Files in a language that no rule reads are not mentioned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// Something that was not as it should be and did not stop the scan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What kind of thing.
    pub kind: ProblemKind,
    /// What was wrong and what would be right.
    pub message: String,
}

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A part of the file does not parse; the rest was scanned.
    Syntax,
    /// A comment asks for a suppression in a way that is not understood or gives no reason: nothing is suppressed.
    Suppression,
    /// A rule had more work or more matches in this file than it may: its findings here are incomplete.
    Limit,
}

impl ProblemKind {
    /// Its name on every surface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Suppression => "suppression",
            Self::Limit => "limit",
        }
    }
}
