//! What a rule says about itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a finding is if it is true. The words are those of SARIF.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    #[default]
    Note,
    /// Should be looked at.
    Warning,
    /// Should be mended.
    Error,
}

impl Severity {
    /// Every severity, the mildest first.
    pub const ALL: [Self; 3] = [Self::Note, Self::Warning, Self::Error];

    /// Its name on every surface, which is also its level in SARIF.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How likely a finding is true.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The code is often harmless: it depends on what the rule cannot see.
    #[default]
    Low,
    /// The code is mostly as bad as it looks.
    Medium,
    /// The code is what the message says.
    High,
}

impl Confidence {
    /// Every confidence, the lowest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// Its name on every surface, which is also its precision in SARIF.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The documentation of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleInfo {
    /// Its id, as in `python-eval`: lower-case words joined by `-`.
    pub id: String,
    /// Where it comes from: the name of a built-in pack, or the path of a rule file.
    pub pack: String,
    /// The languages it reads, as in `python`.
    pub languages: Vec<String>,
    /// How bad its findings are if they are true.
    pub severity: Severity,
    /// How likely its findings are true.
    pub confidence: Confidence,
    /// The weaknesses it looks for, as in `CWE-78`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<String>,
    /// What it reports, in a sentence; `$X` is replaced by what the metavariable stands for.
    pub message: String,
    /// Why that is bad.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub explanation: String,
    /// What to write instead.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// Examples of code that it reports. They are its tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bad: Vec<String>,
    /// Examples of code that it does not report. They are its tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub good: Vec<String>,
}

/// Rules, ordered by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleList {
    /// The rules.
    pub rules: Vec<RuleInfo>,
}
