//! Text to tokens and back, by the vocabulary that is inside the model's file.
//!
//! [`Vocabulary`] is what the file says; [`Tokenizer`] is made of it. Its tokens are those of the reference implementation (Hugging Face's
//! `tokenizer.json` of the same model), which the tests run beside it.
//!
//! **Text is never a command.** [`Tokenizer::encode`] reads `<start_of_turn>` in a text as the letters it is made of. Control tokens are read by
//! [`Tokenizer::encode_frame`] only, which is for what a chat template wrote around the text; how the two are told apart is in
//! [`template`](crate::template).

mod byte_pairs;
mod detokenize;
mod file;
mod merge;
mod sentencepiece;
mod special;
mod split;
mod table;
mod vocabulary;

pub(crate) use self::special::Specials;
use self::{
    byte_pairs::BytePairs,
    sentencepiece::{SPACE, SentencePiece},
    split::Split,
    table::Table,
};
pub use self::{
    detokenize::Detokenizer,
    vocabulary::{Algorithm, MOST_TOKENS, TokenKind, Vocabulary},
};
use crate::error::{Error, Result};

/// The texts of control tokens that end an answer, whatever a file calls the end.
const ENDS: &[&str] = &[
    "<end_of_turn>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|end|>",
    "<EOT>",
    "</s>",
];

enum Method {
    SentencePiece(SentencePiece),
    BytePairs(BytePairs),
}

/// Turns text into tokens and tokens into text.
pub struct Tokenizer {
    table: Table,
    kinds: Vec<TokenKind>,
    method: Method,
    /// Tokens that stand for themselves in any text.
    plain: Specials,
    /// Those, and control tokens.
    frame: Specials,
    /// Sorted.
    ends: Vec<u32>,
    bos: Option<u32>,
    eos: Option<u32>,
    add_bos: bool,
    add_eos: bool,
}

impl Tokenizer {
    /// Makes a tokenizer of what a file says.
    ///
    /// # Errors
    /// Where the vocabulary is malformed, or of a kind that is not known.
    pub fn new(vocabulary: &Vocabulary) -> Result<Self> {
        vocabulary.validate()?;
        let large = || Error::metadata("tokenizer.ggml.tokens", "it is larger than four gigabytes");
        let (table, method, bos) = match &vocabulary.algorithm {
            Algorithm::SentencePiece { space_prefix } => {
                let texts = (0..vocabulary.tokens.len()).map(|index| piece(vocabulary, index));
                let table = Table::new(texts).ok_or_else(large)?;
                let method = SentencePiece::new(vocabulary, *space_prefix)?;
                (table, Method::SentencePiece(method), true)
            }
            Algorithm::BytePairs { split, merges } => {
                let split = Split::named(split)?;
                let table = Table::new(byte_pairs::bytes_of(vocabulary)).ok_or_else(large)?;
                let bos = split.bos();
                let method = BytePairs::new(&table, split, vocabulary, merges)?;
                (table, Method::BytePairs(method), bos)
            }
        };
        // A mark could not be put inside a token of one character, so such a one steers nothing.
        let steers = |(_, kind, text): &(u32, TokenKind, String)| {
            *kind == TokenKind::Control && text.chars().nth(1).is_some()
        };
        let stands = |(_, kind, _): &(u32, TokenKind, String)| *kind == TokenKind::UserDefined;
        let special: Vec<(u32, TokenKind, String)> = (0..)
            .zip(0..vocabulary.tokens.len())
            .map(|(id, index)| (id, vocabulary.kind(index), piece(vocabulary, index)))
            .filter(|token| steers(token) || stands(token))
            .collect();
        let texts = |token| {
            let (id, _, text): &(u32, TokenKind, String) = token;
            (*id, text.as_str())
        };
        let named = (0..).zip(&vocabulary.tokens).filter(|(id, text)| {
            let special =
                matches!(vocabulary.kind(*id as usize), TokenKind::Control | TokenKind::UserDefined);
            special && ENDS.contains(&text.as_str())
        });
        let mut ends: Vec<u32> =
            vocabulary.ends.iter().copied().chain(vocabulary.eos).chain(named.map(|(id, _)| id)).collect();
        ends.sort_unstable();
        ends.dedup();
        Ok(Self {
            table,
            kinds: (0..vocabulary.tokens.len()).map(|index| vocabulary.kind(index)).collect(),
            method,
            plain: Specials::new(special.iter().filter(|token| stands(token)).map(texts)),
            frame: Specials::new(special.iter().map(texts)),
            ends,
            bos: vocabulary.bos,
            eos: vocabulary.eos,
            add_bos: vocabulary.bos.is_some() && vocabulary.add_bos.unwrap_or(bos),
            add_eos: vocabulary.add_eos,
        })
    }

