//! One layer of the encoder: attention, then two linear layers, each followed by a sum with what went in and a normalisation.

use super::{
    attention::{Scratch, attend},
    config::Architecture,
    linear::Linear,
    ops::{add_and_normalise, gelu},
    weights::Weights,
};
use crate::error::Result;

/// So many tokens go through the linear layers together, so that what lies between two of them stays in the cache.
const TOKENS_AT_ONCE: usize = 96;

/// Scale and shift of a normalisation.
pub(super) struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
    epsilon: f32,
}

impl Norm {
    pub(super) fn load(weights: &Weights<'_>, name: &str, architecture: &Architecture) -> Result<Self> {
        let width = architecture.hidden_size;
        Ok(Self {
            scale: weights.numbers(&format!("{name}.weight"), &[width])?,
            shift: weights.numbers(&format!("{name}.bias"), &[width])?,
            epsilon: architecture.layer_norm_eps,
        })
    }

    /// Adds `other` to `rows` and normalises them.
    pub(super) fn run(&self, rows: &mut [f32], other: &[f32]) {
        add_and_normalise(rows, other, &self.scale, &self.shift, self.epsilon);
    }
}

pub(super) struct Layer {
    heads: usize,
    width: usize,
    /// Queries, keys and values in one.
    attention: Linear,
    output: Linear,
    output_norm: Norm,
    up: Linear,
    down: Linear,
    down_norm: Norm,
}

/// What a layer computes with, kept from layer to layer.
#[derive(Default)]
pub(super) struct Buffers {
    attention: Scratch,
    left: Vec<f32>,
    projected: Vec<f32>,
    attended: Vec<f32>,
    hidden: Vec<f32>,
    out: Vec<f32>,
}

impl Layer {
    pub(super) fn load(weights: &Weights<'_>, at: usize, architecture: &Architecture) -> Result<Self> {
        let name = |rest: &str| format!("encoder.layer.{at}.{rest}");
        let (width, between) = (architecture.hidden_size, architecture.intermediate_size);
        let heads = architecture.num_attention_heads;
        let linear = |rest: &str, inputs: usize, outputs: usize| -> Result<(Vec<f32>, Vec<f32>)> {
            let numbers = weights.numbers(&name(&format!("{rest}.weight")), &[outputs, inputs])?;
            Ok((numbers, weights.numbers(&name(&format!("{rest}.bias")), &[outputs])?))
        };
        let (mut all, mut biases) = linear("attention.self.query", width, width)?;
        // Scores are divided by the root of a head's size; it costs nothing here.
        let scale = 1.0 / ((width / heads) as f32).sqrt();
        all.iter_mut().chain(&mut biases).for_each(|x| *x *= scale);
        for other in ["key", "value"] {
            let (numbers, bias) = linear(&format!("attention.self.{other}"), width, width)?;
            all.extend(numbers);
            biases.extend(bias);
        }
        let single = |rest: &str, inputs: usize, outputs: usize| -> Result<Linear> {
            let (numbers, bias) = linear(rest, inputs, outputs)?;
            Ok(Linear::new(&numbers, bias, inputs))
        };
        Ok(Self {
            heads,
            width,
            attention: Linear::new(&all, biases, width),
            output: single("attention.output.dense", width, width)?,
            output_norm: Norm::load(weights, &name("attention.output.LayerNorm"), architecture)?,
            up: single("intermediate.dense", width, between)?,
            down: single("output.dense", between, width)?,
            down_norm: Norm::load(weights, &name("output.LayerNorm"), architecture)?,
        })
    }

    /// Sends `rows`, the tokens of texts of these `lengths` one behind the other, through the layer.
    pub(super) fn run(&self, rows: &mut [f32], lengths: &[usize], buffers: &mut Buffers) {
        let Buffers { attention, left, projected, attended, hidden, out } = buffers;
        let wide = self.attention.outputs();
        attended.clear();
        attended.resize(rows.len(), 0.0);
        // Texts that fit together are projected together, and attended to while that is near.
        let mut lengths = lengths;
        let mut begin = 0;
        while let Some(first) = lengths.first() {
            let (mut texts, mut tokens) = (1, *first);
            while let Some(next) = lengths.get(texts).filter(|next| tokens + *next <= TOKENS_AT_ONCE) {
                tokens += next;
                texts += 1;
            }
            let here = begin * self.width..(begin + tokens) * self.width;
            self.attention.run(&rows[here.clone()], left, projected);
            let (mut rows, mut attended) = (&projected[..], &mut attended[here]);
            for length in &lengths[..texts] {
                let (these, others) = rows.split_at(length * wide);
                let (into, behind) = attended.split_at_mut(length * self.width);
                attend(these, self.heads, self.width, attention, into);
                (rows, attended) = (others, behind);
            }
            lengths = &lengths[texts..];
            begin += tokens;
        }
        let at_once = TOKENS_AT_ONCE * self.width;
        for (rows, attended) in rows.chunks_mut(at_once).zip(attended.chunks(at_once)) {
            self.output.run(attended, left, out);
            self.output_norm.run(rows, out);
            self.up.run(rows, left, hidden);
            gelu(hidden);
            self.down.run(hidden, left, out);
            self.down_norm.run(rows, out);
        }
    }
}
