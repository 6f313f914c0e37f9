//! YAML: a stack of block collections and block scalars, four bytes each.

use crate::code::{lines::lines, parse::ParseError};

/// Ten bytes, then blocks while there is room: the 254th would end behind it.
const LIMIT: usize = 253;

/// Columns are counted in 16 bits.
const COLUMNS: usize = i16::MAX as usize;

/// Room that is kept for what blocks behind a syntax error leave open.
const SPARE: usize = 53;

/// A line opens a block with each indicator that stands alone, one for its key and one for its scalar, and continues the one that has its
/// column; it closes all that lines of the same or deeper indentation opened. This is how the scanner goes about it as long as there is no
/// syntax error. While it recovers from one it opens no block but a sequence in the mapping of its column; what it closes later than it should
/// has the spare room.
pub(super) fn check(source: &str) -> Result<(), ParseError> {
    let limit = LIMIT - SPARE;
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut depth = 0;
    for line in lines(source).map(|line| line.trim_end_matches(['\n', '\r'])) {
        let content = line.trim_start_matches([' ', '\t', '\u{FEFF}']);
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = line.len() - content.len();
        while let Some((_, opened)) = open.pop_if(|(column, _)| *column >= indent) {
            depth -= opened;
        }
        let opened =
            1 + indicators(content) + usize::from(has_key(content)) + usize::from(has_scalar(content));
        depth += opened;
        // A column that cannot be counted is taken for one before the line: no line closes it.
        if line.len() <= COLUMNS || !has_indicator(&content[floor(content, COLUMNS.saturating_sub(indent))..])
        {
            open.push((indent, opened));
        }
        if depth > limit {
            return Err(ParseError::TooDeep { limit });
        }
    }
    Ok(())
}

/// Whether the line has a key with its colon: only the first of a line opens a block.
fn has_key(line: &str) -> bool {
    line.ends_with(':') || [": ", ":\t", ":\0"].iter().any(|end| line.contains(end))
}

/// Whether a block scalar may begin at the end of the line.
fn has_scalar(line: &str) -> bool {
    line.split([' ', '\t']).any(|word| word.starts_with(['|', '>']))
}

fn has_indicator(line: &str) -> bool {
    indicators(line) > 0 || has_key(line) || has_scalar(line)
}

/// How many `-`, `?` and `:` stand alone on a line: also behind anchors and tags they open a block each.
fn indicators(line: &str) -> usize {
    line.split([' ', '\t', '\0']).filter(|word| matches!(*word, "-" | "?" | ":")).count()
}

/// The boundary of a character at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
