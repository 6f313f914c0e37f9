//! From the tensors of a file to the layers of a model.

use super::{
    config::{Architecture, Config},
    layer::{Heads, Layer, Norm, Projection},
};
use crate::{
    error::{Error, Result},
    gguf::Gguf,
    matrix::Matrix,
};

/// The tensors of a model.
pub(super) struct Weights {
    pub(super) embedding: Matrix,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Norm,
    pub(super) output: Matrix,
}

impl Weights {
    pub(super) fn load(gguf: &Gguf, config: &Config) -> Result<Self> {
        let embedding = gguf.tensor("token_embd.weight")?;
        let &[_, vocabulary] = embedding.shape() else {
            return Err(Error::tensor(embedding.name(), "it is no matrix"));
        };
        if u32::try_from(vocabulary).is_err() {
            return Err(Error::tensor(embedding.name(), "it has more rows than there can be tokens"));
        }
        let embedding = Matrix::new(embedding, config.width, vocabulary)?;
        let output = match gguf.find("output.weight") {
            Some(own) => Matrix::new(own, config.width, vocabulary)?,
            None => embedding.clone(),
        };
        let layers = (0..config.layers).map(|index| Loader { gguf, config, index }.layer());
        Ok(Self {
            layers: layers.collect::<Result<_>>()?,
            norm: norm(gguf, "output_norm.weight", config.width, config)?,
            embedding,
            output,
        })
    }
}

fn norm(gguf: &Gguf, name: &str, width: usize, config: &Config) -> Result<Norm> {
    Ok(Norm { weights: numbers(gguf, name, width)?, epsilon: config.epsilon })
}

/// A tensor of one dimension.
fn numbers(gguf: &Gguf, name: &str, length: usize) -> Result<Vec<f32>> {
    let mut numbers = vec![0.0; length];
    Matrix::vector(gguf.tensor(name)?, length)?.row(0, &mut numbers);
    Ok(numbers)
}

/// Loads one layer.
struct Loader<'a> {
    gguf: &'a Gguf,
    config: &'a Config,
    index: usize,
}

impl Loader<'_> {
    fn layer(&self) -> Result<Layer> {
        let config = self.config;
        let width = config.width;
        let (heads, key_heads) = (config.heads(self.index), config.key_heads(self.index));
        let (queries, keys) = (heads * config.head_width, key_heads * config.head_width);
        let gate = self.gguf.tensor(&self.name("ffn_gate.weight"))?;
        let hidden = gate.shape().get(1).copied().unwrap_or(0);
        let (gemma, normed) = match config.architecture {
            Architecture::Gemma3 => (true, true),
            Architecture::Qwen3 => (false, true),
            Architecture::Llama | Architecture::Qwen2 => (false, false),
        };
        let norm = |name: &str, width: usize| norm(self.gguf, &self.name(name), width, config);
        let when = |wanted: bool, name: &str, width: usize| wanted.then(|| norm(name, width)).transpose();
        Ok(Layer {
            attention_norm: norm("attn_norm.weight", width)?,
            query: self.projection("attn_q", width, queries)?,
            key: self.projection("attn_k", width, keys)?,
            value: self.projection("attn_v", width, keys)?,
            query_norm: when(normed, "attn_q_norm.weight", config.head_width)?,
            key_norm: when(normed, "attn_k_norm.weight", config.head_width)?,
            attention_output: self.projection("attn_output", queries, width)?,
            attention_output_norm: when(gemma, "post_attention_norm.weight", width)?,
            feed_norm: norm("ffn_norm.weight", width)?,
            gate: self.projection("ffn_gate", width, hidden)?,
            up: self.projection("ffn_up", width, hidden)?,
            down: self.projection("ffn_down", hidden, width)?,
            feed_output_norm: when(gemma, "post_ffw_norm.weight", width)?,
            heads: Heads { queries: heads, keys: key_heads, width: config.head_width },
            rope: config.rope(self.index),
            activation: config.gate,
            scoring: config.scoring,
        })
    }

    fn name(&self, name: &str) -> String {
        format!("blk.{}.{name}", self.index)
    }

    fn projection(&self, name: &str, inputs: usize, outputs: usize) -> Result<Projection> {
        let matrix = Matrix::new(self.gguf.tensor(&self.name(&format!("{name}.weight")))?, inputs, outputs)?;
        let bias = self.name(&format!("{name}.bias"));
        let bias = self.gguf.find(&bias).map(|_| numbers(self.gguf, &bias, outputs)).transpose()?;
        Ok(Projection { matrix, bias })
    }
}
