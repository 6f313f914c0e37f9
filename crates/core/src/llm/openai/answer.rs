//! From the events of the stream to deltas.

use super::wire;
use crate::{
    error::{Error, ErrorKind, Result, Retry},
    llm::{
        Delta, FinishReason, Usage, broken,
        http::{Assembly, explain, misfit},
        sse::Event,
    },
};

/// A completion that is being received. Usage comes behind the reason of the end, so both are kept until `[DONE]`.
#[derive(Default)]
pub(super) struct Completion {
    started: bool,
    reason: Option<FinishReason>,
    usage: Option<Usage>,
    /// The calls that have begun.
    calls: Vec<u32>,
}

impl Assembly for Completion {
    fn event(&mut self, event: &Event) -> Result<Vec<Delta>> {
        if event.data.trim() == "[DONE]" {
            return self.done();
        }
        // Compatible servers answer a failure in the middle with an event of its own, or with an `error` in place of choices.
        if event.name == "error" || is_error(&event.data) {
            return Err(failure(&event.data));
        }
        let chunk: wire::Chunk =
            serde_json::from_str(&event.data).map_err(|error| misfit("an event", &error))?;
        let mut deltas = Vec::new();
        if let Some(model) = chunk.model.filter(|_| !self.started) {
            self.started = true;
            deltas.push(Delta::Start { model, cached: false });
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.into());
        }
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            self.choice(choice, &mut deltas)?;
        }
        Ok(deltas)
    }
}

impl Completion {
    fn choice(&mut self, choice: wire::Choice, deltas: &mut Vec<Delta>) -> Result<()> {
        let delta = choice.delta.unwrap_or_default();
        if delta.refusal.as_ref().is_some_and(|text| !text.is_empty()) {
            self.reason = Some(FinishReason::Refused);
        }
        let texts = delta.content.into_iter().chain(delta.refusal).filter(|text| !text.is_empty());
        deltas.extend(texts.map(|text| Delta::Text { text }));
        for call in delta.tool_calls.unwrap_or_default() {
            self.call(call, deltas)?;
        }
        if let Some(reason) = choice.finish_reason
            && self.reason != Some(FinishReason::Refused)
        {
            self.reason = Some(match reason.as_str() {
                "length" => FinishReason::Length,
                "tool_calls" | "function_call" => FinishReason::ToolCalls,
                "content_filter" => FinishReason::Refused,
                // A forced call ends with `stop`, too.
                _ if self.calls.is_empty() => FinishReason::Stop,
                _ => FinishReason::ToolCalls,
            });
        }
        Ok(())
    }

    fn call(&mut self, call: wire::CallDelta, deltas: &mut Vec<Delta>) -> Result<()> {
        let (name, arguments) =
            call.function.map(|function| (function.name, function.arguments)).unwrap_or_default();
        let index = call.index;
        if !self.calls.contains(&index) {
            let name = name.ok_or_else(|| broken(format!("call {index} of a tool begins without a name")))?;
            let id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{index}"));
            self.calls.push(index);
            deltas.push(Delta::ToolCall { index, id, name });
        }
        deltas.extend(arguments.filter(|json| !json.is_empty()).map(|json| Delta::Arguments { index, json }));
        Ok(())
    }

    fn done(&mut self) -> Result<Vec<Delta>> {
        let reason = self.reason.take().ok_or_else(crate::llm::cut)?;
        let usage = self.usage.take().map(Delta::Usage);
        Ok(usage.into_iter().chain([Delta::Finish { reason }]).collect())
    }
}

impl From<wire::Usage> for Usage {
    fn from(usage: wire::Usage) -> Self {
        Self {
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
            cached_tokens: usage.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0),
        }
    }
}

fn is_error(data: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Failing {
        #[serde(default)]
        error: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_str::<Failing>(data).is_ok_and(|failing| failing.error.is_some())
}

fn failure(data: &str) -> Error {
    let (code, said) = explain(data.as_bytes());
    let kind = match code.as_deref() {
        Some("rate_limit_exceeded" | "insufficient_quota") => ErrorKind::LimitExceeded,
        Some("invalid_request_error") => ErrorKind::InvalidInput,
        _ => ErrorKind::Unavailable,
    };
    let retry = if kind == ErrorKind::InvalidInput || code.as_deref() == Some("insufficient_quota") {
        Retry::Never
    } else {
        Retry::Now
    };
    let said = said.unwrap_or_else(|| "it does not say why".to_owned());
    Error::new(kind, format!("the model's server failed within the answer: {said}")).retry(retry)
}
