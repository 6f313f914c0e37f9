//! What the scheduler needs of a model: an interface, so that its own tests need no weights.

use heptad_infer::decoder::{Cache, Decoder, Step, Wanted};

use super::super::told;
use crate::error::Result;

/// A part of a sequence in a pass.
pub(in super::super) struct Pass<'a, C> {
    /// The sequence so far.
    pub(in super::super) cache: &'a mut C,
    /// What is appended.
    pub(in super::super) tokens: &'a [u32],
    /// Whether the numbers after the last token are wanted.
    pub(in super::super) wanted: bool,
}

/// A model that can be computed.
pub(in super::super) trait Engine: Send + 'static {
    /// What it remembers of a sequence.
    type Cache: Memory;

    /// An empty memory for at most `capacity` tokens.
    fn cache(&self, capacity: usize) -> Self::Cache;

    /// Appends tokens to several sequences. For each pass the numbers of all tokens that may come next, where they are wanted.
    fn step(&self, batch: &mut [Pass<'_, Self::Cache>]) -> Result<Vec<Option<Vec<f32>>>>;
}

/// The memory of one sequence.
pub(in super::super) trait Memory: Sized + Send {
    /// How many bytes it holds.
    fn bytes(&self) -> usize;
    /// The same memory, to be continued in another way.
    fn fork(&self) -> Self;
    /// Forgets all but the first `length` tokens; whether it could.
    fn truncate(&mut self, length: usize) -> bool;
    /// The most tokens it may hold.
    fn capacity(&self) -> usize;
}

impl Engine for Decoder {
    type Cache = Cache;

    fn cache(&self, capacity: usize) -> Cache {
        Decoder::cache(self, capacity)
    }

    fn step(&self, batch: &mut [Pass<'_, Cache>]) -> Result<Vec<Option<Vec<f32>>>> {
        let mut steps: Vec<Step<'_>> = batch
            .iter_mut()
            .map(|pass| Step {
                cache: pass.cache,
                tokens: pass.tokens,
                wanted: if pass.wanted { Wanted::Last } else { Wanted::None },
            })
            .collect();
        let logits = Decoder::step(self, &mut steps).map_err(told)?;
        Ok((0..steps.len()).map(|index| logits.last(index).map(<[f32]>::to_vec)).collect())
    }
}

impl Memory for Cache {
    fn bytes(&self) -> usize {
        Cache::bytes(self)
    }

    fn fork(&self) -> Self {
        Cache::fork(self)
    }

    fn truncate(&mut self, length: usize) -> bool {
        Cache::truncate(self, length).is_ok()
    }

    fn capacity(&self) -> usize {
        Cache::capacity(self)
    }
}
