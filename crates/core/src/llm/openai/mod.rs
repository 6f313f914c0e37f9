//! Hosted models with the chat completions and embeddings protocol of OpenAI, and every server that speaks it, by base URL.
//!
//! `wire` has the types of the protocol, `ask` makes them of a request, `answer` makes deltas of what comes back.

mod answer;
mod ask;
mod embed;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Capabilities, ChatModel, ChatRequest, DeltaStream, ModelCard, Secret, Structured,
    http::{Call, HttpClient, HttpOptions, deltas},
};
use crate::{clock::Clock, error::Result};

/// Where OpenAI itself is.
pub const BASE_URL: &str = "https://api.openai.com/v1";

/// How a server is reached and what it can do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenAiOptions {
    /// Below which its paths are.
    pub base_url: String,
    /// The key; a local server may need none.
    pub key: Option<Secret>,
    /// The connection.
    pub http: HttpOptions,
    /// The server knows `max_completion_tokens`; older compatible servers know `max_tokens` only.
    pub max_completion_tokens: bool,
    /// The server knows `response_format` with a schema.
    pub json_schema: bool,
    /// The most tokens of an answer where a request does not say.
    pub max_output_tokens: u32,
}

impl OpenAiOptions {
    /// OpenAI itself, with this key.
    pub fn new(key: Option<Secret>) -> Self {
        Self {
            base_url: BASE_URL.to_owned(),
            key,
            http: HttpOptions::default(),
            max_completion_tokens: true,
            json_schema: true,
            max_output_tokens: 4096,
        }
    }

    /// Another server.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }
}

/// A server that speaks the protocol, with one model as its default: a [`ChatModel`], and with [`embedder`](Self::embedder) an
/// [`Embedder`](super::Embedder).
#[derive(Clone)]
pub struct OpenAi {
    client: HttpClient,
    options: Arc<OpenAiOptions>,
    capabilities: Capabilities,
}

impl OpenAi {
    /// The model `model` of a server.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the base URL or the key cannot be used.
    pub fn new(model: impl Into<String>, options: OpenAiOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        let key = options.key.clone().map(|key| ("authorization", "Bearer ", key));
        let client = HttpClient::new(&options.base_url, &[], key, &options.http, clock)?;
        let mut capabilities = Capabilities::new("openai", model);
        capabilities.identity = client.place();
        capabilities.tools = true;
        capabilities.forced_tools = true;
        capabilities.images = true;
        capabilities.sampling = true;
        capabilities.seed = true;
        capabilities.max_stop = 4;
        capabilities.structured = if options.json_schema { Structured::Guided } else { Structured::Unaware };
        capabilities.structured_with_tools = options.json_schema;
        capabilities.max_output_tokens = options.max_output_tokens;
        Ok(Self { client, options: Arc::new(options), capabilities })
    }

    async fn list(&self, first: &str) -> Result<Vec<ModelCard>> {
        let call = Call::<()> { path: "models", body: None, stream: false };
        let list: wire::ModelList = self.client.fetch(call).await?;
        let mut ids: Vec<String> = list.data.into_iter().map(|model| model.id).collect();
        ids.sort();
        ids.retain(|id| id != first);
        ids.insert(0, first.to_owned());
        Ok(ids.into_iter().map(|id| ModelCard { id, adapter: "openai".to_owned() }).collect())
    }
}

#[async_trait]
impl ChatModel for OpenAi {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        self.capabilities.check(&request)?;
        let body = ask::completion(&request, &self.capabilities, &self.options);
        let call = Call { path: "chat/completions", body: Some(&body), stream: true };
        let response = self.client.send(call).await?;
        Ok(deltas(self.client.clone(), response, answer::Completion::default()))
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.list(&self.capabilities.model).await
    }
}
