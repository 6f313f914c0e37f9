//! The arithmetic of the decoder models: Gemma 3, Llama, Qwen 2 and Qwen 3, from GGUF files.
//!
//! A [`Decoder`] is loaded once and holds no sequence; each sequence is a [`Cache`]. A pass takes the next tokens of any number of sequences,
//! reads the weights once for all of them, and gives the logits that are wanted. What an architecture is differs by data: `config.rs` reads
//! the metadata, `load.rs` the tensors; `layer.rs` is the one layer that all of them have.
//!
//! Begin with [`Decoder::step`], which is `pass.rs`.

mod attention;
mod batch;
mod cache;
mod config;
mod layer;
mod load;
mod ops;
mod pass;
mod rope;

use std::sync::Arc;

pub use self::{
    batch::{Logits, Step, Wanted},
    cache::Cache,
};
use self::{cache::LayerShape, config::Config, load::Weights};
use crate::{error::Result, gguf::Gguf, threads::Threads};

/// How a model is loaded.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// Threads that compute; 0 for as many as the machine has. With 1, everything happens on the calling thread.
    pub threads: usize,
}

/// A loaded model. It holds no sequence: those are [`Cache`]s. May be used from several threads at once; passes then share the threads.
pub struct Decoder {
    config: Config,
    weights: Weights,
    /// What each layer keeps; caches name it to say whose they are.
    shape: Arc<[LayerShape]>,
    threads: Threads,
}

impl Decoder {
    /// Loads a model. The weights stay in the mapped file.
    ///
    /// # Errors
    /// [`Error::Unsupported`](crate::Error::Unsupported) for an architecture that is not built, [`Error::Metadata`](crate::Error::Metadata) and [`Error::Tensor`](crate::Error::Tensor) for what is
    /// missing or does not fit, by name.
    pub fn load(gguf: &Gguf, options: &LoadOptions) -> Result<Self> {
        let config = Config::read(gguf)?;
        let weights = Weights::load(gguf, &config)?;
        let shape = |layer| LayerShape {
            heads: config.key_heads(layer),
            width: config.head_width,
            window: config.window(layer),
        };
        let shape = (0..config.layers).map(shape).collect();
        Ok(Self { config, weights, shape, threads: Threads::new(options.threads)? })
    }

    /// How many tokens the vocabulary has: the width of a row of logits.
    pub fn vocabulary(&self) -> usize {
        self.weights.output.outputs()
    }

    /// How many tokens of context the model was made for.
    pub fn context(&self) -> usize {
        self.config.context
    }

    /// The name of the architecture, as the file has it: `gemma3`, `llama`, `qwen2`, `qwen3`.
    pub fn architecture(&self) -> &'static str {
        self.config.architecture.name()
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
    /// [`Error::Input`](crate::Error::Input) for a token outside the vocabulary, a cache that has no room or belongs to another model; nothing is
    /// appended then.
    pub fn step(&self, batch: &mut [Step<'_>]) -> Result<Logits> {
        self.check(batch)?;
        Ok(self.threads.enter(|| self.run(batch)))
    }
}
