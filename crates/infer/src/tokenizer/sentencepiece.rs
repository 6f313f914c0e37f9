//! SentencePiece: merges of characters, the pair that makes the token with the best score first; what is left and unknown becomes bytes.

use super::{
    merge::{NO_TOKEN, merge},
    table::Table,
    vocabulary::{TokenKind, Vocabulary},
};
use crate::error::{Error, Result};

/// What stands for a space.
pub(super) const SPACE: &str = "\u{2581}";

pub(super) struct SentencePiece {
    /// The rank of each token: the lower, the sooner it is made. [`NO_TOKEN`] for tokens that are not made of text.
    ranks: Vec<u32>,
    /// The tokens of single bytes.
    bytes: Box<[u32; 256]>,
    unknown: Option<u32>,
    pub(super) space_prefix: bool,
}

impl SentencePiece {
    pub(super) fn new(vocabulary: &Vocabulary, space_prefix: bool) -> Result<Self> {
        let mut bytes = Box::new([NO_TOKEN; 256]);
        let mut ranks = Vec::with_capacity(vocabulary.tokens.len());
        for (id, text) in (0..).zip(&vocabulary.tokens) {
            let index = id as usize;
            let kind = vocabulary.kind(index);
            ranks.push(match kind {
                // What is always one token comes before everything; its score says nothing.
                TokenKind::UserDefined => 0,
                TokenKind::Normal => rank(vocabulary.scores[index]).max(1),
                _ => NO_TOKEN,
            });
            if kind == TokenKind::Byte {
                let value = text.strip_prefix("<0x").and_then(|hex| hex.strip_suffix('>'));
                let Some(value) = value.and_then(|hex| u8::from_str_radix(hex, 16).ok()) else {
                    let wrong = format!("token {id} stands for a byte, but is not written as `<0x0A>`");
                    return Err(Error::metadata("tokenizer.ggml.tokens", wrong));
                };
                bytes[usize::from(value)] = id;
            }
        }
        if bytes.contains(&NO_TOKEN) && vocabulary.unknown.is_none() {
            let wrong = "there are not tokens for all 256 bytes, and none for what is unknown";
            return Err(Error::metadata("tokenizer.ggml.tokens", wrong));
        }
        Ok(Self { ranks, bytes, unknown: vocabulary.unknown, space_prefix })
    }

    /// The byte that `id` stands for. (There are few calls for tokens of this kind, and 256 of them.)
    pub(super) fn byte(&self, id: u32) -> Option<u8> {
        self.bytes.iter().position(|token| *token == id).and_then(|byte| u8::try_from(byte).ok())
    }

    /// Appends the tokens of `text`, in which spaces are [`SPACE`] already.
    pub(super) fn encode(&self, table: &Table, text: &str, tokens: &mut Vec<u32>) {
        let find = |start: usize, end: usize| {
            let id = table.find(&text.as_bytes()[start..end])?;
            let rank = self.ranks[id as usize];
            (rank != NO_TOKEN).then_some((rank, id))
        };
        let characters = text.char_indices().map(|(start, c)| {
            let length = c.len_utf8();
            (length, find(start, start + length).map_or(NO_TOKEN, |(_, id)| id))
        });
        let merged = merge(characters, |left, right| {
            if left.length + right.length > table.longest() { None } else { find(left.start, right.end()) }
        });
        for symbol in merged {
            if symbol.token != NO_TOKEN {
                tokens.push(symbol.token);
                continue;
            }
            let bytes = &text.as_bytes()[symbol.start..symbol.end()];
            let known = bytes.iter().all(|byte| self.bytes[usize::from(*byte)] != NO_TOKEN);
            match self.unknown.filter(|_| !known) {
                Some(unknown) => tokens.push(unknown),
                None => tokens.extend(bytes.iter().map(|byte| self.bytes[usize::from(*byte)])),
            }
        }
    }
}

/// A score as a rank: the order of floating-point numbers turned round, below [`NO_TOKEN`].
fn rank(score: f32) -> u32 {
    let bits = score.to_bits();
    let ascending = if bits >> 31 == 0 { bits | 0x8000_0000 } else { !bits };
    (!ascending).min(NO_TOKEN - 1)
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn the_best_score_has_the_lowest_rank() {
        let scores = [f32::INFINITY, 3.5, 0.0, -0.5, -1000.0, -262_143.0, f32::NEG_INFINITY];
        assert!(scores.windows(2).all(|pair| rank(pair[0]) < rank(pair[1])));
    }
}
