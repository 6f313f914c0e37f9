//! Cuts text into tokens. Pure functions: every adapter indexes what they give, and every query is cut by the same ones.
//!
//! [`prose`] gives stemmed words, [`code`] gives identifiers whole and in their parts. Positions count words, so that phrases work;
//! offsets are bytes of the text, always on character boundaries and never decreasing. Scripts written without spaces (Han, Kana, Thai)
//! give a token for each character. A token of more than [`MAX_TOKEN_BYTES`] is left out, but keeps its position.

mod code;
mod prose;

pub use self::{
    code::{code, identifier_parts},
    prose::{prose, stem},
};
use super::FieldKind;

/// The most bytes of a token; longer ones (hashes, embedded images) are nothing anybody searches for.
pub const MAX_TOKEN_BYTES: usize = 255;

/// A piece of text as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Folded to lower case and, in prose, reduced to its stem.
    pub text: String,
    /// Its first byte in the text.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
    /// The number of its word in the text; a compound has that of its first part.
    pub position: u32,
    /// It stands for the tokens that follow and lie within it: an identifier of several parts, a path, a dotted name.
    pub compound: bool,
}

/// The tokens of a value of a field of this kind; one token, the value itself, where the kind is neither prose nor code.
pub fn tokenize(kind: &FieldKind, text: &str) -> Vec<Token> {
    match kind {
        FieldKind::Text { language } => prose(text, *language),
        FieldKind::Code => code(text),
        _ => vec![Token { text: text.to_owned(), start: 0, end: text.len(), position: 0, compound: false }],
    }
}

/// Lower case, as it is compared.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// Whether `c` belongs to a word. Combining marks do: they finish the letter before them.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c)
}

/// Combining marks and joiners that are not alphabetic themselves.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{094D}' | '\u{09CD}' | '\u{0BCD}' | '\u{0C4D}' | '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

/// Whether the script of `c` is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0E7F}' | '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}
