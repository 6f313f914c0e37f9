//! Merging neighbours, the best pair first: the heart of both kinds of tokenizer, in O(n log n).
//!
//! Symbols are a doubly linked list in a vector; pairs that can be merged wait in a heap. A pair whose symbols have changed since it was put there is passed over.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Not in the vocabulary.
pub(super) const NO_TOKEN: u32 = u32::MAX;
const NOWHERE: usize = usize::MAX;

/// A piece of the text, on its way to a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbol {
    pub(super) start: usize,
    /// Its length in bytes; 0 once it is part of its neighbour.
    pub(super) length: usize,
    pub(super) token: u32,
    before: usize,
    after: usize,
}

impl Symbol {
    pub(super) fn end(&self) -> usize {
        self.start + self.length
    }
}

/// Merges until nothing can be merged. `initial` are the lengths and tokens of the first symbols, in order; `join` says what two neighbours become, and
/// how good that is: the lowest rank is merged first, of equals the leftmost.
pub(super) fn merge(
    initial: impl Iterator<Item = (usize, u32)>,
    join: impl Fn(&Symbol, &Symbol) -> Option<(u32, u32)>,
) -> impl Iterator<Item = Symbol> {
    let mut symbols: Vec<Symbol> = Vec::with_capacity(initial.size_hint().0);
    let mut start = 0;
    for (index, (length, token)) in initial.enumerate() {
        let before = index.checked_sub(1).unwrap_or(NOWHERE);
        symbols.push(Symbol { start, length, token, before, after: index + 1 });
        start += length;
    }
    if let Some(last) = symbols.last_mut() {
        last.after = NOWHERE;
    }

    // Rank and place order the heap; the length together and the token are what the pair was when it was put there.
    let mut pairs = BinaryHeap::new();
    let propose = |pairs: &mut BinaryHeap<_>, symbols: &[Symbol], left: usize, right: usize| {
        if left == NOWHERE || right == NOWHERE {
            return;
        }
        let (a, b) = (&symbols[left], &symbols[right]);
        if let Some((rank, token)) = join(a, b) {
            pairs.push(Reverse((rank, left, right, a.length + b.length, token)));
        }
    };
    for right in 1..symbols.len() {
        propose(&mut pairs, &symbols, right - 1, right);
    }
    while let Some(Reverse((_, left, right, length, token))) = pairs.pop() {
        let (a, b) = (symbols[left], symbols[right]);
        if a.length == 0 || b.length == 0 || a.after != right || a.length + b.length != length {
            continue;
        }
        symbols[left] = Symbol { length, token, after: b.after, ..a };
        symbols[right].length = 0;
        if b.after != NOWHERE {
            symbols[b.after].before = left;
        }
        propose(&mut pairs, &symbols, a.before, left);
        propose(&mut pairs, &symbols, left, b.after);
    }
    symbols.into_iter().filter(|symbol| symbol.length > 0)
}
