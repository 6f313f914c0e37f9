//! The port of embedders: texts to vectors.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{port::ModelCard, response::Usage};
use crate::error::{Error, ErrorKind, Result};

/// Texts to embed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbedRequest {
    /// The texts, none of them empty.
    pub texts: Vec<String>,
    /// The model; the configured one where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How many numbers a vector has, of models that leave the choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<u32>,
}

impl EmbedRequest {
    /// These texts.
    pub fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self { texts: texts.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

/// Vectors of length 1, one for each text, in its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Embeddings {
    /// The model that made them. Vectors of different models cannot be compared.
    pub model: String,
    /// The vectors.
    pub vectors: Vec<Vec<f32>>,
    /// What the call used.
    pub usage: Usage,
}

/// What an embedder can do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EmbedCapabilities {
    /// Name of the adapter.
    pub adapter: &'static str,
    /// The model where a request names none.
    pub model: String,
    /// What tells it from other models of its name, such as where its server is; empty where the name says all. Vectors are kept under both.
    pub identity: String,
    /// It runs in this process.
    pub local: bool,
    /// The most texts of one request; a caller with more splits them.
    pub max_texts: usize,
    /// A request may choose the number of dimensions.
    pub dimensions: bool,
}

impl EmbedCapabilities {
    /// An adapter called `adapter` with the model `model`, that takes up to `max_texts` texts.
    pub fn new(adapter: &'static str, model: impl Into<String>, max_texts: usize) -> Self {
        Self {
            adapter,
            model: model.into(),
            identity: String::new(),
            local: false,
            max_texts,
            dimensions: false,
        }
    }

    /// The model that `request` asks.
    pub fn model_of<'a>(&'a self, request: &'a EmbedRequest) -> &'a str {
        request.model.as_deref().unwrap_or(&self.model)
    }

    /// Checks `request` before it is sent. Every adapter calls it first.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput), [`LimitExceeded`](ErrorKind::LimitExceeded) or [`Unsupported`](ErrorKind::Unsupported).
    pub fn check(&self, request: &EmbedRequest) -> Result<()> {
        if let Some(index) = request.texts.iter().position(String::is_empty) {
            return Err(Error::invalid(format!("text {index} is empty: nothing has no embedding"))
                .with("field", "texts"));
        }
        if request.texts.len() > self.max_texts {
            let (count, most) = (request.texts.len(), self.max_texts);
            let message =
                format!("there are {count} texts; `{}` takes {most} at once", self.model_of(request));
            return Err(Error::new(ErrorKind::LimitExceeded, message).with("field", "texts"));
        }
        match request.dimensions {
            Some(0) => Err(Error::invalid("a vector has at least one dimension").with("field", "dimensions")),
            Some(_) if !self.dimensions => {
                let message = format!("`{}` has vectors of one length only", self.model_of(request));
                Err(Error::new(ErrorKind::Unsupported, message).with("field", "dimensions"))
            }
            _ => Ok(()),
        }
    }
}

/// A model that makes vectors of texts. A local one sorts what it is given by length and batches it by tokens.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> &EmbedCapabilities;

    /// Embeds texts.
    ///
    /// # Errors
    /// As [`EmbedCapabilities::check`], before anything is sent; else what the model or its provider fails with.
    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings>;

    /// An upper bound of the tokens of the texts: one a byte, and a few for each text.
    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        request.texts.iter().map(|text| text.len() as u64 + 4).sum()
    }

    /// The models that can be asked, the configured one first.
    ///
    /// # Errors
    /// What the provider fails with.
    async fn models(&self) -> Result<Vec<ModelCard>> {
        let capabilities = self.capabilities();
        Ok(vec![ModelCard { id: capabilities.model.clone(), adapter: capabilities.adapter.to_owned() }])
    }
}

/// Makes the length of `vector` 1, as every embedder does with what it returns; a vector of zeros stays what it is.
///
/// # Errors
/// [`Unavailable`](ErrorKind::Unavailable) where a number is not finite: such a vector compares with nothing.
pub fn normalise(vector: &mut [f32]) -> Result<()> {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() {
        return Err(Error::new(
            ErrorKind::Unavailable,
            "the model answered with a vector that is not finite",
        ));
    }
    if length > 0.0 {
        for x in vector {
            *x = (f64::from(*x) / length) as f32;
        }
    }
    Ok(())
}
