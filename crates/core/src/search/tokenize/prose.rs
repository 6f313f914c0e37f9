//! Words of natural language, reduced to their stems.

use super::{MAX_TOKEN_BYTES, Token, fold, is_mark, is_unspaced, is_word};
use crate::search::Language;

/// The words of `text`, folded to lower case and reduced to their stems in `language`.
///
/// A word is a run of letters and digits; in English it may have an apostrophe inside (`reader's`, `don't`).
pub fn prose(text: &str, language: Language) -> Vec<Token> {
    let stemmer = stemmer(language);
    let mut tokens = Vec::new();
    let mut position = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        if !is_word(first) || is_mark(first) {
            continue;
        }
        let mut end = start + first.len_utf8();
        let mut after_letter = first.is_alphabetic();
        while let Some(&(at, c)) = rest.peek() {
            let continues = match c {
                '\'' | '\u{2019}' => {
                    let next = text[at + c.len_utf8()..].chars().next();
                    language == Language::English && after_letter && next.is_some_and(char::is_alphabetic)
                }
                _ if is_mark(c) => true,
                _ => is_word(c) && !is_unspaced(c) && !is_unspaced(first),
            };
            if !continues {
                break;
            }
            after_letter = c.is_alphabetic();
            end = at + c.len_utf8();
            rest.next();
        }
        if end - start <= MAX_TOKEN_BYTES {
            let word = fold(&text[start..end]).replace('\u{2019}', "'");
            let text = stemmer.map_or_else(|| word.clone(), |stemmer| stemmer.stem(&word).into_owned());
            // A stemmer may leave nothing of a word made of endings only.
            let text = if text.is_empty() { word } else { text };
            tokens.push(Token { text, start, end, position, compound: false });
        }
        position += 1;
    }
    tokens
}

/// The stem of a word that is in lower case already.
pub fn stem(word: &str, language: Language) -> String {
    stemmer(language).map_or_else(|| word.to_owned(), |stemmer| stemmer.stem(word).into_owned())
}

/// The Snowball stemmer of a language.
fn stemmer(language: Language) -> Option<frostem::Stemmer> {
    use frostem::Algorithm;
    let algorithm = match language {
        Language::None => return None,
        Language::Danish => Algorithm::Danish,
        Language::Dutch => Algorithm::Dutch,
        Language::English => Algorithm::English,
        Language::Finnish => Algorithm::Finnish,
        Language::French => Algorithm::French,
        Language::German => Algorithm::German,
        Language::Greek => Algorithm::Greek,
        Language::Hungarian => Algorithm::Hungarian,
        Language::Italian => Algorithm::Italian,
        Language::Norwegian => Algorithm::Norwegian,
        Language::Portuguese => Algorithm::Portuguese,
        Language::Romanian => Algorithm::Romanian,
        Language::Russian => Algorithm::Russian,
        Language::Spanish => Algorithm::Spanish,
        Language::Swedish => Algorithm::Swedish,
        Language::Turkish => Algorithm::Turkish,
    };
    Some(frostem::Stemmer::new(algorithm))
}
