//! From a request to the body that is sent.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::wire;
use crate::llm::{Capabilities, ChatRequest, Message, Part, ResponseFormat, Role, ToolChoice};

/// What the field of a wrapped answer is called.
pub(super) const VALUE: &str = "value";

pub(super) fn messages<'a>(
    request: &'a ChatRequest,
    capabilities: &'a Capabilities,
    forced_tool: bool,
) -> wire::Messages<'a> {
    let mut body = wire::Messages {
        model: capabilities.model_of(request),
        max_tokens: capabilities.output_limit(request),
        system: system(request),
        messages: turns(request),
        stream: true,
        temperature: request.temperature,
        top_p: request.top_p,
        stop_sequences: &request.stop,
        tools: request.tools.iter().map(tool).collect(),
        tool_choice: choice(request),
        output_config: None,
    };
    match &request.format {
        ResponseFormat::Text => {}
        ResponseFormat::JsonSchema { name, schema } if forced_tool => {
            let description = "The answer. Call this exactly once, with the whole answer.";
            body.tools = vec![wire::Tool { name, description, input_schema: as_object(schema) }];
            body.tool_choice = Some(wire::ToolChoice::Tool { name, disable_parallel_tool_use: true });
        }
        ResponseFormat::JsonSchema { schema, .. } => {
            body.output_config =
                Some(wire::OutputConfig { format: wire::Format { kind: "json_schema", schema } });
        }
    }
    body
}

/// Whether the arguments of a tool can be of this schema: they are an object.
pub(super) fn is_object(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
}

/// `schema`, or that of an object with the answer as its only field. Definitions stay at the root, where references look for them.
fn as_object(schema: &Value) -> Cow<'_, Value> {
    if is_object(schema) {
        return Cow::Borrowed(schema);
    }
    let (mut inner, mut outer) = (schema.clone(), json!({"type": "object", "required": [VALUE]}));
    for definitions in ["$defs", "definitions"] {
        if let Some(found) = inner.as_object_mut().and_then(|inner| inner.remove(definitions)) {
            outer[definitions] = found;
        }
    }
    outer["properties"] = json!({ VALUE: inner });
    Cow::Owned(outer)
}

/// The protocol has one text of instructions beside the turns.
fn system(request: &ChatRequest) -> String {
    let texts = request.messages.iter().filter(|message| message.role == Role::System).map(Message::text);
    texts.collect::<Vec<_>>().join("\n\n")
}

/// The turns; neighbours of one side are one turn, so that the results of several calls answer them together.
fn turns(request: &ChatRequest) -> Vec<wire::Message<'_>> {
    let mut turns: Vec<wire::Message<'_>> = Vec::new();
    for message in request.messages.iter().filter(|message| message.role != Role::System) {
        let role = if message.role == Role::Assistant { "assistant" } else { "user" };
        let blocks = message.parts.iter().filter_map(block);
        match turns.last_mut() {
            Some(last) if last.role == role => last.content.extend(blocks),
            _ => turns.push(wire::Message { role, content: blocks.collect() }),
        }
    }
    turns.retain(|turn| !turn.content.is_empty());
    turns
}

/// Empty text is refused by the protocol.
fn block(part: &Part) -> Option<wire::Block<'_>> {
    Some(match part {
        Part::Text { text } if text.is_empty() => return None,
        Part::Text { text } => wire::Block::Text { text },
        Part::Image { media_type, data } => {
            wire::Block::Image { source: wire::Source::Base64 { media_type, data } }
        }
        Part::ImageUrl { url } => wire::Block::Image { source: wire::Source::Url { url } },
        Part::ToolCall(call) => {
            wire::Block::ToolUse { id: &call.id, name: &call.name, input: &call.arguments }
        }
        Part::ToolResult { id, content, failed } => {
            wire::Block::ToolResult { tool_use_id: id, content, is_error: *failed }
        }
    })
}

fn tool(tool: &crate::llm::Tool) -> wire::Tool<'_> {
    wire::Tool {
        name: &tool.name,
        description: &tool.description,
        input_schema: Cow::Borrowed(&tool.parameters),
    }
}

fn choice(request: &ChatRequest) -> Option<wire::ToolChoice<'_>> {
    if request.tools.is_empty() {
        return None;
    }
    match &request.tool_choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(wire::ToolChoice::None),
        ToolChoice::Required => Some(wire::ToolChoice::Any),
        ToolChoice::Tool { name } => Some(wire::ToolChoice::Tool { name, disable_parallel_tool_use: false }),
    }
}
