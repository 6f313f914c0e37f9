//! How results look: [`text`] for people, [`json`] for programs, and the [`Console`] they go to.
//!
//! Renderers are pure: JSON value in, string with ANSI styles out. The console strips the styles where nobody sees them.

pub(crate) mod console;
pub(crate) mod json;
pub(crate) mod markdown;
mod place;
pub(crate) mod safe;
pub(crate) mod style;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod wrap;

use serde_json::Value;

pub(crate) use self::console::{Console, is_closed};

/// The forms that every result can take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people: aligned, tables, colours on a terminal.
    #[default]
    Text,
    /// One table, with a heading over each column.
    Table,
    /// JSON, indented.
    Json,
    /// JSON, a line for each item.
    Jsonl,
}

impl Format {
    /// Every form, with what it is.
    pub(crate) const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Text, "text", "For people"),
        (Self::Table, "table", "One table"),
        (Self::Json, "json", "JSON, indented"),
        (Self::Jsonl, "jsonl", "JSON, one line for each item"),
    ];

    /// The form called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, other, _)| *other == name).map(|(format, ..)| *format)
    }

    /// Whether programs read it.
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }

    /// A whole result in this form, ending in a newline unless it is empty.
    pub(crate) fn whole(self, value: &Value, width: Option<usize>) -> String {
        match self {
            Self::Text => text::render(value, width),
            Self::Table => text::render_table(value, width),
            Self::Json => json::pretty(value),
            Self::Jsonl => match value {
                Value::Array(items) => items.iter().map(json::line).collect(),
                other => json::line(other),
            },
        }
    }

    /// One item of a stream in this form. (A table needs all items first: see [`Format::whole`].)
    pub(crate) fn item(self, value: &Value) -> String {
        if self.is_json() { json::line(value) } else { text::line(value) }
    }
}
