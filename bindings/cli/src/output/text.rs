//! Any JSON value, for people.
//!
//! An object is a list of aligned keys and values, a list of objects is a table (or, where that cannot fit, a paragraph for each), lists of
//! plain values are a line or bullets, and what is nested is indented below its heading. Long text is wrapped; nothing is cut.

use serde_json::{Map, Value};

use super::{
    place::place,
    safe::visible,
    style::{FAINT, KEY, STRONG, paint},
    table,
    wrap::{columns, wrap},
};

const INDENT: usize = 2;
/// An object of at most so many plain values is shown inside a table's cell.
const FEW: usize = 4;

/// The value, ending in a newline; empty for `null`.
pub(crate) fn render(value: &Value, width: Option<usize>) -> String {
    let mut out = String::new();
    block(&mut out, value, 0, width);
    out
}

/// The value as one table: of a list its items, of an object with exactly one list of objects that list. Without a terminal (`width`) its
/// cells are separated by tabs.
pub(crate) fn render_table(value: &Value, width: Option<usize>) -> String {
    let rows = match value {
        Value::Object(properties) => {
            let mut lists = properties.values().filter_map(objects).filter(|rows| !rows.is_empty());
            match (lists.next(), lists.next()) {
                (Some(rows), None) => Some(rows),
                _ => None,
            }
        }
        value => objects(value),
    };
    let table = rows.and_then(|rows| match width {
        Some(_) => table::render(&rows, width),
        None => table::separated(&rows),
    });
    table.unwrap_or_else(|| render(value, width))
}

/// The value on one line, for streams: `key=value key=value` (logfmt).
pub(crate) fn line(value: &Value) -> String {
    let Value::Object(properties) = value else {
        return format!("{}\n", cell(value).replace('\n', " "));
    };
    let pairs = properties.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| {
        let text = match value {
            Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=', '\n']) => {
                visible(text).into_owned()
            }
            other => place(other).unwrap_or_else(|| visible(&other.to_string()).into_owned()),
        };
        format!("{}{text}", paint(KEY, &format!("{}=", visible(key))))
    });
    pairs.collect::<Vec<_>>().join(" ") + "\n"
}

/// A value inside a line or a table.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) if text.contains('\n') => visible(text.trim_end()).into_owned(),
        Value::String(text) => visible(text.trim()).into_owned(),
        Value::Array(items) if items.iter().all(is_scalar) => {
            items.iter().map(cell).collect::<Vec<_>>().join(", ")
        }
        Value::Object(properties) if is_plain(value) => {
            if let Some(place) = place(value) {
                return place;
            }
            let pairs = properties.iter().filter(|(_, value)| !value.is_null());
            pairs
                .map(|(key, value)| format!("{}: {}", label(key), cell(value)))
                .collect::<Vec<_>>()
                .join(", ")
        }
        other => visible(&other.to_string()).into_owned(),
    }
}

/// The name of a property, for people.
pub(super) fn label(name: &str) -> String {
    visible(&name.replace('_', " ")).replace('\n', " ")
}

fn block(out: &mut String, value: &Value, indent: usize, width: Option<usize>) {
    match value {
        Value::Null => {}
        Value::Object(properties) => object(out, properties, indent, width),
        Value::Array(items) => list(out, items, indent, width),
        scalar => lines(out, &cell(scalar), indent, width),
    }
}

fn object(out: &mut String, properties: &Map<String, Value>, indent: usize, width: Option<usize>) {
    let inline = |value: &Value| match value {
        Value::Array(items) => items.iter().all(is_scalar) && fits(&cell(value), indent, width),
        value => is_scalar(value) && !value.as_str().is_some_and(|text| text.trim_end().contains('\n')),
    };
    let widest =
        properties.iter().filter(|(_, value)| inline(value)).map(|(key, _)| columns(&label(key))).max();
    let column = indent + widest.unwrap_or(0) + INDENT;
    let mut after_block = false;
    for (key, value) in properties {
        let name = label(key);
        if after_block || (!inline(value) && !out.is_empty() && indent == 0) {
            out.push('\n');
        }
        after_block = false;
        let margin = " ".repeat(indent);
        if inline(value) {
            let text = match value {
                Value::Null => paint(FAINT, "–"),
                Value::Array(items) if items.is_empty() => paint(FAINT, "none"),
                value => {
                    wrap(&cell(value), remaining(column, width)).join(&format!("\n{}", " ".repeat(column)))
                }
            };
            let padding = " ".repeat(column - indent - columns(&name));
            out.push_str(format!("{margin}{}{padding}{text}", paint(KEY, &name)).trim_end());
            out.push('\n');
            continue;
        }
        let count = match value {
            Value::Array(items) => paint(FAINT, &format!(" ({})", items.len())),
            _ => String::new(),
        };
        out.push_str(&format!("{margin}{}{count}\n", paint(STRONG, &name)));
        block(out, value, indent + INDENT, width);
        after_block = indent == 0;
    }
}

fn list(out: &mut String, items: &[Value], indent: usize, width: Option<usize>) {
    if items.is_empty() {
        lines(out, &paint(FAINT, "none"), indent, None);
        return;
    }
    if let Some(rows) = items.iter().map(Value::as_object).collect::<Option<Vec<_>>>() {
        if rows.iter().all(|row| row.values().all(is_plain))
            && let Some(table) = table::render(&rows, remaining(indent, width))
        {
            lines(out, &table, indent, None);
            return;
        }
        for (index, row) in rows.into_iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            object(out, row, indent, width);
        }
        return;
    }
    for item in items {
        let mut text = String::new();
        block(&mut text, item, 0, remaining(indent + INDENT, width));
        for (index, line) in text.trim_end().lines().enumerate() {
            let bullet = if index == 0 { "• " } else { "  " };
            out.push_str(format!("{}{bullet}{line}", " ".repeat(indent)).trim_end());
            out.push('\n');
        }
    }
}

fn lines(out: &mut String, text: &str, indent: usize, width: Option<usize>) {
    for line in wrap(text, remaining(indent, width)) {
        out.push_str(format!("{}{line}", " ".repeat(indent)).trim_end());
        out.push('\n');
    }
}

fn objects(value: &Value) -> Option<Vec<&Map<String, Value>>> {
    value.as_array()?.iter().map(Value::as_object).collect()
}

/// Where so little is left that wrapping would only shred the text, it is not wrapped.
fn remaining(used: usize, width: Option<usize>) -> Option<usize> {
    width.map(|width| width.saturating_sub(used)).filter(|left| *left >= 10)
}

fn fits(text: &str, indent: usize, width: Option<usize>) -> bool {
    columns(text) + indent <= width.unwrap_or(100)
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_)) || place(value).is_some()
}

/// What a table's cell can hold without becoming a puzzle.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_scalar),
        Value::Object(properties) => {
            is_scalar(value) || (properties.len() <= FEW && properties.values().all(is_scalar))
        }
        _ => true,
    }
}
