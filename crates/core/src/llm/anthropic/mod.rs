//! Hosted models with the messages protocol of Anthropic.
//!
//! `wire` has the types of the protocol, `ask` makes them of a request, `answer` makes deltas of what comes back.

mod answer;
mod ask;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Capabilities, ChatModel, ChatRequest, DeltaStream, ModelCard, ResponseFormat, Secret, Structured,
    http::{Call, HttpClient, HttpOptions, deltas},
};
use crate::{clock::Clock, error::Result};

/// Where Anthropic itself is.
pub const BASE_URL: &str = "https://api.anthropic.com";

/// The version of the protocol.
const VERSION: &str = "2023-06-01";

/// How an answer is made to fit a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StructuredBy {
    /// By a tool whose arguments are the answer and which must be called: every model has that.
    #[default]
    ForcedTool,
    /// By `output_config.format`: newer models have that, and can call tools besides.
    OutputConfig,
}

/// How the server is reached and what its models can do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AnthropicOptions {
    /// Below which `v1/messages` is.
    pub base_url: String,
    /// The key.
    pub key: Option<Secret>,
    /// The connection.
    pub http: HttpOptions,
    /// How an answer is made to fit a schema.
    pub structured_by: StructuredBy,
    /// The model takes `temperature` and `top_p`; newer ones do not.
    pub sampling: bool,
    /// The most tokens of an answer where a request does not say.
    pub max_output_tokens: u32,
}

impl AnthropicOptions {
    /// Anthropic itself, with this key.
    pub fn new(key: Option<Secret>) -> Self {
        Self {
            base_url: BASE_URL.to_owned(),
            key,
            http: HttpOptions::default(),
            structured_by: StructuredBy::default(),
            sampling: false,
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

/// A server that speaks the protocol, with one model as its default.
#[derive(Clone)]
pub struct Anthropic {
    client: HttpClient,
    options: Arc<AnthropicOptions>,
    capabilities: Capabilities,
}

impl Anthropic {
    /// The model `model` of a server.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the base URL or the key cannot be used.
    pub fn new(model: impl Into<String>, options: AnthropicOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        let key = options.key.clone().map(|key| ("x-api-key", "", key));
        let headers = [("anthropic-version", VERSION)];
        let client = HttpClient::new(&options.base_url, &headers, key, &options.http, clock)?;
        let mut capabilities = Capabilities::new("anthropic", model);
        capabilities.identity = client.place();
        capabilities.tools = true;
        capabilities.forced_tools = true;
        capabilities.images = true;
        capabilities.sampling = options.sampling;
        capabilities.max_stop = 64;
        capabilities.structured = Structured::Guided;
        capabilities.structured_with_tools = options.structured_by == StructuredBy::OutputConfig;
        capabilities.max_output_tokens = options.max_output_tokens;
        Ok(Self { client, options: Arc::new(options), capabilities })
    }
}

#[async_trait]
impl ChatModel for Anthropic {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        self.capabilities.check(&request)?;
        let forced = self.options.structured_by == StructuredBy::ForcedTool;
        let answer = match &request.format {
            ResponseFormat::JsonSchema { schema, .. } if forced => answer::Answer::of_tool(schema),
            _ => answer::Answer::default(),
        };
        let body = ask::messages(&request, &self.capabilities, forced);
        let call = Call { path: "v1/messages", body: Some(&body), stream: true };
        let response = self.client.send(call).await?;
        Ok(deltas(self.client.clone(), response, answer))
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        let call = Call::<()> { path: "v1/models?limit=1000", body: None, stream: false };
        let list: wire::ModelList = self.client.fetch(call).await?;
        let mut ids: Vec<String> = list.data.into_iter().map(|model| model.id).collect();
        ids.sort();
        ids.retain(|id| *id != self.capabilities.model);
        ids.insert(0, self.capabilities.model.clone());
        Ok(ids.into_iter().map(|id| ModelCard { id, adapter: "anthropic".to_owned() }).collect())
    }
}
