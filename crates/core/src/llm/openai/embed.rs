//! Embeddings.

use std::sync::Arc;

use async_trait::async_trait;

use super::{OpenAi, wire};
use crate::{
    error::Result,
    llm::{EmbedCapabilities, EmbedRequest, Embedder, Embeddings, ModelCard, broken, http::Call, normalise},
};

/// The most texts of one request that OpenAI takes.
const MAX_TEXTS: usize = 2048;

/// The embeddings of a server.
pub struct OpenAiEmbedder {
    server: OpenAi,
    capabilities: EmbedCapabilities,
}

impl OpenAi {
    /// The embedding model `model` of the same server.
    pub fn embedder(&self, model: impl Into<String>) -> OpenAiEmbedder {
        let mut capabilities = EmbedCapabilities::new("openai", model, MAX_TEXTS);
        capabilities.identity = self.client.place();
        capabilities.dimensions = true;
        OpenAiEmbedder { server: self.clone(), capabilities }
    }
}

#[async_trait]
impl Embedder for OpenAiEmbedder {
    fn capabilities(&self) -> &EmbedCapabilities {
        &self.capabilities
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        self.capabilities.check(&request)?;
        let model = self.capabilities.model_of(&request);
        if request.texts.is_empty() {
            return Ok(Embeddings {
                model: model.to_owned(),
                vectors: Vec::new(),
                usage: Default::default(),
            });
        }
        let body = wire::Embed {
            model,
            input: &request.texts,
            encoding_format: "float",
            dimensions: request.dimensions,
        };
        let call = Call { path: "embeddings", body: Some(&body), stream: false };
        let answer: wire::Embedded = self.server.client.fetch(call).await?;
        let vectors = in_order(answer.data, request.texts.len())?;
        let model = answer.model.unwrap_or_else(|| model.to_owned());
        Ok(Embeddings { model, vectors, usage: answer.usage.map(Into::into).unwrap_or_default() })
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.server.list(&self.capabilities.model).await
    }
}

/// The vectors in the order of the texts, whatever the order in which they came; each exactly once, all of one length.
fn in_order(found: Vec<wire::Embedding>, wanted: usize) -> Result<Vec<Vec<f32>>> {
    let mut vectors = vec![Vec::new(); wanted];
    for wire::Embedding { index, mut embedding } in found {
        let place = vectors.get_mut(index).filter(|place| place.is_empty());
        let place =
            place.ok_or_else(|| broken(format!("vector {index} was not asked for, or comes twice")))?;
        normalise(&mut embedding)?;
        *place = embedding;
    }
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.iter().any(|vector| vector.is_empty() || vector.len() != length) {
        return Err(broken("a vector is missing, or they are not of one length"));
    }
    Ok(vectors)
}
