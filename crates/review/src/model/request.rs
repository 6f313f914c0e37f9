//! What the operations are asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Confidence, Severity};

/// What to scan, with which rules, and what to return.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    /// A folder or a file. Ignore files (`.gitignore`, `.ignore`) are honoured.
    pub path: String,
    /// Ids of rules (`python-eval`), beginnings of ids (`python-*`) or names of packs (`python`); empty: all.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Files with further rules, in TOML.
    #[serde(default)]
    pub rule_files: Vec<String>,
    /// Languages to read, as in `python`; empty: all that rules are written for.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Globs of the files to scan, relative to the path, as in `src/**`; empty: all.
    #[serde(default)]
    pub include: Vec<String>,
    /// Globs of the files to leave out, as in `tests/`.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// The mildest severity to report.
    #[serde(default)]
    pub min_severity: Severity,
    /// The lowest confidence to report.
    #[serde(default)]
    pub min_confidence: Confidence,
    /// The report is marked as failed if a finding is at least this severe.
    #[serde(default)]
    pub fail_on: Option<Severity>,
    /// The form of `rendered` in the report; `json` renders nothing, as the report is that already.
    #[serde(default)]
    pub format: Format,
    /// Threads to use; 0: as many as the machine has cores.
    #[serde(default)]
    pub threads: usize,
}

impl ScanRequest {
    /// All rules over all files at `path`.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// The same, rendered as `format`.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The same with these rules only.
    #[must_use]
    pub fn rules<I: Into<String>>(mut self, rules: impl IntoIterator<Item = I>) -> Self {
        self.rules = rules.into_iter().map(Into::into).collect();
        self
    }

    /// The same with the rules of a file as well.
    #[must_use]
    pub fn rule_file(mut self, file: impl Into<String>) -> Self {
        self.rule_files.push(file.into());
        self
    }

    /// The same, marked as failed where a finding is at least as severe as `severity`.
    #[must_use]
    pub fn fail_on(mut self, severity: Severity) -> Self {
        self.fail_on = Some(severity);
        self
    }
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The report itself.
    #[default]
    Json,
    /// For a person, in a terminal.
    Text,
    /// SARIF 2.1.0, for other tools.
    Sarif,
    /// For a pull request.
    Markdown,
}

/// Which rules to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RulesRequest {
    /// Ids of rules (`python-eval`), beginnings of ids (`python-*`) or names of packs (`python`); empty: all.
    pub rules: Vec<String>,
    /// Files with further rules, in TOML.
    pub rule_files: Vec<String>,
    /// Only rules that read one of these languages; empty: all.
    pub languages: Vec<String>,
}

/// Which report to return.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatestRequest {
    /// The path that was scanned.
    pub path: String,
    /// The form of `rendered` in the report.
    #[serde(default)]
    pub format: Format,
}
