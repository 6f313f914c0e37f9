//! Text from tokens as they come: never half a character.

use super::Tokenizer;

/// Puts the bytes of tokens together and gives out whole characters. What can never become a character is given out as U+FFFD, as
/// `String::from_utf8_lossy` does.
#[derive(Clone, Debug, Default)]
pub struct Detokenizer {
    pending: Vec<u8>,
}

impl Detokenizer {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The characters that are complete with `token`; empty where none is.
    pub fn push(&mut self, tokenizer: &Tokenizer, token: u32) -> String {
        tokenizer.write(token, &mut self.pending);
        self.take(false)
    }

    /// What is left, as well as it can be told.
    pub fn finish(&mut self) -> String {
        self.take(true)
    }

    fn take(&mut self, all: bool) -> String {
        let mut text = String::new();
        let mut used = 0;
        for chunk in self.pending.utf8_chunks() {
            text.push_str(chunk.valid());
            used += chunk.valid().len();
            let invalid = chunk.invalid();
            let at_end = used + invalid.len() == self.pending.len();
            // The beginning of a character at the very end may yet be completed.
            let hopeful = at_end && std::str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if hopeful && !all {
                break;
            }
            if !invalid.is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
                used += invalid.len();
            }
        }
        self.pending.drain(..used);
        text
    }
}
