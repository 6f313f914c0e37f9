//! A key that does not show.

use std::fmt;

/// A secret: it has no `Display`, no `Serialize`, and its `Debug` is `***`. Its bytes are overwritten when the last owner drops it, as
/// far as safe Rust can promise that.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A secret with this value; white space around it (the newline of a file, say) does not belong to it.
    pub fn new(value: impl Into<String>) -> Self {
        let value = value.into();
        let trimmed = value.trim();
        Self(if trimmed.len() == value.len() { value } else { trimmed.to_owned() })
    }

    /// The value, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with every occurrence of the secret replaced: for what a server answers, which may quote what it was sent.
    pub fn remove_from(&self, text: &str) -> String {
        // Shorter ones are no keys, and would cut holes into every message.
        const SHORTEST: usize = 6;
        if self.0.len() < SHORTEST { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        std::hint::black_box(&bytes);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_nowhere_but_where_it_is_sent() {
        let secret = Secret::new("sk-canary-1\n");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)), "*** Some(\n    ***,\n)");
        assert_eq!(secret.expose(), "sk-canary-1");
        assert_eq!(secret.remove_from("no such key: sk-canary-1!"), "no such key: ***!");
        assert_eq!(Secret::new("").remove_from("text"), "text");
    }
}
