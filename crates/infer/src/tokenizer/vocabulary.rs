//! The vocabulary as a file has it, before it is made fit for use.

use crate::error::{Error, Result};

/// What a token is for: `tokenizer.ggml.token_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A piece of text.
    Normal,
    /// Stands for what the vocabulary does not have.
    Unknown,
    /// Steers the model and is no text: ends of turns, beginnings of documents.
    Control,
    /// Text that is always one token.
    UserDefined,
    /// Reserved.
    Unused,
    /// One byte, as `<0x0A>`.
    Byte,
}

impl TokenKind {
    /// From the number that GGUF has for it.
    pub fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            _ => return None,
        })
    }
}

/// How text becomes tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Merges of characters by the scores of what they make, as SentencePiece does (`llama`).
    SentencePiece {
        /// A space goes before the text, and before text after a control token.
        space_prefix: bool,
    },
    /// Merges of bytes within words, by a list of merges (`gpt2`).
    BytePairs {
        /// The rule that splits text into words: `tokenizer.ggml.pre`.
        split: String,
        /// Which pairs are merged, the first first, each as two tokens with a space between.
        merges: Vec<String>,
    },
}

/// Everything about tokens that a model file holds.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// How text becomes tokens.
    pub algorithm: Algorithm,
    /// The text of each token.
    pub tokens: Vec<String>,
    /// The score of each token (SentencePiece only; empty otherwise).
    pub scores: Vec<f32>,
    /// What each token is for; empty where the file does not say, which means text.
    pub kinds: Vec<TokenKind>,
    /// Begins a document.
    pub bos: Option<u32>,
    /// Ends a document.
    pub eos: Option<u32>,
    /// Stands for what the vocabulary does not have.
    pub unknown: Option<u32>,
    /// Other tokens that end an answer.
    pub ends: Vec<u32>,
    /// `bos` goes before a document; `None` where the file does not say, and the family decides.
    pub add_bos: Option<bool>,
    /// `eos` goes after a document.
    pub add_eos: bool,
}

/// The most tokens that a vocabulary may have: the largest in use have a quarter of a million.
pub const MOST_TOKENS: usize = 2_000_000;

impl Vocabulary {
    /// What `token` is for.
    pub fn kind(&self, token: usize) -> TokenKind {
        self.kinds.get(token).copied().unwrap_or(TokenKind::Normal)
    }

    /// Checks what everything else relies on: lists of one length, ids that exist.
    pub(super) fn validate(&self) -> Result<()> {
        let count = self.tokens.len();
        if count == 0 || count > MOST_TOKENS {
            let wrong = format!("it has {count} tokens; 1 to {MOST_TOKENS} would be right");
            return Err(Error::metadata("tokenizer.ggml.tokens", wrong));
        }
        let lists = [
            ("tokenizer.ggml.token_type", self.kinds.len(), true),
            (
                "tokenizer.ggml.scores",
                self.scores.len(),
                !matches!(self.algorithm, Algorithm::SentencePiece { .. }),
            ),
        ];
        for (key, length, optional) in lists {
            if length != count && !(optional && length == 0) {
                let wrong = format!("it has {length} entries for {count} tokens");
                return Err(Error::metadata(key, wrong));
            }
        }
        let named = [
            ("tokenizer.ggml.bos_token_id", self.bos),
            ("tokenizer.ggml.eos_token_id", self.eos),
            ("tokenizer.ggml.unknown_token_id", self.unknown),
        ];
        let ends = self.ends.iter().map(|id| ("tokenizer.ggml.eot_token_id", Some(*id)));
        for (key, id) in named.into_iter().chain(ends) {
            if let Some(id) = id.filter(|id| *id as usize >= count) {
                let wrong = format!("it is {id}, but the last token is {}", count - 1);
                return Err(Error::metadata(key, wrong));
            }
        }
        Ok(())
    }
}
