//! Kotlin: a stack of strings within strings, two bytes each. The scanner aborts where it is full.

use crate::code::parse::ParseError;

/// Room for 512 strings: one, and one in each interpolation that is open.
const LIMIT: usize = 511;

/// Words with which an interpolation goes on behind its name.
const KEYWORDS: &[&str] = &[
    "class",
    "do",
    "else",
    "finally",
    "for",
    "fun",
    "if",
    "interface",
    "object",
    "return",
    "throw",
    "try",
    "val",
    "var",
    "when",
    "while",
];

/// A string begins within another only where an interpolation is open. Braces are not paired here: which of them the parser pairs, or takes
/// as given where one is missing, a text does not tell. Only `${a.b}`, a name and no more, is known to be closed.
pub(super) fn check(source: &str) -> Result<(), ParseError> {
    let is_open = |(at, _): &(usize, &str)| !is_name(&source[at + 2..]);
    if source.match_indices("${").filter(is_open).nth(LIMIT).is_some() {
        Err(ParseError::TooDeep { limit: LIMIT })
    } else {
        Ok(())
    }
}

/// Whether a dotted name stands here and the brace that closes it.
fn is_name(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
    rest[end..].starts_with('}')
        && rest[..end].split('.').all(|word| !word.is_empty() && !KEYWORDS.contains(&word))
}
