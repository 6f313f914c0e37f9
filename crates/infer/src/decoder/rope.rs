//! Rotary positions (Su et al., 2021): pairs of a head's values are turned by angles that grow with the position.
//!
//! A turn is computed for the tokens of a pass and shared by all layers and heads that turn alike: a table of all positions would be
//! larger than some models, and slower to fetch than a few hundred sines.

use crate::error::{Error, Result};

/// Which values form a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairs {
    /// Neighbours, as in Llama's files.
    Neighbours,
    /// The first of one half with the first of the other, as in GPT-NeoX.
    Halves,
}

/// How a layer's heads are turned.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rope {
    pairs: Pairs,
    /// The angle per position of each pair.
    frequencies: Vec<f64>,
}

impl Rope {
    /// Turns the first `width` values of a head, angles falling from 1 by powers of `base`; all of them are divided by `factor` (linear
    /// scaling), and each by its own of `divisors` (the `rope_freqs` of Llama 3.1).
    pub(super) fn new(
        pairs: Pairs,
        width: usize,
        base: f32,
        factor: f32,
        divisors: Option<&[f32]>,
    ) -> Result<Self> {
        let positive = |number: f32| number.is_finite() && number > 0.0;
        if !(width.is_multiple_of(2) && positive(base) && positive(factor)) {
            return Err(Error::Unsupported(format!(
                "rotary positions over {width} values with base {base} and factor {factor}: an even number of values and positive numbers belong here"
            )));
        }
        let frequency = |pair: usize| {
            let divisor = divisors.map_or(1.0, |divisors| f64::from(divisors[pair]));
            f64::from(base).powf(-2.0 * pair as f64 / width as f64) / f64::from(factor) / divisor
        };
        Ok(Self { pairs, frequencies: (0..width / 2).map(frequency).collect() })
    }

    /// Cosines and sines for tokens at these positions, one row each.
    pub(super) fn turns(&self, positions: impl Iterator<Item = usize>) -> Turns {
        let mut cosines = Vec::new();
        let mut sines = Vec::new();
        for position in positions {
            for frequency in &self.frequencies {
                let (sine, cosine) = (position as f64 * frequency).sin_cos();
                cosines.push(cosine as f32);
                sines.push(sine as f32);
            }
        }
        Turns { pairs: self.pairs, count: self.frequencies.len(), cosines, sines }
    }
}

/// The turns of the tokens of a pass.
pub(super) struct Turns {
    pairs: Pairs,
    /// Pairs of a head.
    count: usize,
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

impl Turns {
    /// Turns rows of heads of `width` values; there are as many rows as there were positions.
    #[inline(always)]
    pub(super) fn apply(&self, rows: &mut [f32], row: usize, width: usize) {
        let count = self.count;
        for (index, row) in rows.chunks_exact_mut(row).enumerate() {
            let cosines = &self.cosines[index * count..(index + 1) * count];
            let sines = &self.sines[index * count..(index + 1) * count];
            for head in row.chunks_exact_mut(width) {
                match self.pairs {
                    Pairs::Halves => {
                        let (first, second) = head[..2 * count].split_at_mut(count);
                        for (((a, b), cosine), sine) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
                            (*a, *b) = (*a * cosine - *b * sine, *a * sine + *b * cosine);
                        }
                    }
                    Pairs::Neighbours => {
                        let pairs = head.as_chunks_mut::<2>().0.iter_mut();
                        for (([a, b], cosine), sine) in pairs.zip(cosines).zip(sines) {
                            (*a, *b) = (*a * cosine - *b * sine, *a * sine + *b * cosine);
                        }
                    }
                }
            }
        }
    }
}
