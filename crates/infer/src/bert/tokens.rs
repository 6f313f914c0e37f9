//! Texts to token ids, by the model's own `tokenizer.json`.

use tokenizers::{Tokenizer, TruncationDirection, TruncationParams, TruncationStrategy};

use crate::{
    error::{Error, Result},
    file::Bytes,
};

/// So many bytes of a text are looked at for each token that is read: no text of a language comes near, and a huge one costs no more.
const BYTES_PER_TOKEN: usize = 512;

/// The tokenizer, with the model's truncation and without padding.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    /// The most tokens of a text.
    pub(super) most: usize,
}

/// The tokens of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WordPieces {
    pub(super) ids: Vec<u32>,
    /// The text had more.
    pub(super) truncated: bool,
}

impl Tokens {
    /// Reads `tokenizer.json`. How much of a text is read is what sentence-transformers was told, else what the file says, and never more
    /// than there are positions.
    pub(super) fn read(bytes: &Bytes, told: Option<usize>, positions: usize) -> Result<Self> {
        let malformed = |problem: String| Error::Malformed { format: "tokenizer.json", at: 0, problem };
        let file: serde_json::Value =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        // The reader of tokenizers panics at some files that are JSON, but of another shape.
        let read = std::panic::catch_unwind(|| serde_json::from_value::<Tokenizer>(file));
        let read = read.map_err(|_| malformed("it is not what a tokenizer is written as".into()))?;
        let mut tokenizer = read.map_err(|error| malformed(error.to_string()))?;
        let said = tokenizer.get_truncation().map(|truncation| truncation.max_length);
        let most = told.or(said).unwrap_or(positions).min(positions);
        let marks = tokenizer
            .get_post_processor()
            .map_or(0, |post| tokenizers::PostProcessor::added_tokens(post, false));
        if most <= marks {
            return Err(Error::metadata(
                "max_seq_length",
                format!("{most} tokens leave no room beside {marks} marks"),
            ));
        }
        tokenizer.with_padding(None);
        let truncation = TruncationParams {
            direction: TruncationDirection::Right,
            max_length: most,
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
        };
        tokenizer.with_truncation(Some(truncation)).map_err(|error| malformed(error.to_string()))?;
        Ok(Self { tokenizer, most })
    }

    /// The tokens of `text`, those that mark beginning and end included; never none.
    pub(super) fn encode(&self, text: &str) -> Result<WordPieces> {
        let most = text.len().min(self.most * BYTES_PER_TOKEN);
        let looked_at = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let failed = |error| Error::Input(format!("the tokenizer fails: {error}"));
        let encoding = self.tokenizer.encode_fast(&text[..looked_at], true).map_err(failed)?;
        let truncated = looked_at < text.len() || !encoding.get_overflowing().is_empty();
        if encoding.get_ids().is_empty() {
            return Err(Error::Input("the text has no tokens".into()));
        }
        Ok(WordPieces { ids: encoding.get_ids().to_vec(), truncated })
    }
}
