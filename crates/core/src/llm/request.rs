//! What a model is asked.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::{Message, Part, Role};
use crate::error::{Error, Result};

/// A question to a model, with everything that shapes the answer.
///
/// ```
/// use heptad_core::llm::{ChatRequest, Message};
///
/// let request = ChatRequest::new([Message::system("Answer in one word."), Message::user("The capital of France?")])
///     .max_tokens(16)
///     .temperature(0.0);
/// request.validate()?;
/// # Ok::<(), heptad_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatRequest {
    /// The model; the configured one where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The conversation so far, oldest first.
    pub messages: Vec<Message>,
    /// The tools that the model may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// Whether it may, must or must not call them.
    #[serde(default, skip_serializing_if = "ToolChoice::is_auto")]
    pub tool_choice: ToolChoice,
    /// What the answer looks like.
    #[serde(default, skip_serializing_if = "ResponseFormat::is_text")]
    pub format: ResponseFormat,
    /// The most tokens the answer may have; the adapter's default where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 (always the likeliest token) to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Only tokens within this probability mass, above 0 up to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Texts before which the answer ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// The same seed gives the same answer, as far as the model keeps that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name: 1 to 64 of `A-Z a-z 0-9 _ -`.
    pub name: String,
    /// What it does and when to call it, for the model.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// Whether the model calls tools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ToolChoice {
    /// As it sees fit.
    #[default]
    Auto,
    /// Not at all.
    None,
    /// At least one.
    Required,
    /// This one.
    Tool {
        /// Its name.
        name: String,
    },
}

impl ToolChoice {
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// What the answer looks like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ResponseFormat {
    /// Text.
    #[default]
    Text,
    /// A JSON document that this schema accepts.
    JsonSchema {
        /// What the document is called: 1 to 64 of `A-Z a-z 0-9 _ -`.
        name: String,
        /// The schema (the keywords of [`Schema`](super::Schema)).
        schema: Value,
    },
}

impl ResponseFormat {
    fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

impl ChatRequest {
    /// A request with these messages and nothing else.
    pub fn new(messages: impl IntoIterator<Item = Message>) -> Self {
        Self { messages: messages.into_iter().collect(), ..Self::default() }
    }

    /// Asks this model.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Limits the answer.
    #[must_use]
    pub fn max_tokens(mut self, most: u32) -> Self {
        self.max_tokens = Some(most);
        self
    }

    /// Sets the temperature.
    #[must_use]
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Offers a tool.
    #[must_use]
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.push(tool);
        self
    }

    /// Asks for a JSON document that `schema` accepts.
    #[must_use]
    pub fn json_schema(mut self, name: impl Into<String>, schema: Value) -> Self {
        self.format = ResponseFormat::JsonSchema { name: name.into(), schema };
        self
    }

    /// Whether the same request is meant to give the same answer: at temperature 0, or with a seed.
    pub fn is_deterministic(&self) -> bool {
        self.seed.is_some() || self.temperature == Some(0.0)
    }

    /// Checks what needs no model: ranges, names, order. Every adapter calls [`Capabilities::check`](super::Capabilities::check) first,
    /// which calls this.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) with the field and what would be right.
    pub fn validate(&self) -> Result<()> {
        if !self.messages.iter().any(|message| message.role != Role::System) {
            return Err(wrong("messages", "there must be a message that is not from the system"));
        }
        for (index, message) in self.messages.iter().enumerate() {
            message.validate(index)?;
        }
        self.validate_tools()?;
        self.validate_numbers()?;
        if self.stop.iter().any(String::is_empty) {
            return Err(wrong("stop", "a text before which the answer ends is not empty"));
        }
        if let ResponseFormat::JsonSchema { name, schema } = &self.format {
            check_name("format.name", name)?;
            super::Schema::compile(schema).map_err(|error| error.with("field", "format.schema"))?;
        }
        Ok(())
    }

    fn validate_tools(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        for tool in &self.tools {
            check_name("tools.name", &tool.name)?;
            if !names.insert(tool.name.as_str()) {
                return Err(wrong("tools", format!("two tools are called `{}`", tool.name)));
            }
            if !tool.parameters.is_object() {
                return Err(wrong("tools.parameters", "a JSON Schema of an object is an object"));
            }
        }
        match &self.tool_choice {
            ToolChoice::Required if names.is_empty() => {
                Err(wrong("tool_choice", "there is no tool that could be called"))
            }
            ToolChoice::Tool { name } if !names.contains(name.as_str()) => {
                let hint = crate::suggest::did_you_mean(name, names.iter().copied());
                Err(wrong("tool_choice", format!("there is no tool `{}`{hint}", name.escape_debug())))
            }
            _ => Ok(()),
        }
    }

    fn validate_numbers(&self) -> Result<()> {
        let within = |value: Option<f32>, good: fn(f32) -> bool| value.is_none_or(good);
        if !within(self.temperature, |t| (0.0..=2.0).contains(&t)) {
            return Err(wrong("temperature", "it is 0 to 2"));
        }
        if !within(self.top_p, |p| p > 0.0 && p <= 1.0) {
            return Err(wrong("top_p", "it is above 0 and at most 1"));
        }
        if self.max_tokens == Some(0) {
            return Err(wrong("max_tokens", "it is 1 or more"));
        }
        Ok(())
    }
}

impl Message {
    fn validate(&self, index: usize) -> Result<()> {
        let place = |what: &str| Err(wrong("messages", format!("message {index} {what}")));
        if self.parts.is_empty() {
            return place("has no parts");
        }
        for part in &self.parts {
            let fits = match part {
                Part::Text { .. } => self.role != Role::Tool,
                Part::Image { .. } | Part::ImageUrl { .. } => self.role == Role::User,
                Part::ToolCall(_) => self.role == Role::Assistant,
                Part::ToolResult { .. } => self.role == Role::Tool,
            };
            if !fits {
                return place(
                    "has a part that its role cannot say: images come from the user, calls from the assistant, results from the tool",
                );
            }
        }
        Ok(())
    }
}

fn check_name(field: &'static str, name: &str) -> Result<()> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"_-".contains(&c);
    if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    let shown = crate::suggest::shortened(&name.escape_debug().to_string(), 70);
    Err(wrong(field, format!("`{shown}` is not a name: 1 to 64 of A-Z a-z 0-9 _ -")))
}

fn wrong(field: &'static str, message: impl Into<String>) -> Error {
    Error::invalid(format!("`{field}` of the chat request: {}", message.into())).with("field", field)
}
