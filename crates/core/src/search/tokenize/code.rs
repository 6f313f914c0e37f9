//! Identifiers, whole and in their parts.

use super::{MAX_TOKEN_BYTES, Token, fold, is_mark, is_unspaced, is_word};

/// The tokens of source code, folded to lower case.
///
/// `http::parseURL2` gives, in this order: the dotted name or path as a whole (`http::parseurl2`), then each identifier of it (`http`;
/// `parseurl2`), each followed by its parts (`parse`, `url`, `2`). Parts have positions of their own, one after the other; a compound
/// stands at the position of its first part. So `"parse url"` is a phrase in it, and `parseurl2` a word.
///
/// Parts end at `_`, at case changes (`parseHttp`, `HTTPServer`) and between letters and digits. Names join with single or double
/// `.` `:` `/` `\` `-`.
pub fn code(text: &str) -> Vec<Token> {
    let mut cutter = Cutter { text, tokens: Vec::new(), position: 0 };
    let mut at = 0;
    while let Some(name) = next_name(text, at) {
        cutter.name(&name);
        at = name.last().map_or(text.len(), |last| last.1);
    }
    cutter.tokens
}

/// The parts of one identifier, as byte ranges: `parseHTTPUrl_v2` gives `parse`, `HTTP`, `Url`, `v`, `2`.
pub fn identifier_parts(identifier: &str) -> Vec<(usize, usize)> {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    let mut before: Option<Class> = None;
    for (at, c) in identifier.char_indices() {
        let end = at + c.len_utf8();
        if c == '_' || !is_word(c) {
            before = None;
            continue;
        }
        let class = match before {
            Some(class) if is_mark(c) => class,
            _ => Class::of(c),
        };
        let begins = match (before, class) {
            (Some(_), _) if is_mark(c) => false,
            (None, _) | (_, Class::Single) | (Some(Class::Single), _) => true,
            (Some(Class::Upper), Class::Upper) => begins_word(&identifier[end..]),
            (Some(Class::Upper), Class::Lower) => false,
            (Some(before), class) => before != class,
        };
        match parts.last_mut() {
            Some(part) if !begins => part.1 = end,
            _ => parts.push((at, end)),
        }
        before = Some(class);
    }
    parts
}

/// Whether the capital before `rest`, which follows another capital, begins a part: in `HTTPServer` the `S` does, in `URLs` the `L` does not.
fn begins_word(rest: &str) -> bool {
    let mut following = rest.chars();
    let (next, second) = (following.next(), following.next());
    let plural = next == Some('s') && !second.is_some_and(char::is_lowercase);
    next.is_some_and(char::is_lowercase) && !plural
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Digit,
    Single,
}

impl Class {
    fn of(c: char) -> Self {
        if is_unspaced(c) {
            Self::Single
        } else if c.is_uppercase() {
            Self::Upper
        } else if c.is_numeric() {
            Self::Digit
        } else {
            Self::Lower
        }
    }
}

/// The identifiers of the next dotted name or path at or after `from`, as byte ranges.
fn next_name(text: &str, from: usize) -> Option<Vec<(usize, usize)>> {
    let is_identifier = |c: char| c == '_' || is_word(c);
    let mut start = from + text[from..].find(is_identifier)?;
    let mut identifiers = Vec::new();
    loop {
        let end = text[start..].find(|c| !is_identifier(c)).map_or(text.len(), |length| start + length);
        identifiers.push((start, end));
        let joint =
            text[end..].chars().take_while(|c| matches!(c, '.' | ':' | '/' | '\\' | '-')).take(3).count();
        match text[end + joint..].chars().next() {
            Some(c) if (1..=2).contains(&joint) && is_identifier(c) => start = end + joint,
            _ => return Some(identifiers),
        }
    }
}

struct Cutter<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    position: u32,
}

impl Cutter<'_> {
    fn name(&mut self, identifiers: &[(usize, usize)]) {
        let parts: Vec<_> = identifiers
            .iter()
            .map(|&(start, end)| (start, end, identifier_parts(&self.text[start..end])))
            .filter(|(_, _, parts)| !parts.is_empty())
            .collect();
        if let ([(start, _, _), .., (_, end, _)], true) = (parts.as_slice(), parts.len() > 1) {
            self.push(*start, *end, true);
        }
        for (start, end, parts) in parts {
            if parts.len() > 1 || parts[0] != (0, end - start) {
                self.push(start, end, true);
            }
            for (from, to) in parts {
                self.push(start + from, start + to, false);
                self.position += 1;
            }
        }
    }

    fn push(&mut self, start: usize, end: usize, compound: bool) {
        if end - start <= MAX_TOKEN_BYTES {
            let text = fold(&self.text[start..end]);
            self.tokens.push(Token { text, start, end, position: self.position, compound });
        }
    }
}
