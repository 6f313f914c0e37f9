//! A list of objects as a table: aligned for people, separated by tabs for programs.
//!
//! On a terminal a table is made to fit by wrapping cells. Elsewhere nothing is wrapped or cut: a row is a line. `--format text` aligns its
//! columns (as `kubectl` and `docker` do), `--format table` separates them by single tabs (as `gh` does), so that `cut -f2` finds them.

use serde_json::{Map, Value};

use super::{
    style::{KEY, paint},
    text::cell,
    wrap::{columns, wrap},
};

/// Between two columns.
const GAP: usize = 2;
/// Without a terminal a column is not padded further than this: one long cell must not put spaces into every other row.
const WIDEST_PADDED: usize = 60;
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
        let limit = |column: &Column<'_>| width.map(|_| column.width);
        let cells = table.iter().map(|column| wrap(&column.cells[row], limit(column))).collect();
        push_row(&mut out, &table, cells, false);
    }
    Some(out)
}

/// The rows as lines of cells separated by tabs, under a line with the names; a cell without a value is empty.
pub(super) fn separated(rows: &[&Map<String, Value>]) -> Option<String> {
    let names = names(rows);
    if names.is_empty() {
        return None;
    }
    let mut out = names.iter().map(|name| text_of_line(name)).collect::<Vec<_>>().join("\t") + "\n";
    for row in rows {
        let cells = names.iter().map(|name| match row.get(*name) {
            None | Some(Value::Null) => String::new(),
            Some(value) => text_of_line(&cell(value)),
        });
        out.extend([cells.collect::<Vec<_>>().join("\t").as_str(), "\n"]);
    }
    Some(out)
}

fn text_of_line(text: &str) -> String {
    super::safe::visible(text).replace('\n', " ")
}

/// The names of the columns that have a value in any row, in order of appearance.
fn names<'a>(rows: &[&'a Map<String, Value>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| row.iter()).filter(|(_, value)| !value.is_null()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn gather<'a>(rows: &[&'a Map<String, Value>], width: Option<usize>) -> Vec<Column<'a>> {
    names(rows)
        .into_iter()
        .map(|name| {
            let values = || rows.iter().map(|row| row.get(name).unwrap_or(&Value::Null));
            // Where nothing limits the width a row is a line, so that tools that read lines read rows.
            let text = |value| if width.is_none() { cell(value).replace('\n', " ") } else { cell(value) };
            let cells: Vec<_> = values().map(text).collect();
            let title = super::text::label(name);
            let all = || cells.iter().map(String::as_str).chain([title.as_str()]);
            let widest = if width.is_none() { WIDEST_PADDED } else { usize::MAX };
            let width = all().flat_map(str::lines).map(columns).max().unwrap_or(0).min(widest);
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
