//! The lines around a finding, cut to a size that can be shown.

use heptad_core::code::{Position, Span, Tree};

use crate::model::{Snippet, SnippetLine};

/// The most lines that are kept.
const LINES: u32 = 5;

/// The most characters of a line that are kept: minified files have lines of millions.
const WIDTH: usize = 200;

/// How much of a long line is kept before the finding begins.
const BEFORE: usize = 40;

/// The lines that `span` covers.
pub(super) fn snippet(tree: &Tree, span: Span) -> Snippet {
    let ends_before_line = span.end.column == 1 && span.end.line > span.start.line;
    let last = if ends_before_line { span.end.line - 1 } else { span.end.line };
    let shown = last.min(span.start.line + LINES - 1);
    let lines = (span.start.line..=shown).map(|number| {
        let text = tree.line(number);
        let start =
            if number == span.start.line { span.start } else { tree.position(first_byte(tree, number)) };
        let end = (number == span.end.line).then_some(span.end.column as usize - 1);
        line(number, text, text.len() - rest(tree, start).len(), start.column as usize - 1, end)
    });
    Snippet { lines: lines.collect(), more: last - shown }
}

/// The text from `place` to the end of its line.
fn rest(tree: &Tree, place: Position) -> &str {
    let line = tree.lines().line(place.line).unwrap_or(0..0);
    &tree.source()[(place.byte.min(line.end)) as usize..line.end as usize]
}

/// The first byte of a line that is not indentation.
fn first_byte(tree: &Tree, number: u32) -> u32 {
    let line = tree.lines().line(number).unwrap_or(0..0);
    let text = tree.line(number);
    line.end - text.trim_start().len() as u32
}

/// One line of which the characters from `from`, at byte `at`, up to `to` (`None`: to its end) belong to the finding. Looks only at what
/// it keeps: lines have millions of characters, and findings stand on them by the thousand.
fn line(number: u32, text: &str, at: usize, from: usize, to: Option<usize>) -> SnippetLine {
    let is_long = text.len() > WIDTH && text.char_indices().nth(WIDTH).is_some();
    let (mut start, mut cut) = (0, 0);
    if is_long && from > BEFORE {
        start = text[..at].char_indices().rev().nth(BEFORE - 1).map_or(0, |(index, _)| index);
        cut = from - BEFORE;
    }
    let text: String = text[start..].chars().take(WIDTH).collect();
    let length = text.chars().count();
    let (from, to) = ((from - cut).min(length), to.map_or(length, |to| to.saturating_sub(cut).min(length)));
    SnippetLine { number, text, cut: cut as u32, from: from as u32, to: to.max(from) as u32 }
}

/// At most `limit` characters of `text`.
pub(super) fn clip(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
