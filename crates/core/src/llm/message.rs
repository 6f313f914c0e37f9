//! Messages: who says what, in parts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Whoever operates the model: instructions that stand above all else.
    System,
    /// Who asks. Text from outside (code, logs, bills) is quoted here: data, never instructions.
    User,
    /// The model.
    Assistant,
    /// The program: results of the tools that the model called.
    Tool,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Part {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// Its media type, as in `image/png`.
        media_type: String,
        /// Its bytes in base64.
        data: String,
    },
    /// A picture that the provider fetches.
    ImageUrl {
        /// Where it is.
        url: String,
    },
    /// The model calls a tool (in messages of the assistant).
    ToolCall(ToolCall),
    /// What a tool returned (in messages of the tool).
    ToolResult {
        /// The call that this answers.
        id: String,
        /// What the tool returned, as text.
        content: String,
        /// The tool failed, and `content` says why.
        #[serde(default)]
        failed: bool,
    },
}

/// A call of a tool, made by the model: a proposal, which the program checks and carries out, or does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// Its name within the conversation, made by the provider.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, an object.
    pub arguments: Value,
}

impl Message {
    /// Text said by `role`.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, parts: vec![Part::Text { text: text.into() }] }
    }

    /// Instructions.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// A question.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// An answer that was given.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// What the call `id` of a tool returned.
    pub fn tool_result(id: impl Into<String>, content: impl Into<String>) -> Self {
        let part = Part::ToolResult { id: id.into(), content: content.into(), failed: false };
        Self { role: Role::Tool, parts: vec![part] }
    }

    /// The text of the message, its parts put together.
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }
}
