//! A small system whose requests have a property of every shape, for the unit tests.

use std::collections::BTreeMap;

use heptad::core::{
    Result,
    operation::{Context, Handle, Registry, operations},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone)]
pub(crate) struct Sample(Context);

impl Handle for Sample {
    fn new(context: Context) -> Self {
        Self(context)
    }

    fn context(&self) -> &Context {
        &self.0
    }
}

/// What to scan.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct ScanRequest {
    /// File or folder to scan.
    pub(crate) path: String,
    /// Rules to use; all if none is named.
    #[serde(default)]
    pub(crate) rules: Vec<String>,
    /// The least severity that fails the gate.
    ///
    /// Without it nothing fails.
    pub(crate) fail_on: Option<Severity>,
    /// Threads to use.
    #[serde(default = "four")]
    pub(crate) threads: u8,
    /// Honour ignore files.
    #[serde(default = "yes")]
    pub(crate) ignore_files: bool,
    /// Follow symbolic links.
    #[serde(default)]
    pub(crate) follow_links: bool,
    /// Look into archives, if it is known how.
    pub(crate) archives: Option<bool>,
    /// What to tell about.
    #[serde(default)]
    pub(crate) only: Vec<Severity>,
    /// Labels for the report.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, u32>,
    /// What is too big to read.
    #[serde(default)]
    pub(crate) limits: Limits,
    /// Not before this time.
    pub(crate) since: Option<heptad::core::clock::Timestamp>,
    /// A database of known findings.
    pub(crate) db: Option<String>,
    /// The form of the report.
    #[serde(default)]
    pub(crate) format: ReportFormat,
    /// Anything.
    #[serde(default)]
    pub(crate) extra: serde_json::Value,
}

fn four() -> u8 {
    4
}

fn yes() -> bool {
    true
}

/// How bad a finding is.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Worth a look.
    Note,
    /// Probably wrong.
    Warning,
    /// Wrong.
    Error,
}

/// What is too big.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Limits {
    /// Bytes in a file.
    pub(crate) max_bytes: Option<u64>,
    /// Share of a file that may be binary.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(crate) binary_share: Option<f64>,
}

/// The form of a report.
#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReportFormat {
    #[default]
    Text,
    Json,
    Sarif,
}

/// What was found.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Report {
    /// Whether the gate was failed.
    pub(crate) failed: bool,
    pub(crate) findings: Vec<String>,
}

/// Rules to look at.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct CheckRequest {
    /// Rule files.
    #[schemars(extend("x-cli-positional" = true))]
    #[serde(default)]
    pub(crate) files: Vec<String>,
    /// Who asks.
    pub(crate) author: String,
}

#[operations(system = "sample")]
impl Sample {
    /// Scans files with `rules` and returns **what** they found.
    ///
    /// Files are told by their [`Language`](crate::Language). Ignore files are honoured, so that
    /// what nobody wrote is not scanned:
    /// - `.gitignore`
    /// - `.ignore`
    ///
    /// # Errors
    /// `not_found` where there is no such path.
    ///
    /// # Examples
    /// ```
    /// let report = 1;
    /// ```
    #[operation(reads)]
    pub(crate) async fn scan(&self, request: ScanRequest) -> Result<Report> {
        Ok(Report { failed: request.fail_on.is_some(), findings: request.rules })
    }

    /// Checks rule files.
    #[operation(writes)]
    pub(crate) async fn check_rules(&self, request: CheckRequest) -> Result<Report> {
        Ok(Report { failed: request.author.is_empty(), findings: request.files })
    }

    /// Does nothing.
    #[operation(reads)]
    pub(crate) async fn ping(&self) -> Result<()> {
        Ok(())
    }
}

pub(crate) fn registry() -> Registry {
    Registry::default().with(Sample::OPERATIONS)
}
