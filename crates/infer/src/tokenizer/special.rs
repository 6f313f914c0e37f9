//! Finding in a text the tokens that stand for themselves: the longest at the leftmost place, as the reference does.

use std::collections::HashMap;

/// A trie over the texts of such tokens.
#[derive(Default)]
pub(crate) struct Specials {
    /// From a node and a byte to the next node; node 0 is the root.
    edges: HashMap<(u32, u8), u32>,
    /// The token that ends at a node.
    tokens: Vec<Option<u32>>,
    /// Bytes with which a token begins.
    first: Vec<u8>,
}

impl Specials {
    pub(crate) fn new<'a>(tokens: impl Iterator<Item = (u32, &'a str)>) -> Self {
        let mut trie = Self { tokens: vec![None], ..Self::default() };
        for (id, text) in tokens.filter(|(_, text)| !text.is_empty()) {
            let mut node = 0;
            for byte in text.bytes() {
                let fresh = trie.tokens.len() as u32;
                node = *trie.edges.entry((node, byte)).or_insert(fresh);
                if node == fresh {
                    trie.tokens.push(None);
                }
            }
            trie.tokens[node as usize].get_or_insert(id);
            trie.first.push(text.as_bytes()[0]);
        }
        trie.first.sort_unstable();
        trie.first.dedup();
        trie
    }

    /// The first token in `text` at or after `from`: where it begins, where it ends, which it is.
    pub(crate) fn find(&self, text: &str, from: usize) -> Option<(usize, usize, u32)> {
        let bytes = text.as_bytes();
        (from..bytes.len())
            .filter(|at| self.first.binary_search(&bytes[*at]).is_ok())
            .find_map(|at| self.longest(&bytes[at..]).map(|(length, token)| (at, at + length, token)))
    }

    fn longest(&self, bytes: &[u8]) -> Option<(usize, u32)> {
        let (mut node, mut best) = (0, None);
        for (index, byte) in bytes.iter().enumerate() {
            match self.edges.get(&(node, *byte)) {
                Some(next) => node = *next,
                None => break,
            }
            if let Some(token) = self.tokens[node as usize] {
                best = Some((index + 1, token));
            }
        }
        best
    }

    /// Calls `plain` with each stretch between the tokens and `token` with each token, in order.
    pub(super) fn split<S>(
        &self,
        text: &str,
        state: &mut S,
        plain: impl Fn(&mut S, &str),
        token: impl Fn(&mut S, u32),
    ) {
        let mut from = 0;
        while let Some((start, end, id)) = self.find(text, from) {
            if start > from {
                plain(state, &text[from..start]);
            }
            token(state, id);
            from = end;
        }
        if from < text.len() {
            plain(state, &text[from..]);
        }
    }
}