    /// How many tokens there are.
    pub fn count(&self) -> usize {
        self.kinds.len()
    }

    /// What a token is for.
    pub fn kind(&self, token: u32) -> Option<TokenKind> {
        self.kinds.get(token as usize).copied()
    }

    /// The token that begins a document, and whether one goes before each.
    pub fn bos(&self) -> (Option<u32>, bool) {
        (self.bos, self.add_bos)
    }

    /// The token that ends a document, and whether one goes after each.
    pub fn eos(&self) -> (Option<u32>, bool) {
        (self.eos, self.add_eos)
    }

    /// The tokens that end an answer, in ascending order.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The token whose text is exactly `text`, whatever it is for.
    pub fn token(&self, text: &str) -> Option<u32> {
        self.table.find(text.as_bytes())
    }

    /// The text of a token as the vocabulary writes it; lossy where it is not UTF-8.
    pub fn name(&self, token: u32) -> String {
        String::from_utf8_lossy(self.table.get(token)).into_owned()
    }

    /// The longest that one token can be, in bytes.
    pub fn longest(&self) -> usize {
        self.table.longest()
    }

    /// The tokens of `text`, none of them a control token. No `bos` is put before it.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.by(&self.plain, text, None)
    }

    /// The tokens of `text` where the names of control tokens stand for control tokens: for what a program wrote, never for text from outside.
    pub fn encode_frame(&self, text: &str) -> Vec<u32> {
        self.by(&self.frame, text, None)
    }

    /// As [`encode_frame`](Self::encode_frame); afterwards `mark` is taken out of the text between control tokens. A name of a token with a mark
    /// inside is text.
    pub(crate) fn encode_marked(&self, text: &str, mark: char) -> Vec<u32> {
        self.by(&self.frame, text, Some(mark))
    }

    fn by(&self, specials: &Specials, text: &str, mark: Option<char>) -> Vec<u32> {
        // The tokens, and whether text that follows has nothing or a control token before it.
        let mut state = (Vec::new(), true);
        specials.split(
            text,
            &mut state,
            |(tokens, fresh), text| {
                match mark.filter(|mark| text.contains(*mark)) {
                    Some(mark) => self.stretch(&text.replace(mark, ""), *fresh, tokens),
                    None => self.stretch(text, *fresh, tokens),
                }
                *fresh = false;
            },
            |(tokens, fresh), token| {
                tokens.push(token);
                *fresh = true;
            },
        );
        state.0
    }

    fn stretch(&self, text: &str, fresh: bool, tokens: &mut Vec<u32>) {
        match &self.method {
            Method::BytePairs(method) => method.encode(&self.table, text, tokens),
            Method::SentencePiece(method) => {
                let prefix = if fresh && method.space_prefix && !text.is_empty() { SPACE } else { "" };
                method.encode(&self.table, &format!("{prefix}{}", text.replace(' ', SPACE)), tokens);
            }
        }
    }

    /// Appends what `token` means as text: nothing for control tokens and for tokens that do not exist. A character may be spread over several tokens.
    pub fn write(&self, token: u32, bytes: &mut Vec<u8>) {
        let text = self.table.get(token);
        match (self.kind(token), &self.method) {
            (None | Some(TokenKind::Control | TokenKind::Unused | TokenKind::Unknown), _) => {}
            (Some(TokenKind::Byte), Method::SentencePiece(method)) => bytes.extend(method.byte(token)),
            (_, Method::BytePairs(_)) => bytes.extend_from_slice(text),
            (_, Method::SentencePiece(_)) => {
                let spaced = String::from_utf8_lossy(text).replace(SPACE, " ");
                bytes.extend_from_slice(spaced.as_bytes());
            }
        }
    }

    /// The text of `tokens`; bytes that are no characters become U+FFFD.
    pub fn decode(&self, tokens: &[u32]) -> String {
        let mut bytes = Vec::new();
        for token in tokens {
            self.write(*token, &mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The text of a token of SentencePiece. Runs of spaces are written as spaces by some converters and as [`SPACE`] by others.
fn piece(vocabulary: &Vocabulary, index: usize) -> String {
    let text = &vocabulary.tokens[index];
    let spaces = matches!(vocabulary.algorithm, Algorithm::SentencePiece { .. })
        && text.bytes().all(|byte| byte == b' ');
    if spaces { text.replace(' ', SPACE) } else { text.clone() }
}
