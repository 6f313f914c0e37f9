//! What can be wrong with rules.

use heptad_core::{Error, ErrorKind};

/// Why a rule file, a rule, or a choice of rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A rule file is not as it should be.
    #[error("{file}, line {line}{}: {message}", .rule.as_ref().map(|id| format!(", rule `{id}`")).unwrap_or_default())]
    File {
        /// The rule file, or the name of the pack.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The rule, where it is known.
        rule: Option<String>,
        /// What is wrong and what would be right.
        message: String,
    },
    /// No rule has this id, no pack has this name.
    #[error("there is no rule or pack `{name}`{}", .suggestion.as_ref().map(|s| format!("; did you mean `{s}`?")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        name: String,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// A language has no rules, or is none.
    #[error("{0}")]
    Language(String),
}

impl From<RuleError> for Error {
    fn from(error: RuleError) -> Self {
        let kind = match error {
            RuleError::Unknown { .. } => ErrorKind::NotFound,
            RuleError::File { .. } | RuleError::Language(_) => ErrorKind::InvalidInput,
        };
        Self::new(kind, error.to_string())
    }
}
