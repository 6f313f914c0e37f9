//! What an operation is, as data.

use schemars::Schema;
use serde::{Deserialize, Serialize};

/// What calling an operation does, and in which form its result comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing that is kept.
    Reads,
    /// Changes what is kept.
    Writes,
    /// Changes nothing and returns a stream of results.
    Streams,
    /// Changes nothing and returns a table: columns, not rows.
    Table,
}

/// The declaration of an operation, from which every surface is made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Spec {
    /// The system, as in `review`.
    pub system: &'static str,
    /// The operation within it, as in `scan`.
    pub name: &'static str,
    /// Its full name, as in `review.scan`.
    pub full_name: &'static str,
    /// Its documentation in Markdown; the first line is the summary.
    pub doc: &'static str,
    /// What it does.
    pub effect: Effect,
    /// What a principal must hold to call it.
    pub permission: &'static str,
    /// JSON Schema of the request.
    pub request: fn() -> Schema,
    /// JSON Schema of the response, or of one item where it streams.
    pub response: fn() -> Schema,
}

impl Spec {
    /// A declaration; written by `#[operations]`.
    #[doc(hidden)]
    #[expect(clippy::too_many_arguments, reason = "called by generated code only")]
    pub const fn declare(
        system: &'static str,
        name: &'static str,
        full_name: &'static str,
        doc: &'static str,
        effect: Effect,
        permission: &'static str,
        request: fn() -> Schema,
        response: fn() -> Schema,
    ) -> Self {
        Self { system, name, full_name, doc, effect, permission, request, response }
    }

    /// The first paragraph of the documentation, on one line.
    pub fn summary(&self) -> &'static str {
        self.doc.trim_start().lines().next().unwrap_or_default()
    }
}
