//! Attention of the tokens of a pass to what their sequences hold.
//!
//! The pages of a cache are in half precision; a page is turned into numbers once for the heads that share its keys (Ainslie et al., 2023) and
//! for some tokens of the same sequence.

use std::ops::Range;

use half::slice::HalfFloatSliceExt;

use super::{
    cache::{LayerCache, LayerShape, PAGE},
    ops::{soft_cap, softmax},
};
use crate::{
    matrix::{dot, vectorized},
    threads::Threads,
};

/// Tokens that are handled together, so that they share the work on a page.
const TOGETHER: usize = 8;

/// How many scores a task holds at once, where the tokens of one head have no more. However many heads share their keys, and however long the
/// sequence is, a task needs no more room than this for them.
const SCORES: usize = 1 << 17;

/// How scores are made from products.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scoring {
    /// What a product is multiplied with.
    pub(super) scale: f32,
    /// What it is softly limited to.
    pub(super) cap: Option<f32>,
}

/// Some tokens of one sequence, a head of keys, and the place of what comes out.
struct Task<'a> {
    cache: &'a LayerCache,
    head: usize,
    /// The position of the first token.
    position: usize,
    /// Where the first token's row of queries begins.
    row: usize,
    out: Vec<&'a mut [f32]>,
}

/// The tokens of a sequence in a pass.
pub(super) struct Span<'a> {
    pub(super) cache: &'a LayerCache,
    /// The position of the first token.
    pub(super) position: usize,
    /// Rows of the pass.
    pub(super) tokens: usize,
}

/// Attends: `queries` and `out` are rows of `heads` times the width of a head.
pub(super) fn attend(
    spans: &[Span<'_>],
    queries: &[f32],
    out: &mut [f32],
    shape: LayerShape,
    heads: usize,
    scoring: Scoring,
    threads: &Threads,
) {
    let (row, group) = (heads * shape.width, heads / shape.heads);
    let mut tasks = Vec::new();
    let mut rows = out.chunks_exact_mut(row).enumerate();
    for span in spans {
        for first in (0..span.tokens).step_by(TOGETHER) {
            let tokens = TOGETHER.min(span.tokens - first);
            let start = tasks.len();
            for head in 0..shape.heads {
                let (cache, position) = (span.cache, span.position + first);
                tasks.push(Task { cache, head, position, row: 0, out: Vec::with_capacity(tokens) });
            }
            for (index, row) in rows.by_ref().take(tokens) {
                for (task, out) in tasks[start..].iter_mut().zip(row.chunks_exact_mut(group * shape.width)) {
                    task.row = if task.out.is_empty() { index } else { task.row };
                    task.out.push(out);
                }
            }
        }
    }
    let share = threads.share(tasks.len(), 1);
    threads.each_chunk(&mut tasks, share, |_, tasks| {
        for task in tasks {
            vectorized(
                #[inline(always)]
                || task.run(queries, row, shape, group, scoring),
            );
        }
    });
}

impl Task<'_> {
    #[inline(always)]
    fn run(&mut self, queries: &[f32], row: usize, shape: LayerShape, group: usize, scoring: Scoring) {
        let width = shape.width;
        let tokens = self.out.len();
        let first = self.cache.first_seen(self.position);
        let end = self.position + tokens;
        let start = first / PAGE * PAGE;
        // Scores of every query of the task from `start` on; what a token does not see stays out of its softmax.
        let length = end - start;
        let together = (SCORES / (tokens * length).max(1)).clamp(1, group.max(1));
        let mut scores = vec![0.0f32; tokens * together * length];
        let mut numbers = vec![0.0f32; PAGE * width];
        for from in (0..group).step_by(together) {
            let heads = from..group.min(from + together);
            let scores = &mut scores[..tokens * heads.len() * length];
            self.heads(heads, queries, row, shape, group, scoring, start..end, scores, &mut numbers);
        }
    }

    /// Some of the heads that share the keys. What they see lies within `seen`.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the inner part of one loop")]
    fn heads(
        &mut self,
        heads: Range<usize>,
        queries: &[f32],
        row: usize,
        shape: LayerShape,
        group: usize,
        scoring: Scoring,
        seen: Range<usize>,
        scores: &mut [f32],
        numbers: &mut [f32],
    ) {
        let (width, tokens, count_of_heads) = (shape.width, self.out.len(), heads.len());
        let (Range { start, end }, length) = (seen.clone(), seen.len());
        let own = heads.start * width..heads.end * width;
        for page in (start..end).step_by(PAGE) {
            let count = PAGE.min(end - page);
            self.cache.page(page).keys(shape, self.head)[..count * width]
                .convert_to_f32_slice(&mut numbers[..count * width]);
            for token in 0..tokens {
                let seen = self.seen(token, page, count);
                let at = (self.row + token) * row + self.head * group * width;
                let queries = &queries[at + own.start..at + own.end];
                for (head, query) in queries.chunks_exact(width).enumerate() {
                    let at = (token * count_of_heads + head) * length + page - start;
                    let keys = numbers.chunks_exact(width);
                    for (slot, key) in keys.enumerate().take(seen.end).skip(seen.start) {
                        scores[at + slot] = dot(query, key) * scoring.scale;
                    }
                }
            }
        }
        for (index, scores) in scores.chunks_exact_mut(length).enumerate() {
            let position = self.position + index / count_of_heads;
            let seen = &mut scores[self.cache.first_seen(position) - start..position + 1 - start];
            if let Some(cap) = scoring.cap {
                soft_cap(seen, cap);
            }
            softmax(seen);
        }
        self.out.iter_mut().for_each(|out| out[own.clone()].fill(0.0));
        for page in (start..end).step_by(PAGE) {
            let count = PAGE.min(end - page);
            self.cache.page(page).values(shape, self.head)[..count * width]
                .convert_to_f32_slice(&mut numbers[..count * width]);
            for token in 0..tokens {
                let seen = self.seen(token, page, count);
                for (head, out) in self.out[token][own.clone()].chunks_exact_mut(width).enumerate() {
                    let at = (token * count_of_heads + head) * length + page - start;
                    let values = numbers.chunks_exact(width);
                    for (slot, value) in values.enumerate().take(seen.end).skip(seen.start) {
                        let weight = scores[at + slot];
                        for (out, value) in out.iter_mut().zip(value) {
                            *out += weight * value;
                        }
                    }
                }
            }
        }
    }

    /// The slots of a page, of which `count` are filled, that a token sees.
    #[inline(always)]
    fn seen(&self, token: usize, page: usize, count: usize) -> Range<usize> {
        let position = self.position + token;
        let first = self.cache.first_seen(position).saturating_sub(page).min(count);
        let end = (position + 1).saturating_sub(page).min(count);
        first..end.max(first)
    }
}
