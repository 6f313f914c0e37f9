//! One layer: attention, then the gated feed-forward part, each added to what comes in.

use super::{
    attention::{Scoring, Span, attend},
    cache::LayerCache,
    ops::{self, Gate},
    rope::Turns,
};
use crate::{
    matrix::{Activations, Matrix, vectorized},
    threads::Threads,
};

/// A norm with its weights.
pub(super) struct Norm {
    pub(super) weights: Vec<f32>,
    pub(super) epsilon: f32,
}

impl Norm {
    pub(super) fn apply(&self, rows: &[f32], out: &mut [f32]) {
        vectorized(
            #[inline(always)]
            || ops::rms_norm(rows, &self.weights, self.epsilon, out),
        );
    }

    fn apply_in_place(&self, rows: &mut [f32]) {
        vectorized(
            #[inline(always)]
            || ops::rms_norm_in_place(rows, &self.weights, self.epsilon),
        );
    }
}

/// A matrix, and what is added to each row of its products.
pub(super) struct Projection {
    pub(super) matrix: Matrix,
    pub(super) bias: Option<Vec<f32>>,
}

impl Projection {
    /// Fills `out` with the products of all rows.
    fn apply(&self, x: &Activations<'_>, out: &mut Vec<f32>, threads: &Threads) {
        out.resize(x.rows() * self.matrix.outputs(), 0.0);
        self.matrix.multiply(x, out, threads);
        if let Some(bias) = &self.bias {
            ops::add_to_rows(out, bias);
        }
    }
}

/// How many heads there are, and values in each.
#[derive(Clone, Copy)]
pub(super) struct Heads {
    pub(super) queries: usize,
    pub(super) keys: usize,
    pub(super) width: usize,
}

/// The weights of a layer. Norms that an architecture does not have are `None`.
pub(super) struct Layer {
    pub(super) attention_norm: Norm,
    pub(super) query: Projection,
    pub(super) key: Projection,
    pub(super) value: Projection,
    pub(super) query_norm: Option<Norm>,
    pub(super) key_norm: Option<Norm>,
    pub(super) attention_output: Projection,
    pub(super) attention_output_norm: Option<Norm>,
    pub(super) feed_norm: Norm,
    pub(super) gate: Projection,
    pub(super) up: Projection,
    pub(super) down: Projection,
    pub(super) feed_output_norm: Option<Norm>,
    pub(super) heads: Heads,
    /// Which of the turns of a pass it uses.
    pub(super) rope: usize,
    pub(super) activation: Gate,
    pub(super) scoring: Scoring,
}

/// Places for what a layer computes, used by one layer after the other.
#[derive(Default)]
pub(super) struct Scratch {
    normed: Vec<f32>,
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    attended: Vec<f32>,
    gates: Vec<f32>,
    ups: Vec<f32>,
    output: Vec<f32>,
}

/// The part of a sequence in a pass, seen from a layer.
pub(super) struct Part<'a> {
    pub(super) cache: &'a mut LayerCache,
    pub(super) position: usize,
    pub(super) tokens: usize,
}

impl Layer {
    /// Changes the rows of a pass from what comes into the layer to what leaves it, and appends the tokens to the caches.
    pub(super) fn forward(
        &self,
        rows: &mut [f32],
        parts: &mut [Part<'_>],
        turns: &[Turns],
        scratch: &mut Scratch,
        threads: &Threads,
    ) {
        scratch.normed.resize(rows.len(), 0.0);
        self.attention_norm.apply(rows, &mut scratch.normed);
        self.attention(parts, &turns[self.rope], scratch, threads);
        merge(rows, &mut scratch.output, self.attention_output_norm.as_ref());
        self.feed_norm.apply(rows, &mut scratch.normed);
        self.feed(scratch, threads);
        merge(rows, &mut scratch.output, self.feed_output_norm.as_ref());
    }

    /// From the normed rows to the output of attention.
    fn attention(&self, parts: &mut [Part<'_>], turns: &Turns, scratch: &mut Scratch, threads: &Threads) {
        let Heads { queries, keys, width } = self.heads;
        let x = Activations::new(&scratch.normed, self.query.matrix.inputs());
        self.query.apply(&x, &mut scratch.queries, threads);
        self.key.apply(&x, &mut scratch.keys, threads);
        self.value.apply(&x, &mut scratch.values, threads);
        for (norm, rows) in [(&self.query_norm, &mut scratch.queries), (&self.key_norm, &mut scratch.keys)] {
            if let Some(norm) = norm {
                norm.apply_in_place(rows);
            }
        }
        for (rows, heads) in [(&mut scratch.queries, queries), (&mut scratch.keys, keys)] {
            vectorized(
                #[inline(always)]
                || turns.apply(rows, heads * width, width),
            );
        }
        let mut first = 0;
        for part in parts.iter_mut() {
            let rows = first * keys * width..(first + part.tokens) * keys * width;
            part.cache.append(part.position, &scratch.keys[rows.clone()], &scratch.values[rows]);
            first += part.tokens;
        }
        scratch.attended.resize(scratch.queries.len(), 0.0);
        let span = |part: &Part<'_>| (part.position, part.tokens);
        let spans: Vec<Span<'_>> = parts
            .iter()
            .map(|part| {
                let (position, tokens) = span(part);
                Span { cache: part.cache, position, tokens }
            })
            .collect();
        let Some(shape) = spans.first().map(|span| span.cache.shape()) else { return };
        attend(&spans, &scratch.queries, &mut scratch.attended, shape, queries, self.scoring, threads);
        let x = Activations::new(&scratch.attended, queries * width);
        self.attention_output.apply(&x, &mut scratch.output, threads);
    }

    /// From the normed rows to the output of the feed-forward part.
    fn feed(&self, scratch: &mut Scratch, threads: &Threads) {
        let x = Activations::new(&scratch.normed, self.gate.matrix.inputs());
        self.gate.apply(&x, &mut scratch.gates, threads);
        self.up.apply(&x, &mut scratch.ups, threads);
        vectorized(
            #[inline(always)]
            || ops::gated(self.activation, &mut scratch.gates, &scratch.ups),
        );
        let x = Activations::new(&scratch.gates, self.down.matrix.inputs());
        self.down.apply(&x, &mut scratch.output, threads);
    }
}

/// Adds a part's output to the rows, normed where the architecture has it so.
fn merge(rows: &mut [f32], output: &mut [f32], norm: Option<&Norm>) {
    if let Some(norm) = norm {
        norm.apply_in_place(output);
    }
    ops::add(rows, output);
}
