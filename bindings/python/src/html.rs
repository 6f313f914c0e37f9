//! What a notebook shows. Every text is hostile: it comes from code, logs and models.

use std::fmt::Write as _;

use serde_json::Value;

use crate::record::Node;

/// How many rows of a list are shown.
const ROWS: usize = 50;
/// How many characters of a text.
const CHARACTERS: usize = 400;

/// A record: its fields, and lists of records as tables below.
pub(crate) fn record<'a>(name: &str, fields: impl Iterator<Item = (&'a str, Node)>) -> String {
    let (mut simple, mut lists) = (String::new(), String::new());
    for (name, node) in fields {
        match node.value() {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                let _ = write!(lists, "<p><b>{}</b> ({})</p>{}", escaped(name), items.len(), rows(items));
            }
            value => {
                let _ = write!(
                    simple,
                    "<tr><th style=\"text-align:left\">{}</th><td style=\"text-align:left\">{}</td></tr>",
                    escaped(name),
                    cell(value)
                );
            }
        }
    }
    format!(
        "<div class=\"heptad\"><p><b>{}</b></p><table><tbody>{simple}</tbody></table>{lists}</div>",
        escaped(name)
    )
}

/// A list: records as a table, all else as a list.
pub(crate) fn rows(items: &[Value]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in items.iter().take(ROWS).filter_map(Value::as_object).flatten().map(|(name, _)| name.as_str())
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut html = String::from("<table><thead><tr>");
    for name in if names.is_empty() { vec!["value"] } else { names.clone() } {
        let _ = write!(html, "<th style=\"text-align:left\">{}</th>", escaped(name));
    }
    html.push_str("</tr></thead><tbody>");
    for item in items.iter().take(ROWS) {
        html.push_str("<tr>");
        if names.is_empty() {
            let _ = write!(html, "<td style=\"text-align:left\">{}</td>", cell(item));
        }
        for name in &names {
            let _ = write!(
                html,
                "<td style=\"text-align:left\">{}</td>",
                item.get(*name).map_or_else(String::new, cell)
            );
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    if let Some(more) = items.len().checked_sub(ROWS).filter(|more| *more > 0) {
        let _ = write!(html, "<p>and {more} more</p>");
    }
    html
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escaped(text),
        other => escaped(&other.to_string()),
    }
}

/// `text` as it is read, whatever it says, and not all of it where it is long.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len().min(CHARACTERS));
    for (index, character) in text.chars().enumerate() {
        if index == CHARACTERS {
            html.push('…');
            break;
        }
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '`' => html.push_str("&#96;"),
            '$' => html.push_str("&#36;"), // notebooks typeset what is between two
            '\n' | '\t' => html.push(character),
            control if control.is_control() => html.push('\u{fffd}'),
            other => html.push(other),
        }
    }
    html
}
