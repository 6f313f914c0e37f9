//! The arithmetic of the decoder models: Gemma 3, Llama, Qwen 2 and Qwen 3, from GGUF files.

mod batch;
mod cache;

use std::sync::Arc;

use self::cache::LayerShape;
pub use self::{
    batch::{Logits, Step, Wanted},
    cache::Cache,
};
use crate::{
    error::{Error, Result},
    gguf::Gguf,
};

/// How a model is loaded.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Threads that compute; 0 for as many as the machine has. With 1, everything happens on the calling thread.
    pub threads: usize,
}

/// A loaded model. It holds no sequence: those are [`Cache`]s. May be used from several threads at once; passes then share the threads.
pub struct Decoder {
    shape: Arc<[LayerShape]>,
    vocabulary: usize,
    context: usize,
    architecture: &'static str,
}

impl Decoder {
    /// Loads a model. The weights stay in the mapped file.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an architecture that is not built, [`Error::Metadata`] and [`Error::Tensor`] for what is
    /// missing or does not fit, by name.
    pub fn load(_gguf: &Gguf, _options: &LoadOptions) -> Result<Self> {
        Err(Error::Unsupported("decoders are not built yet".into()))
    }

    /// How many tokens the vocabulary has: the width of a row of logits.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// How many tokens of context the model was made for.
    pub fn context(&self) -> usize {
        self.context
    }

    /// The name of the architecture, as the file has it: `gemma3`, `llama`, `qwen2`, `qwen3`.
    pub fn architecture(&self) -> &str {
        self.architecture
    }

    /// An empty cache for one sequence of at most `capacity` tokens.
    pub fn cache(&self, capacity: usize) -> Cache {
        Cache::new(Arc::clone(&self.shape), capacity)
    }

    /// Appends tokens to several sequences in one pass over the weights, and gives the logits that are wanted.
    ///
    /// What a sequence gets does not depend on what else is in the batch, on how its tokens are cut into passes, or on the number of
    /// threads: the bits are the same.
    ///
    /// # Errors
    /// [`Error::Input`] for a token outside the vocabulary, a cache that has no room or belongs to another model; nothing is
    /// appended then.
    pub fn step(&self, batch: &mut [Step<'_>]) -> Result<Logits> {
        Ok(Logits::new(self.vocabulary, batch))
    }
}
