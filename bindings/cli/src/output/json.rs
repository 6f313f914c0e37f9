//! JSON as it is written out. Nothing is styled: what one sees is what a program reads.

use serde_json::Value;

/// Indented by two spaces.
pub(crate) fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// One line.
pub(crate) fn line(value: &Value) -> String {
    format!("{value}\n")
}
