//! Texts that a grammar's scanner cannot bear, refused before it sees them.
//!
//! tree-sitter gives an external scanner 1,024 bytes to save its state in. The scanners of some grammars write past them, or abort
//! when they are full; the driver then aborts the process (an `assert` in C). Each check here is generous to real files and strict where the scanner would break.

use std::collections::HashSet;

use super::{language::Language, parse::ParseError};

pub(super) fn check(language: Language, source: &str) -> Result<(), ParseError> {
    match language {
        Language::Python => python(source),
        Language::Yaml => yaml(source),
        Language::Kotlin => kotlin(source),
        Language::Ruby => ruby(source),
        _ => Ok(()),
    }
}

/// The scanner keeps a stack of growing indentations, two bytes each, after up to 257 others: it has at most as many as there are different
/// indentations in the text. CPython itself refuses more than 100 levels.
fn python(source: &str) -> Result<(), ParseError> {
    const LIMIT: usize = 380;
    let width = |line: &str| -> usize {
        let blank = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0C' | b'\r'));
        blank.map(|byte| if byte == b'\t' { 8 } else { 1 }).sum()
    };
    let indentations: HashSet<usize> = source.split('\n').map(width).collect();
    if indentations.len() > LIMIT { Err(ParseError::TooDeep { limit: LIMIT }) } else { Ok(()) }
}

/// The scanner keeps a stack of block collections, four bytes each, at most two a column: those that the lines above opened and that this line
/// is indented into, and one for each indicator on the line.
fn yaml(source: &str) -> Result<(), ParseError> {
    const LIMIT: usize = 120;
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut depth = 0;
    for line in source.split(['\n', '\r']) {
        let content = line.trim_start_matches([' ', '\t', '\u{FEFF}']);
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = line.len() - content.len();
        while let Some((_, opened)) = open.pop_if(|(column, _)| *column >= indent) {
            depth -= opened;
        }
        let opened = 1 + indicators(content);
        open.push((indent, opened));
        depth += opened;
        if depth > LIMIT {
            return Err(ParseError::TooDeep { limit: LIMIT });
        }
    }
    Ok(())
}

/// How many `-`, `?` and `:` stand alone on a line: also behind anchors and tags they open a collection each.
fn indicators(line: &str) -> usize {
    line.split([' ', '\t', '\0']).filter(|word| matches!(*word, "-" | "?" | ":")).count()
}

/// The scanner keeps a stack of strings within strings, two bytes each, and aborts where it is full.
fn kotlin(source: &str) -> Result<(), ParseError> {
    const LIMIT: usize = 200;
    let mut depth = 0usize;
    let mut before = b' ';
    for byte in source.bytes() {
        match byte {
            b'{' if before == b'$' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = byte;
        if depth > LIMIT {
            return Err(ParseError::TooDeep { limit: LIMIT });
        }
    }
    Ok(())
}

/// The scanner keeps the length of a here-document's word in one byte.
fn ruby(source: &str) -> Result<(), ParseError> {
    const LIMIT: usize = 255;
    let word_length = |rest: &str| {
        let rest = rest.trim_start_matches(['~', '-']);
        match rest.chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => rest[1..].find([quote, '\n']).unwrap_or(rest.len()),
            _ => rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()),
        }
    };
    if source.match_indices("<<").any(|(at, _)| word_length(&source[at + 2..]) > LIMIT) {
        let what = "here-documents whose word is longer than 255 bytes";
        return Err(ParseError::Unreadable { language: Language::Ruby, what });
    }
    Ok(())
}
