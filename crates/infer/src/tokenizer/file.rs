//! The vocabulary of a GGUF file.

use super::vocabulary::{Algorithm, TokenKind, Vocabulary};
use crate::{
    error::{Error, Result},
    gguf::Gguf,
};

impl Vocabulary {
    /// Reads the keys `tokenizer.ggml.*`. What a file may leave out is what llama.cpp takes for it.
    ///
    /// # Errors
    /// [`Error::Metadata`] for a key that is missing or malformed, [`Error::Unsupported`] for a kind of tokenizer that is not known.
    pub fn of(gguf: &Gguf) -> Result<Self> {
        let missing =
            |key: &'static str| Error::metadata(key, "it is missing, and no tokenizer is without it");
        let tokens = gguf.strings(TOKENS)?.ok_or_else(|| missing(TOKENS))?;
        let sentencepiece = match gguf.str(MODEL)? {
            Some("llama") => true,
            Some("gpt2") => false,
            Some(other) => {
                let shown: String = other.chars().take(60).flat_map(char::escape_debug).collect();
                let message = format!(
                    "`{MODEL}` is `{shown}`, a tokenizer that is not known; known are `llama` (SentencePiece) and `gpt2` (byte pairs)"
                );
                return Err(Error::Unsupported(message));
            }
            None => return Err(missing(MODEL)),
        };
        let flag = |key: &str| gguf.bool(key);
        let algorithm = if sentencepiece {
            Algorithm::SentencePiece {
                space_prefix: flag("tokenizer.ggml.add_space_prefix")?.unwrap_or(true),
            }
        } else {
            let split = gguf.str(SPLIT)?.ok_or_else(|| missing(SPLIT))?.to_owned();
            let merges = gguf.strings(MERGES)?.ok_or_else(|| missing(MERGES))?;
            Algorithm::BytePairs { split, merges }
        };
        let id = |key: &str| gguf.u32(key);
        let usual = |number: u32| sentencepiece.then_some(number);
        let mut ends = Vec::new();
        for key in ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
            ends.extend(id(key)?);
        }
        Ok(Self {
            scores: if sentencepiece {
                gguf.f32s(SCORES)?.ok_or_else(|| missing(SCORES))?
            } else {
                Vec::new()
            },
            kinds: kinds(gguf)?,
            bos: id("tokenizer.ggml.bos_token_id")?.or(usual(1)),
            eos: id("tokenizer.ggml.eos_token_id")?.or(usual(2)),
            unknown: id("tokenizer.ggml.unknown_token_id")?.or(usual(0)),
            ends,
            add_bos: flag("tokenizer.ggml.add_bos_token")?,
            add_eos: flag("tokenizer.ggml.add_eos_token")?.unwrap_or(false),
            tokens,
            algorithm,
        })
    }
}

const MODEL: &str = "tokenizer.ggml.model";
const SPLIT: &str = "tokenizer.ggml.pre";
const TOKENS: &str = "tokenizer.ggml.tokens";
const SCORES: &str = "tokenizer.ggml.scores";
const KINDS: &str = "tokenizer.ggml.token_type";
const MERGES: &str = "tokenizer.ggml.merges";

fn kinds(gguf: &Gguf) -> Result<Vec<TokenKind>> {
    let numbers = gguf.i32s(KINDS)?.unwrap_or_default();
    let kind = |(index, number): (usize, i32)| {
        TokenKind::from_number(number).ok_or_else(|| {
            Error::metadata(KINDS, format!("token {index} is of kind {number}; 1 to 6 are known"))
        })
    };
    numbers.into_iter().enumerate().map(kind).collect()
}
