//! The port of chat models.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    capabilities::Capabilities,
    embed::Embedder,
    message::Part,
    request::ChatRequest,
    response::{ChatResponse, DeltaStream, fold},
};
use crate::error::Result;

/// A model that continues a conversation.
///
/// An adapter may answer many requests at once; a local one puts those that wait into one batch, which nobody else need know. What must
/// hold of every adapter is a test in `heptad-testkit`: `chat_suite!`.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// Begins to answer. An adapter first [checks](Capabilities::check) the request. While this fails nothing of the answer has been seen, so
    /// that it may be asked again; an item of the stream that is an error is its last.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) and [`Unsupported`](crate::ErrorKind::Unsupported) before anything is sent; else what
    /// the model or its provider fails with, and whether it may be tried again.
    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream>;

    /// An upper bound of the tokens that the conversation has: what a budget reserves. An adapter that has the tokenizer counts.
    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        most_tokens(request)
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

/// What every chat model can do besides.
#[async_trait]
pub trait ChatModelExt: ChatModel {
    /// The whole answer, [folded](fold) from the stream.
    ///
    /// # Errors
    /// As [`ChatModel::stream`] and [`fold`].
    async fn chat(&self, request: ChatRequest) -> Result<ChatResponse> {
        fold(self.stream(Arc::new(request)).await?).await
    }
}

impl<M: ChatModel + ?Sized> ChatModelExt for M {}

/// A model by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelCard {
    /// What requests call it.
    pub id: String,
    /// The adapter that reaches it.
    pub adapter: String,
}

/// The models of one platform.
#[derive(Clone, Default)]
pub struct Models {
    /// Who answers.
    pub chat: Option<Arc<dyn ChatModel>>,
    /// Who embeds.
    pub embedder: Option<Arc<dyn Embedder>>,
}

/// The most tokens that `request` can have for a tokenizer that knows every byte: one a byte, and a few for the frame of each message.
/// A picture counts as [`IMAGE_TOKENS`].
pub(super) fn most_tokens(request: &ChatRequest) -> u64 {
    /// What a provider puts around a message, generously.
    const FRAME: usize = 16;
    let part = |part: &Part| match part {
        Part::Text { text } => text.len(),
        Part::Image { .. } | Part::ImageUrl { .. } => IMAGE_TOKENS,
        Part::ToolCall(call) => FRAME + call.id.len() + call.name.len() + call.arguments.to_string().len(),
        Part::ToolResult { id, content, .. } => FRAME + id.len() + content.len(),
    };
    let messages =
        request.messages.iter().map(|message| FRAME + message.parts.iter().map(part).sum::<usize>());
    let tools = request
        .tools
        .iter()
        .map(|tool| FRAME + tool.name.len() + tool.description.len() + tool.parameters.to_string().len());
    let format = match &request.format {
        super::ResponseFormat::JsonSchema { name, schema } => FRAME + name.len() + schema.to_string().len(),
        super::ResponseFormat::Text => 0,
    };
    (messages.sum::<usize>() + tools.sum::<usize>() + format) as u64
}

/// What a picture counts where nobody knows its size: above what the large providers take for the largest picture they accept.
const IMAGE_TOKENS: usize = 16_384;
