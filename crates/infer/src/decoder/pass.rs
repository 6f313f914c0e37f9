//! A batch of steps, cut into passes over the layers.

use super::{
    Decoder, Logits, Step, Wanted,
    layer::{Part, Scratch},
    ops,
    rope::{Rope, Turns},
};
use crate::{
    error::{Error, Result},
    matrix::{Activations, vectorized},
};

/// The most tokens of a pass: enough that the weights are read for many at once, few enough that what lies between the layers stays
/// in the cache.
const ROWS: usize = 256;
/// The most rows of logits computed at once.
const LOGIT_ROWS: usize = 64;

/// The tokens of one step that go into one pass.
struct Share {
    step: usize,
    /// Tokens of the step before these.
    done: usize,
    tokens: usize,
}

impl Decoder {
    /// Refuses what cannot be done before anything is changed.
    pub(super) fn check(&self, batch: &[Step<'_>]) -> Result<()> {
        for step in batch {
            if !step.cache.belongs_to(&self.shape) {
                return Err(Error::Input(
                    "a cache belongs to the model that made it, this is one of another".into(),
                ));
            }
            let (len, room) = (step.cache.len(), step.cache.capacity());
            if step.tokens.len() > room.saturating_sub(len) {
                let tokens = step.tokens.len();
                return Err(Error::Input(format!(
                    "{tokens} tokens do not fit a cache that holds {len} of {room}"
                )));
            }
            if let Some(token) = step.tokens.iter().find(|&&token| token as usize >= self.vocabulary()) {
                let vocabulary = self.vocabulary();
                return Err(Error::Input(format!("token {token} is outside the vocabulary of {vocabulary}")));
            }
        }
        Ok(())
    }

    /// Runs a checked batch.
    pub(super) fn run(&self, batch: &mut [Step<'_>]) -> Logits {
        let mut logits = Logits::new(self.vocabulary(), batch);
        let mut done = vec![0; batch.len()];
        loop {
            let shares = shares(batch, &done);
            if shares.is_empty() {
                return logits;
            }
            self.pass(batch, &shares, &mut logits);
            shares.iter().for_each(|share| done[share.step] += share.tokens);
        }
    }

    fn pass(&self, batch: &mut [Step<'_>], shares: &[Share], logits: &mut Logits) {
        let mut rows = self.embed(batch, shares);
        let positions: Vec<usize> = shares
            .iter()
            .flat_map(|share| (0..share.tokens).map(|i| batch[share.step].cache.len() + i))
            .collect();
        let turns: Vec<Turns> =
            self.config.ropes.iter().map(|rope: &Rope| rope.turns(positions.iter().copied())).collect();
        let mut scratch = Scratch::default();
        for (index, layer) in self.weights.layers.iter().enumerate() {
            let mut parts = parts(batch, shares, index);
            layer.forward(&mut rows, &mut parts, &turns, &mut scratch, &self.threads);
        }
        for share in shares {
            batch[share.step].cache.advance(share.tokens);
        }
        self.predict(batch, shares, &rows, logits);
    }

    /// The embeddings of the tokens of a pass.
    fn embed(&self, batch: &[Step<'_>], shares: &[Share]) -> Vec<f32> {
        let width = self.config.width;
        let tokens =
            shares.iter().flat_map(|share| &batch[share.step].tokens[share.done..share.done + share.tokens]);
        let mut rows = vec![0.0; shares.iter().map(|share| share.tokens).sum::<usize>() * width];
        for (row, &token) in rows.chunks_exact_mut(width).zip(tokens) {
            self.weights.embedding.row(token as usize, row);
            row.iter_mut().for_each(|value| *value *= self.config.embedding_scale);
        }
        rows
    }

    /// The logits that are wanted of the tokens of a pass.
    fn predict(&self, batch: &[Step<'_>], shares: &[Share], rows: &[f32], logits: &mut Logits) {
        let width = self.config.width;
        let mut wanted: Vec<(usize, usize)> = Vec::new();
        let mut first = 0;
        for share in shares {
            let step = &batch[share.step];
            let start = logits.start(share.step);
            match step.wanted {
                Wanted::All => wanted.extend((0..share.tokens).map(|i| (first + i, start + share.done + i))),
                Wanted::Last if share.done + share.tokens == step.tokens.len() => {
                    wanted.push((first + share.tokens - 1, start));
                }
                Wanted::Last | Wanted::None => {}
            }
            first += share.tokens;
        }
        for wanted in wanted.chunk_by(|a, b| a.1 + 1 == b.1).flat_map(|run| run.chunks(LOGIT_ROWS)) {
            let mut normed = vec![0.0; wanted.len() * width];
            for ((row, _), normed) in wanted.iter().zip(normed.chunks_exact_mut(width)) {
                self.weights.norm.apply(&rows[row * width..(row + 1) * width], normed);
            }
            let out = logits.range_mut(wanted[0].1, wanted.len());
            self.weights.output.multiply(&Activations::new(&normed, width), out, &self.threads);
            if let Some(cap) = self.config.logit_cap {
                vectorized(
                    #[inline(always)]
                    || ops::soft_cap(out, cap),
                );
            }
        }
    }
}

/// The next tokens of every step, as many as a pass takes; empty when all are done. In the order of the steps.
fn shares(batch: &[Step<'_>], done: &[usize]) -> Vec<Share> {
    let mut room = ROWS;
    let mut shares = Vec::new();
    for (step, &done) in done.iter().enumerate() {
        let tokens = (batch[step].tokens.len() - done).min(room);
        if tokens > 0 {
            shares.push(Share { step, done, tokens });
            room -= tokens;
        }
    }
    shares
}

/// The caches of the steps in a pass, as one layer sees them.
fn parts<'a>(batch: &'a mut [Step<'_>], shares: &[Share], layer: usize) -> Vec<Part<'a>> {
    let mut shares = shares.iter().peekable();
    let mut parts = Vec::new();
    for (index, step) in batch.iter_mut().enumerate() {
        if let Some(share) = shares.next_if(|share| share.step == index) {
            let position = step.cache.len();
            parts.push(Part { cache: &mut step.cache.layers[layer], position, tokens: share.tokens });
        }
    }
    parts
}
