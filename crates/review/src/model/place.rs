//! Where something stands in a file, and what it looks like there.

pub use heptad_core::code::{Position, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A piece of a named file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// The file, relative to the `root` of the report, with `/` between its parts.
    pub file: String,
    /// The piece.
    pub span: Span,
}

/// The lines that a finding stands on: at most the first five, each cut where it is very long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snippet {
    /// The lines, in order.
    pub lines: Vec<SnippetLine>,
    /// How many further lines the finding covers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u32,
}

/// One line of a [`Snippet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnippetLine {
    /// Its number, from 1.
    pub number: u32,
    /// Its text without the line break; where `cut` is not 0, the text of a window of it.
    pub text: String,
    /// How many characters were cut off before `text`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut: u32,
    /// The first character of `text` that belongs to the finding, from 0.
    pub from: u32,
    /// Behind the last character of `text` that belongs to the finding.
    pub to: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}
