//! What a rule found.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Confidence, Location, Severity, Snippet, Span};

/// One place where a rule matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The id of the rule, as in `python-eval`.
    pub rule: String,
    /// How bad it is if it is true.
    pub severity: Severity,
    /// How likely it is true.
    pub confidence: Confidence,
    /// The weaknesses it is an instance of, as in `CWE-78`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<String>,
    /// What was found, in a sentence.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    pub location: Location,
    /// The lines there.
    pub snippet: Snippet,
    /// What the rule's metavariables stand for here, by name without the `$`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metavariables: BTreeMap<String, Metavariable>,
    /// The same for the same finding in a later scan, also where lines were added above it.
    pub fingerprint: Fingerprint,
}

/// Recognises a finding from one scan to the next: 32 hexadecimal digits made of the rule, the file, the matched code without
/// whitespace and comments (its first 500 tokens), and a number among equal ones in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

/// What a metavariable stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Metavariable {
    /// The code, cut after 200 characters.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A finding that a comment in the code asks not to report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuppressedFinding {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// The reason given in the comment.
    pub reason: String,
    /// The line of the comment, from 1.
    pub comment_line: u32,
}
