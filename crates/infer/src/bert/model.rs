//! The whole model: from token ids to vectors of length 1.

use super::{
    config::{Architecture, Pooling},
    layer::{Buffers, Layer, Norm},
    weights::{Table, Weights},
};
use crate::{
    error::{Error, Result},
    file::Bytes,
};

pub(super) struct Model {
    width: usize,
    first_position: usize,
    words: Table,
    positions: Table,
    /// What every token gets: texts are not pairs here, so that only the first type is used.
    kind: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    pooling: Pooling,
}

impl Model {
    pub(super) fn load(bytes: &Bytes, architecture: &Architecture, pooling: Pooling) -> Result<Self> {
        let weights = Weights::open(bytes)?;
        let width = architecture.hidden_size;
        let table =
            |name: &str, rows: usize| weights.table(&format!("embeddings.{name}.weight"), [rows, width]);
        let kinds = table("token_type_embeddings", architecture.type_vocab_size)?;
        let mut kind = vec![0.0; width];
        kinds.row(0, &mut kind);
        let layers = (0..architecture.num_hidden_layers).map(|at| Layer::load(&weights, at, architecture));
        Ok(Self {
            width,
            first_position: architecture.first_position(),
            words: table("word_embeddings", architecture.vocab_size)?,
            positions: table("position_embeddings", architecture.max_position_embeddings)?,
            kind,
            norm: Norm::load(&weights, "embeddings.LayerNorm", architecture)?,
            layers: layers.collect::<Result<_>>()?,
            pooling,
        })
    }

    pub(super) fn dimensions(&self) -> usize {
        self.width
    }

    /// The vectors of these texts.
    pub(super) fn run(&self, texts: &[&[u32]]) -> Result<Vec<Vec<f32>>> {
        let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
        let mut rows = vec![0.0; lengths.iter().sum::<usize>() * self.width];
        let mut added = vec![0.0; rows.len()];
        let places = texts.iter().flat_map(|text| text.iter().enumerate());
        let tokens = rows.chunks_exact_mut(self.width).zip(added.chunks_exact_mut(self.width));
        for ((place, id), (word, added)) in places.zip(tokens) {
            self.words.row(*id as usize, word).ok_or_else(|| {
                let known = self.words.rows();
                Error::Input(format!("the tokenizer knows token {id}, the model only the first {known}"))
            })?;
            self.positions
                .row(self.first_position + place, added)
                .ok_or_else(|| Error::Input(format!("there is no position for token {place} of a text")))?;
            added.iter_mut().zip(&self.kind).for_each(|(x, kind)| *x += kind);
        }
        self.norm.run(&mut rows, &added);
        let mut buffers = Buffers::default();
        for layer in &self.layers {
            layer.run(&mut rows, &lengths, &mut buffers);
        }
        let mut rest = &rows[..];
        lengths
            .iter()
            .map(|length| {
                let (text, others) = rest.split_at(length * self.width);
                rest = others;
                self.pool(text)
            })
            .collect()
    }

    /// The vector of a text from those of its tokens.
    fn pool(&self, tokens: &[f32]) -> Result<Vec<f32>> {
        let (first, others) = tokens.split_at(self.width);
        let mut pooled: Vec<f64> = first.iter().map(|x| f64::from(*x)).collect();
        for token in others.chunks_exact(self.width) {
            let numbers = pooled.iter_mut().zip(token);
            match self.pooling {
                // The length is made 1 below, so that the sum is as good as the mean.
                Pooling::Mean => numbers.for_each(|(sum, x)| *sum += f64::from(*x)),
                Pooling::Max => numbers.for_each(|(most, x)| *most = most.max(f64::from(*x))),
                Pooling::First => break,
            }
        }
        let length = pooled.iter().map(|x| x * x).sum::<f64>().sqrt();
        if !(length.is_finite() && length > 0.0) {
            return Err(Error::Input("the model makes no vector of a text: its weights are damaged".into()));
        }
        Ok(pooled.into_iter().map(|x| (x / length) as f32).collect())
    }
}
