//! From the events of the stream to deltas.

use serde_json::Value;

use super::{ask, wire};
use crate::{
    error::{Error, ErrorKind, Result, Retry},
    llm::{
        Delta, FinishReason, Usage, broken, cut,
        http::{Assembly, explain, misfit},
        sse::Event,
    },
};

/// A message that is being received.
#[derive(Default)]
pub(super) struct Answer {
    usage: Usage,
    reason: Option<FinishReason>,
    /// The numbers of the content blocks that are calls of tools, in order: calls are counted by themselves.
    calls: Vec<u32>,
    /// Where the answer is the arguments of a tool.
    structured: Option<Wrapped>,
}

/// How the answer is in the arguments of a tool.
enum Wrapped {
    /// They are the answer.
    Bare,
    /// They are an object with the answer as its only field; the text of it so far.
    Field(String),
}

impl Answer {
    /// The answer is the arguments of a tool, which fit `schema`.
    pub(super) fn of_tool(schema: &Value) -> Self {
        let wrapped = if ask::is_object(schema) { Wrapped::Bare } else { Wrapped::Field(String::new()) };
        Self { structured: Some(wrapped), ..Self::default() }
    }
}

impl Assembly for Answer {
    fn event(&mut self, event: &Event) -> Result<Vec<Delta>> {
        if event.name == "error" {
            return Err(failure(&event.data));
        }
        let read: wire::Event =
            serde_json::from_str(&event.data).map_err(|error| misfit("an event", &error))?;
        Ok(match read {
            wire::Event::MessageStart { message } => {
                self.used(message.usage);
                vec![Delta::Start { model: message.model, cached: false }, Delta::Usage(self.usage)]
            }
            wire::Event::ContentBlockStart { index, content_block } => self.block(index, content_block),
            wire::Event::ContentBlockDelta { index, delta } => self.delta(index, delta)?,
            wire::Event::MessageDelta { delta, usage } => {
                self.used(usage);
                self.stopped(delta.stop_reason.as_deref());
                vec![Delta::Usage(self.usage)]
            }
            wire::Event::MessageStop => self.done()?,
            wire::Event::Error {} => return Err(failure(&event.data)),
            wire::Event::Other => Vec::new(),
        })
    }
}

impl Answer {
    fn block(&mut self, index: u32, block: wire::BlockStart) -> Vec<Delta> {
        match block {
            // What the model says beside a structured answer is no part of it.
            wire::BlockStart::Text { text } if text.is_empty() || self.structured.is_some() => Vec::new(),
            wire::BlockStart::Text { text } => vec![Delta::Text { text }],
            wire::BlockStart::ToolUse { id, name } => {
                self.calls.push(index);
                let index = (self.calls.len() - 1) as u32;
                if self.structured.is_some() { Vec::new() } else { vec![Delta::ToolCall { index, id, name }] }
            }
            wire::BlockStart::Other => Vec::new(),
        }
    }

    fn delta(&mut self, index: u32, delta: wire::BlockDelta) -> Result<Vec<Delta>> {
        match delta {
            wire::BlockDelta::TextDelta { text } => {
                Ok(if self.structured.is_some() { Vec::new() } else { vec![Delta::Text { text }] })
            }
            wire::BlockDelta::InputJsonDelta { partial_json } => {
                let call = self.calls.iter().position(|known| *known == index);
                let call = call.ok_or_else(|| {
                    broken(format!("block {index} is no call of a tool, but has arguments"))
                })?;
                Ok(self.arguments(call as u32, partial_json))
            }
            wire::BlockDelta::Other => Ok(Vec::new()),
        }
    }

    fn arguments(&mut self, call: u32, json: String) -> Vec<Delta> {
        match &mut self.structured {
            // Tools in parallel are switched off; should there be a second answer, the first one holds.
            Some(_) if call > 0 => Vec::new(),
            Some(Wrapped::Bare) => vec![Delta::Text { text: json }],
            Some(Wrapped::Field(text)) => {
                text.push_str(&json);
                Vec::new()
            }
            None if json.is_empty() => Vec::new(),
            None => vec![Delta::Arguments { index: call, json }],
        }
    }

    fn used(&mut self, usage: Option<wire::Usage>) {
        let Some(usage) = usage else { return };
        let cached = usage.cache_read_input_tokens;
        // `input_tokens` leaves out what went into the cache or came from it.
        if let Some(plain) = usage.input_tokens {
            let written = usage.cache_creation_input_tokens.unwrap_or(0);
            self.usage.input_tokens = plain.saturating_add(written).saturating_add(cached.unwrap_or(0));
        }
        self.usage.cached_tokens = cached.unwrap_or(self.usage.cached_tokens);
        self.usage.output_tokens = usage.output_tokens.unwrap_or(self.usage.output_tokens);
    }

    fn stopped(&mut self, reason: Option<&str>) {
        let reason = match reason {
            None => return,
            Some("max_tokens" | "model_context_window_exceeded") => FinishReason::Length,
            Some("tool_use") if self.structured.is_none() => FinishReason::ToolCalls,
            Some("refusal") => FinishReason::Refused,
            // `end_turn`, `stop_sequence`, and `tool_use` where the tool is the answer.
            Some(_) => FinishReason::Stop,
        };
        self.reason = Some(reason);
    }

    fn done(&mut self) -> Result<Vec<Delta>> {
        let reason = self.reason.take().ok_or_else(cut)?;
        let mut deltas = Vec::new();
        if let Some(Wrapped::Field(text)) = &self.structured
            && let Ok(arguments) = serde_json::from_str::<Value>(text)
            && let Some(value) = arguments.get(ask::VALUE)
        {
            deltas.push(Delta::Text { text: value.to_string() });
        }
        deltas.push(Delta::Finish { reason });
        Ok(deltas)
    }
}

fn failure(data: &str) -> Error {
    let (code, said) = explain(data.as_bytes());
    let (kind, retry) = match code.as_deref() {
        Some("rate_limit_error") => (ErrorKind::LimitExceeded, Retry::Now),
        Some("billing_error") => (ErrorKind::LimitExceeded, Retry::Never),
        Some("invalid_request_error") => (ErrorKind::InvalidInput, Retry::Never),
        Some("authentication_error") => (ErrorKind::Unauthenticated, Retry::Never),
        Some("permission_error") => (ErrorKind::PermissionDenied, Retry::Never),
        Some("timeout_error") => (ErrorKind::Timeout, Retry::Now),
        _ => (ErrorKind::Unavailable, Retry::Now),
    };
    let said = said.unwrap_or_else(|| "it does not say why".to_owned());
    Error::new(kind, format!("the model's server failed within the answer: {said}")).retry(retry)
}
