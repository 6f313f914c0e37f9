//! Byte pairs (Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units", 2016; over bytes as GPT-2 has it): within
//! each word, the pair that stands first in the list of merges is merged first.

use std::{borrow::Cow, collections::HashMap};

use tokenizers::{NormalizedString, Normalizer as _, normalizers::unicode::NFC};

use super::{
    merge::{NO_TOKEN, merge},
    split::Split,
    table::Table,
    vocabulary::{TokenKind, Vocabulary},
};
use crate::error::{Error, Result};

pub(super) struct BytePairs {
    split: Split,
    /// From two tokens to the place of their merge in the list and what they become.
    merges: HashMap<(u32, u32), (u32, u32)>,
    /// The tokens of single bytes.
    bytes: Box<[u32; 256]>,
    /// Which tokens are made of text. A word that is written like another is still only a word.
    text: Box<[bool]>,
}

impl BytePairs {
    /// `table` holds the tokens of `vocabulary` as bytes, as [`bytes_of`] makes them.
    pub(super) fn new(
        table: &Table,
        split: Split,
        vocabulary: &Vocabulary,
        merges: &[String],
    ) -> Result<Self> {
        let is_text = |token| {
            matches!(vocabulary.kind(token), TokenKind::Normal | TokenKind::UserDefined | TokenKind::Byte)
        };
        let text: Box<[bool]> = (0..vocabulary.tokens.len()).map(is_text).collect();
        let find = |string: &[u8]| table.find(string).filter(|id| text[*id as usize]);
        let mut bytes = Box::new([NO_TOKEN; 256]);
        for byte in 0..=255 {
            let Some(id) = find(&[byte]) else {
                let wrong = format!("there is no token for the byte {byte}");
                return Err(Error::metadata("tokenizer.ggml.tokens", wrong));
            };
            bytes[usize::from(byte)] = id;
        }
        let malformed = |wrong| Error::metadata("tokenizer.ggml.merges", wrong);
        let mut table_of = HashMap::with_capacity(merges.len());
        let mut joined = Vec::new();
        for (place, line) in (0..).zip(merges) {
            // The first token may be a space itself in no alphabet that is in use, so the first space divides.
            let Some((left, right)) = line.split_once(' ') else {
                return Err(malformed(format!("merge {place} is not two tokens with a space between")));
            };
            let (left, right) = (unmapped(left), unmapped(right));
            joined.clear();
            joined.extend_from_slice(&left);
            joined.extend_from_slice(&right);
            let (Some(a), Some(b), Some(both)) = (find(&left), find(&right), find(&joined)) else {
                return Err(malformed(format!(
                    "merge {place} has, or makes, a token that the vocabulary lacks or that is no text"
                )));
            };
            table_of.entry((a, b)).or_insert((place, both));
        }
        Ok(Self { split, merges: table_of, bytes, text })
    }

    /// Appends the tokens of `text`.
    pub(super) fn encode(&self, table: &Table, text: &str, tokens: &mut Vec<u32>) {
        let text = if self.split.composed() { composed(text) } else { Cow::Borrowed(text) };
        self.split.words(&text, &mut |word| {
            if self.split.whole_words()
                && let Some(id) = table.find(word.as_bytes()).filter(|id| self.text[*id as usize])
            {
                return tokens.push(id);
            }
            let bytes = word.bytes().map(|byte| (1, self.bytes[usize::from(byte)]));
            let merged = merge(bytes, |left, right| self.merges.get(&(left.token, right.token)).copied());
            tokens.extend(merged.map(|symbol| symbol.token));
        });
    }
}

/// Normalisation form C. Text below U+0300 is in it already.
fn composed(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c < '\u{300}') {
        return Cow::Borrowed(text);
    }
    let mut normalized = NormalizedString::from(text);
    match NFC.normalize(&mut normalized) {
        Ok(()) => Cow::Owned(normalized.get().to_owned()),
        Err(_) => Cow::Borrowed(text),
    }
}

/// The tokens of `vocabulary` as bytes: those that are text are written in an alphabet of 256 printable characters, one for each byte.
pub(super) fn bytes_of(vocabulary: &Vocabulary) -> impl ExactSizeIterator<Item = Cow<'_, [u8]>> {
    vocabulary.tokens.iter().enumerate().map(|(index, text)| match vocabulary.kind(index) {
        TokenKind::Normal => Cow::Owned(unmapped(text)),
        _ => Cow::Borrowed(text.as_bytes()),
    })
}

/// From the alphabet to bytes. What is not written in it stands for itself.
fn unmapped(text: &str) -> Vec<u8> {
    let bytes: Option<Vec<u8>> = text.chars().map(byte_of).collect();
    bytes.unwrap_or_else(|| text.as_bytes().to_vec())
}

/// GPT-2's alphabet: printable bytes are themselves, the other 68 are the characters from U+0100 on, in order.
fn byte_of(character: char) -> Option<u8> {
    let code = u32::from(character);
    let byte = match code {
        0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF => code,
        0x100..=0x120 => code - 0x100,
        0x121..=0x142 => code - 0x121 + 0x7F,
        0x143 => 0xAD,
        _ => return None,
    };
    u8::try_from(byte).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_one_character() {
        let bytes: std::collections::BTreeSet<u8> = ('\0'..='\u{200}').filter_map(byte_of).collect();
        assert_eq!(bytes.len(), 256);
        assert_eq!(('\0'..='\u{200}').filter(|c| byte_of(*c).is_some()).count(), 256);
        assert_eq!((byte_of('Ġ'), byte_of('Ċ')), (Some(b' '), Some(b'\n')));
    }

    #[test]
    fn text_is_composed() {
        assert_eq!(composed("e\u{301}a"), "éa");
        assert_eq!(composed("plain"), "plain");
    }
}
