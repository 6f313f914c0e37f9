//! From a request to the body that is sent.

use super::{OpenAiOptions, wire};
use crate::llm::{Capabilities, ChatRequest, Message, Part, ResponseFormat, Role, Schema, ToolChoice};

pub(super) fn completion<'a>(
    request: &'a ChatRequest,
    capabilities: &'a Capabilities,
    options: &OpenAiOptions,
) -> wire::Completion<'a> {
    let limit = capabilities.output_limit(request);
    wire::Completion {
        model: capabilities.model_of(request),
        messages: request.messages.iter().flat_map(messages).collect(),
        stream: true,
        stream_options: wire::StreamOptions { include_usage: true },
        max_completion_tokens: options.max_completion_tokens.then_some(limit),
        max_tokens: (!options.max_completion_tokens).then_some(limit),
        temperature: request.temperature,
        top_p: request.top_p,
        seed: request.seed,
        stop: &request.stop,
        tools: request.tools.iter().map(tool).collect(),
        tool_choice: choice(request),
        response_format: format(&request.format),
    }
}

/// One message; of results of tools, one for each.
fn messages(message: &Message) -> Vec<wire::Message<'_>> {
    let plain = |role, content| wire::Message { role, content, tool_call_id: None, tool_calls: Vec::new() };
    match message.role {
        Role::System => vec![plain("system", Some(wire::Content::Text(message.text())))],
        Role::User => vec![plain("user", Some(user(message)))],
        Role::Assistant => {
            let text = message.text();
            let content = (!text.is_empty()).then_some(wire::Content::Text(text));
            vec![wire::Message { tool_calls: calls(message), ..plain("assistant", content) }]
        }
        Role::Tool => message.parts.iter().filter_map(result).collect(),
    }
}

fn user(message: &Message) -> wire::Content<'_> {
    if message.parts.iter().all(|part| matches!(part, Part::Text { .. })) {
        return wire::Content::Text(message.text());
    }
    let parts = message.parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(wire::Part::Text { text }),
        Part::Image { media_type, data } => Some(image(format!("data:{media_type};base64,{data}"))),
        Part::ImageUrl { url } => Some(image(url.clone())),
        Part::ToolCall(_) | Part::ToolResult { .. } => None,
    });
    wire::Content::Parts(parts.collect())
}

fn image<'a>(url: String) -> wire::Part<'a> {
    wire::Part::ImageUrl { image_url: wire::ImageUrl { url } }
}

fn calls(message: &Message) -> Vec<wire::ToolCall<'_>> {
    let calls = message.parts.iter().filter_map(|part| match part {
        Part::ToolCall(call) => Some(wire::ToolCall {
            id: &call.id,
            kind: "function",
            function: wire::Called { name: &call.name, arguments: call.arguments.to_string() },
        }),
        _ => None,
    });
    calls.collect()
}

/// The protocol has no field for a failure: the words say it.
fn result(part: &Part) -> Option<wire::Message<'_>> {
    let Part::ToolResult { id, content, failed } = part else { return None };
    let content = if *failed { format!("The tool failed: {content}") } else { content.clone() };
    let content = Some(wire::Content::Text(content));
    Some(wire::Message { role: "tool", content, tool_call_id: Some(id), tool_calls: Vec::new() })
}

fn tool(tool: &crate::llm::Tool) -> wire::Tool<'_> {
    let function =
        wire::Function { name: &tool.name, description: &tool.description, parameters: &tool.parameters };
    wire::Tool { kind: "function", function }
}

fn choice(request: &ChatRequest) -> Option<wire::ToolChoice<'_>> {
    // Without tools the field is refused.
    if request.tools.is_empty() {
        return None;
    }
    match &request.tool_choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(wire::ToolChoice::Word("none")),
        ToolChoice::Required => Some(wire::ToolChoice::Word("required")),
        ToolChoice::Tool { name } => {
            Some(wire::ToolChoice::Named { kind: "function", function: wire::Named { name } })
        }
    }
}

fn format(format: &ResponseFormat) -> Option<wire::ResponseFormat<'_>> {
    let ResponseFormat::JsonSchema { name, schema } = format else { return None };
    let json_schema = wire::JsonSchema { name, schema, strict: Schema::is_strict(schema) };
    Some(wire::ResponseFormat { kind: "json_schema", json_schema })
}
