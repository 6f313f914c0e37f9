//! What the operations of language models take and return.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::{Error, Result},
    llm::{ChatRequest, Message, ModelCard, ResponseFormat, Role, Tool, ToolChoice},
};

/// What a model is asked: a `prompt`, or a conversation as `messages`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ChatCall {
    /// What is asked. It comes behind `messages`.
    #[serde(default)]
    #[schemars(extend("x-cli-positional" = true))]
    pub prompt: Option<String>,
    /// Instructions that stand above everything else.
    #[serde(default)]
    pub system: Option<String>,
    /// The conversation so far, oldest first.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// JSON Schema: the answer is a document that it accepts.
    #[serde(default)]
    pub schema: Option<Value>,
    /// The tools that the model may call. It only proposes calls; the caller carries them out.
    #[serde(default)]
    pub tools: Vec<Tool>,
    /// Whether it may, must or must not call them.
    #[serde(default)]
    pub tool_choice: ToolChoice,
    /// The model; the configured one where it is not given.
    #[serde(default)]
    pub model: Option<String>,
    /// The most tokens the answer may have.
    #[serde(default)]
    pub max_tokens: Option<u32>,
    /// 0 (always the likeliest token) to 2.
    #[serde(default)]
    pub temperature: Option<f32>,
    /// Only tokens within this probability mass, above 0 up to 1.
    #[serde(default)]
    pub top_p: Option<f32>,
    /// Texts before which the answer ends.
    #[serde(default)]
    pub stop: Vec<String>,
    /// The same seed gives the same answer, as far as the model keeps that.
    #[serde(default)]
    pub seed: Option<u64>,
}

impl ChatCall {
    /// Asks this.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: Some(prompt.into()), ..Self::default() }
    }
}

impl TryFrom<ChatCall> for ChatRequest {
    type Error = Error;

    fn try_from(call: ChatCall) -> Result<Self> {
        let asks = call.prompt.is_some() || call.messages.iter().any(|message| message.role != Role::System);
        if !asks {
            return Err(Error::invalid("there is nothing to answer: give `prompt` or `messages`")
                .with("field", "prompt"));
        }
        let system = call.system.into_iter().map(Message::system);
        let prompt = call.prompt.into_iter().map(Message::user);
        let format = match call.schema {
            Some(schema) => ResponseFormat::JsonSchema { name: "answer".to_owned(), schema },
            None => ResponseFormat::Text,
        };
        Ok(ChatRequest {
            model: call.model,
            messages: system.chain(call.messages).chain(prompt).collect(),
            tools: call.tools,
            tool_choice: call.tool_choice,
            format,
            max_tokens: call.max_tokens,
            temperature: call.temperature,
            top_p: call.top_p,
            stop: call.stop,
            seed: call.seed,
        })
    }
}

/// Texts to embed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct EmbedCall {
    /// The texts, none of them empty.
    pub texts: Vec<String>,
    /// The model; the configured one where it is not given.
    #[serde(default)]
    pub model: Option<String>,
    /// How many numbers a vector has, of models that leave the choice.
    #[serde(default)]
    pub dimensions: Option<u32>,
}

/// The models of this platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelList {
    /// Models that can be asked, the configured one first.
    pub models: Vec<ModelCard>,
    /// The model that embeds, where one is configured.
    #[serde(default)]
    pub embedding: Option<ModelCard>,
}
