//! Ruby: a stack of open literals, five bytes each, and the here-documents whose bodies are still to come, four bytes and their word each.

use crate::code::{language::Language, lines::lines, parse::ParseError};

/// The length of a word is saved in one byte: a longer one is read back as another.
const WORD: usize = 255;

/// What the here-documents of a line may take. The scanner counts two bytes less than it writes for the last of them; this leaves room for
/// a hundred literals around them.
const LINE: usize = 500;

pub(super) fn check(source: &str) -> Result<(), ParseError> {
    let refuse = |what| Err(ParseError::Unreadable { language: Language::Ruby, what });
    let mut start = 0;
    for line in lines(source) {
        let mut open = 0;
        // One may begin within another's mark: `<<<a`.
        for at in line.as_bytes().windows(2).enumerate().filter(|(_, mark)| *mark == b"<<").map(|(at, _)| at)
        {
            let Some(word) = word(&source[start + at + 2..]) else { continue };
            if word.len() > WORD || word.contains('\n') {
                return refuse("here-documents whose word is longer than 255 bytes or a line");
            }
            open += 4 + word.len();
            if open > LINE {
                return refuse("more than 500 bytes of words of here-documents on a line");
            }
        }
        start += line.len();
    }
    Ok(())
}

/// The word of the here-document that may begin here.
fn word(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix(['~', '-']).unwrap_or(rest);
    let word = match rest.chars().next()? {
        quote @ ('"' | '\'' | '`') => {
            // The scanner reads to the quote or to the end; a word that has no room is not kept, so that longer ones do no harm.
            let rest = &rest[1..];
            let reach = (0..=rest.len().min(4096)).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(0);
            let end = rest[..reach].find(quote).or((reach == rest.len()).then_some(reach));
            &rest[..end?]
        }
        _ => &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())],
    };
    (!word.is_empty()).then_some(word)
}
