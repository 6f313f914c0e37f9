//! What a model can do, said before it is asked.

use serde::{Deserialize, Serialize};

use super::{
    message::Part,
    request::{ChatRequest, ResponseFormat, ToolChoice},
};
use crate::error::{Error, ErrorKind, Result};

/// How sure it is that an answer fits the schema that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Structured {
    /// The model knows nothing of schemas; the layer [`Validated`](super::layers::Validated) shows it the schema in words.
    Unaware,
    /// The model is told the schema and mostly keeps to it.
    Guided,
    /// Tokens that the schema does not allow are masked: what comes is valid, if it comes to its end.
    Masked,
}

/// What a chat model can do. What it lacks is refused as [`Unsupported`](ErrorKind::Unsupported) before anything is sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Name of the adapter, for reports and metrics.
    pub adapter: &'static str,
    /// The model that answers where a request names none.
    pub model: String,
    /// What tells it from other models of its name, such as where its server is or of which file it is; empty where the name says all. Answers
    /// are kept under both.
    pub identity: String,
    /// It runs in this process: nothing leaves the machine and no money is spent.
    pub local: bool,
    /// It calls tools.
    pub tools: bool,
    /// It can be made to call a tool ([`ToolChoice::Required`] and [`ToolChoice::Tool`]).
    pub forced_tools: bool,
    /// It sees pictures.
    pub images: bool,
    /// It has `temperature` and `top_p`.
    pub sampling: bool,
    /// It has `seed`.
    pub seed: bool,
    /// The most texts of `stop`.
    pub max_stop: usize,
    /// How it treats [`ResponseFormat::JsonSchema`].
    pub structured: Structured,
    /// It can give a structured answer to a request that offers tools.
    pub structured_with_tools: bool,
    /// The tokens of conversation and answer together, where that is known.
    pub context_tokens: Option<u64>,
    /// The most tokens of one answer: used where a request does not limit it.
    pub max_output_tokens: u32,
}

impl Capabilities {
    /// An adapter called `adapter` with the model `model`, that can do nothing but continue a conversation.
    pub fn new(adapter: &'static str, model: impl Into<String>) -> Self {
        Self {
            adapter,
            model: model.into(),
            identity: String::new(),
            local: false,
            tools: false,
            forced_tools: false,
            images: false,
            sampling: false,
            seed: false,
            max_stop: 0,
            structured: Structured::Unaware,
            structured_with_tools: false,
            context_tokens: None,
            max_output_tokens: 4096,
        }
    }

    /// The model that `request` asks.
    pub fn model_of<'a>(&'a self, request: &'a ChatRequest) -> &'a str {
        request.model.as_deref().unwrap_or(&self.model)
    }

    /// The most tokens that the answer to `request` may have.
    pub fn output_limit(&self, request: &ChatRequest) -> u32 {
        request.max_tokens.unwrap_or(self.max_output_tokens)
    }

    /// Checks `request` before it is sent: that it is [well formed](ChatRequest::validate), and that this model can do what it asks for.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) or [`Unsupported`](ErrorKind::Unsupported), with the field.
    pub fn check(&self, request: &ChatRequest) -> Result<()> {
        request.validate()?;
        let parts = || request.messages.iter().flat_map(|message| &message.parts);
        let images = parts().any(|part| matches!(part, Part::Image { .. } | Part::ImageUrl { .. }));
        let calls = parts().any(|part| matches!(part, Part::ToolCall(_) | Part::ToolResult { .. }));
        let forced = matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Tool { .. });
        let structured = request.format != ResponseFormat::Text;
        let lacking = [
            (images && !self.images, "messages", "it sees no pictures"),
            ((calls || !request.tools.is_empty()) && !self.tools, "tools", "it calls no tools"),
            (forced && !self.forced_tools, "tool_choice", "it cannot be made to call a tool"),
            (request.temperature.is_some() && !self.sampling, "temperature", "it has no temperature"),
            (request.top_p.is_some() && !self.sampling, "top_p", "it has no top_p"),
            (request.seed.is_some() && !self.seed, "seed", "it has no seed"),
            (request.stop.len() > self.max_stop, "stop", "it takes fewer texts before which an answer ends"),
            (structured && self.structured == Structured::Unaware, "format", "it knows nothing of schemas"),
            (
                structured && !request.tools.is_empty() && !self.structured_with_tools,
                "format",
                "it gives a structured answer or calls tools, not both",
            ),
            (self.exceeded(request), "max_tokens", "its answers are shorter"),
        ];
        match lacking.into_iter().find(|(lacks, ..)| *lacks) {
            None => Ok(()),
            Some((_, field, why)) => {
                let model = self.model_of(request);
                let message = format!("the model `{model}` ({}) cannot do that: {why}", self.adapter);
                Err(Error::new(ErrorKind::Unsupported, message).with("field", field))
            }
        }
    }

    fn exceeded(&self, request: &ChatRequest) -> bool {
        let most = self.context_tokens.unwrap_or(u64::MAX);
        request.max_tokens.is_some_and(|tokens| u64::from(tokens) > most)
    }
}
