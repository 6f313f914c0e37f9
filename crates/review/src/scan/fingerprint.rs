//! What makes a finding the same from one scan to the next.

use std::{collections::HashMap, ops::Range};

use crate::{model::Fingerprint, pattern::View};

/// How many tokens are looked at: enough to tell code apart, and a bound where findings lie within each other.
const TOKENS: usize = 500;

/// The fingerprints of the findings of one file.
pub(super) struct Fingerprints<'f> {
    file: &'f str,
    seen: HashMap<blake3::Hash, u32>,
}

impl<'f> Fingerprints<'f> {
    pub(super) fn new(file: &'f str) -> Self {
        Self { file, seen: HashMap::new() }
    }

    /// The fingerprint of the next finding of `rule`, in the order of places. Made of the tokens of the code, so that neither lines
    /// added above nor another indentation nor a comment changes it; equal code is told apart by counting.
    pub(super) fn next(&mut self, rule: &str, view: &View<'_>, bytes: &Range<u32>) -> Fingerprint {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(text.as_bytes());
            hasher.update(&[0]);
        };
        add(rule);
        add(self.file);
        view.tokens(bytes).take(TOKENS).for_each(&mut add);
        let content = hasher.finalize();
        let number = self.seen.entry(content).or_insert(0);
        *number += 1;
        hasher.update(&number.to_le_bytes());
        Fingerprint(hasher.finalize().to_hex()[..32].to_owned())
    }
}
