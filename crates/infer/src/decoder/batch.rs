//! What a pass is asked and what it answers.

use super::Cache;

/// Which rows of logits a step is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// None: the tokens only go into the cache.
    None,
    /// The row after the last token.
    Last,
    /// A row after each token. A row is as wide as the vocabulary: a megabyte for 262,144 tokens.
    All,
}

/// The part of one sequence in a pass: tokens that follow what its cache holds.
#[derive(Debug)]
pub struct Step<'a> {
    /// The sequence so far; the tokens are appended to it.
    pub cache: &'a mut Cache,
    /// The next tokens of the sequence: one while decoding, a chunk of a prompt while prefilling. May be empty.
    pub tokens: &'a [u32],
    /// Which logits are wanted.
    pub wanted: Wanted,
}

impl Step<'_> {
    /// How many rows of logits this step gives.
    pub(super) fn rows(&self) -> usize {
        match self.wanted {
            Wanted::None => 0,
            Wanted::Last => self.tokens.len().min(1),
            Wanted::All => self.tokens.len(),
        }
    }
}

/// The rows of logits that the steps of a pass wanted, in the order of the steps and their tokens.
#[derive(Clone, Debug)]
pub struct Logits {
    width: usize,
    /// Where the rows of each step begin; one more than there are steps.
    starts: Vec<usize>,
    values: Vec<f32>,
}

impl Logits {
    pub(super) fn new(width: usize, steps: &[Step<'_>]) -> Self {
        let mut starts = vec![0];
        let mut rows = 0;
        for step in steps {
            rows += step.rows();
            starts.push(rows);
        }
        Self { width, starts, values: vec![0.0; rows * width] }
    }

    /// The length of a row: the size of the vocabulary.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows of the step with this index in the batch, one per wanted token.
    ///
    /// # Panics
    /// When the batch had no such step.
    pub fn rows(&self, step: usize) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values[self.starts[step] * self.width..self.starts[step + 1] * self.width]
            .chunks_exact(self.width)
    }

    /// As [`rows`](Self::rows), to be masked or scaled in place.
    ///
    /// # Panics
    /// When the batch had no such step.
    pub fn rows_mut(&mut self, step: usize) -> impl ExactSizeIterator<Item = &mut [f32]> {
        let range = self.starts[step] * self.width..self.starts[step + 1] * self.width;
        self.values[range].chunks_exact_mut(self.width)
    }

    /// The last row of the step, `None` when it wanted none.
    ///
    /// # Panics
    /// When the batch had no such step.
    pub fn last(&self, step: usize) -> Option<&[f32]> {
        self.rows(step).last()
    }

    /// The values of rows `first..first + count`, counted over the whole batch.
    pub(super) fn range_mut(&mut self, first: usize, count: usize) -> &mut [f32] {
        &mut self.values[first * self.width..(first + count) * self.width]
    }

    /// The first row of a step, counted over the whole batch.
    pub(super) fn start(&self, step: usize) -> usize {
        self.starts[step]
    }
}
