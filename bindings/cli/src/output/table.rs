//! A list of objects as a table.

use serde_json::{Map, Value};

use super::{
    style::{KEY, paint},
    text::cell,
    wrap::{columns, wrap},
};

/// Between two columns.
const GAP: usize = 2;
/// A column of text is not made narrower than this; where that does not fit, there is no table.
const NARROWEST: usize = 12;

struct Column<'a> {
    name: &'a str,
    title: String,
    cells: Vec<String>,
    /// Numbers stand at the right.
    numeric: bool,
    /// What it takes not to break a word.
    word: usize,
    width: usize,
}

/// The table of `rows`, or nothing if it cannot be made to fit. Cells are wrapped, never cut. Columns without any value are left out.
pub(super) fn render(rows: &[&Map<String, Value>], width: Option<usize>) -> Option<String> {
    let mut table = gather(rows, width);
    if table.is_empty() || !fit(&mut table, width) {
        return None;
    }
    let mut out = String::new();
    let titles = table.iter().map(|column| vec![column.title.clone()]).collect();
    push_row(&mut out, &table, titles, true);
    for row in 0..rows.len() {
        let cells = table.iter().map(|column| wrap(&column.cells[row], Some(column.width))).collect();
        push_row(&mut out, &table, cells, false);
    }
    Some(out)
}

fn gather<'a>(rows: &[&'a Map<String, Value>], width: Option<usize>) -> Vec<Column<'a>> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| row.iter()).filter(|(_, value)| !value.is_null()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
        .into_iter()
        .map(|name| {
            let values = || rows.iter().map(|row| row.get(name).unwrap_or(&Value::Null));
            // Where nothing limits the width a row is a line, so that tools that read lines read rows.
            let text = |value| if width.is_none() { cell(value).replace('\n', " ") } else { cell(value) };
            let cells: Vec<_> = values().map(text).collect();
            let title = super::text::label(name);
            let all = || cells.iter().map(String::as_str).chain([title.as_str()]);
            let width = all().flat_map(str::lines).map(columns).max().unwrap_or(0);
            let word = all().flat_map(str::split_whitespace).map(columns).max().unwrap_or(0);
            let numeric = values().all(|value| value.is_number() || value.is_null());
            Column { name, word, width, title, cells, numeric }
        })
        .collect()
}

/// Narrows columns until the table fits: between words while that is possible, then within them.
fn fit(table: &mut [Column<'_>], width: Option<usize>) -> bool {
    let Some(width) = width else { return true };
    let title = |column: &Column<'_>| columns(&column.title).max(NARROWEST);
    narrow(table, width, |column| column.word.max(title(column))) || narrow(table, width, title)
}

/// Narrows the widest columns, none below its `least`, until the table fits.
fn narrow(table: &mut [Column<'_>], width: usize, least: impl Fn(&Column<'_>) -> usize) -> bool {
    let gaps = GAP * (table.len() - 1);
    let total = |table: &[Column<'_>]| table.iter().map(|column| column.width).sum::<usize>() + gaps;
    while total(table) > width {
        let excess = total(table) - width;
        let mut wide: Vec<_> =
            table.iter_mut().filter(|column| !column.numeric && column.width > least(column)).collect();
        wide.sort_by_key(|column| (std::cmp::Reverse(column.width), column.name));
        let next = wide.get(1).map_or(0, |column| column.width);
        let Some(widest) = wide.first_mut() else { return false };
        let step = (widest.width - next.min(widest.width - 1)).min(excess);
        widest.width = (widest.width - step).max(least(widest));
    }
    true
}

fn push_row(out: &mut String, table: &[Column<'_>], cells: Vec<Vec<String>>, heading: bool) {
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut row = String::new();
        for (column, cell) in table.iter().zip(&cells) {
            let text = cell.get(line).map_or("", String::as_str);
            let padding = " ".repeat(column.width.saturating_sub(columns(text)));
            let text = if heading { paint(KEY, text) } else { text.to_owned() };
            if !row.is_empty() {
                row.push_str(&" ".repeat(GAP));
            }
            match column.numeric {
                true => row.extend([padding.as_str(), &text]),
                false => row.extend([&text, padding.as_str()]),
            }
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
}
