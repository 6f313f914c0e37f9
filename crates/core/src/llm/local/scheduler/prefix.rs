//! What was computed for earlier prompts, for prompts that begin alike.

use super::Memory;

/// The most sequences that are kept.
const MOST: usize = 32;

/// Memories by the tokens that they hold, the longest unused first. What they hold together is bounded in bytes.
pub(super) struct Prefixes<C> {
    entries: Vec<(Vec<u32>, C)>,
    most_bytes: usize,
}

impl<C: Memory> Prefixes<C> {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { entries: Vec::new(), most_bytes }
    }

    /// The memory with the longest common beginning with `prompt`, cut to it, and its length. At least the last token of the prompt is left to compute, for
    /// its numbers are wanted.
    pub(super) fn find(&mut self, prompt: &[u32], capacity: usize) -> Option<(C, usize)> {
        let common = |tokens: &[u32]| {
            tokens.iter().zip(prompt).take_while(|(a, b)| a == b).count().min(prompt.len() - 1)
        };
        let mut by_length: Vec<(usize, usize)> = self
            .entries
            .iter()
            .map(|(tokens, _)| common(tokens))
            .enumerate()
            .map(|(index, length)| (length, index))
            .collect();
        by_length.sort_unstable_by(|a, b| b.cmp(a));
        let (length, index, cache) =
            by_length.into_iter().take_while(|(length, _)| *length > 0).find_map(|(length, index)| {
                let (_, kept) = &self.entries[index];
                let mut cache = (kept.capacity() == capacity).then(|| kept.fork())?;
                // A sliding window may have forgotten what is needed there.
                cache.truncate(length).then_some((length, index, cache))
            })?;
        let used = self.entries.remove(index);
        self.entries.push(used);
        Some((cache, length))
    }

    /// Keeps `cache`, which holds `tokens`.
    pub(super) fn keep(&mut self, tokens: Vec<u32>, cache: C) {
        if tokens.is_empty() || cache.bytes() > self.most_bytes {
            return;
        }
        self.entries.retain(|(known, _)| *known != tokens);
        self.entries.push((tokens, cache));
        let mut bytes: usize = self.entries.iter().map(|(_, cache)| cache.bytes()).sum();
        while bytes > self.most_bytes || self.entries.len() > MOST {
            let (_, oldest) = self.entries.remove(0);
            bytes -= oldest.bytes();
        }
    }
}
