//! What a model answers: as a stream of deltas, and folded into one whole.

use futures_core::Stream;
use futures_util::{StreamExt as _, stream::BoxStream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::message::{Message, Part, Role, ToolCall};
use crate::error::{Error, ErrorKind, Result, Retry};

/// The answer as it comes. Dropping it tells the model to stop: a hosted one loses its connection, a local one its turn.
pub type DeltaStream = BoxStream<'static, Result<Delta>>;

/// One step of an answer.
///
/// [`Start`](Self::Start) comes first; [`Finish`](Self::Finish) comes exactly once and last. A stream that ends without it was cut, and its last item is an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delta {
    /// The model begins.
    Start {
        /// The model that answers, as it calls itself.
        model: String,
        /// The answer was kept from an earlier call and costs nothing.
        #[serde(default)]
        cached: bool,
    },
    /// More text.
    Text {
        /// To be put behind what came before.
        text: String,
    },
    /// The model begins to call a tool.
    ToolCall {
        /// Which call of this answer, from 0.
        index: u32,
        /// The name of the call.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of the arguments of a call: a piece of JSON text.
    Arguments {
        /// Which call of this answer.
        index: u32,
        /// To be put behind what came before.
        json: String,
    },
    /// What the call has used up to here: each replaces the one before.
    Usage(Usage),
    /// The answer is complete.
    Finish {
        /// Why the model stopped.
        reason: FinishReason,
    },
}

impl Delta {
    /// More text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FinishReason {
    /// It had said everything, or came to one of the texts of `stop`.
    Stop,
    /// The answer reached `max_tokens`, or the conversation the size of the model's memory.
    Length,
    /// It waits for the results of the tools it called.
    ToolCalls,
    /// It refused, or the provider's filter took the answer back.
    Refused,
}

/// What a call used, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens of the conversation, those in the provider's cache included.
    pub input_tokens: u64,
    /// Tokens of the answer, hidden reasoning included.
    pub output_tokens: u64,
    /// Those of the input that the provider had in its cache.
    #[serde(default)]
    pub cached_tokens: u64,
}

impl Usage {
    /// Input and output.
    pub fn total(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatResponse {
    /// The model that answered, as it calls itself.
    pub model: String,
    /// Its text.
    pub text: String,
    /// The tools it calls.
    #[serde(default)]
    pub tool_calls: Vec<ToolCall>,
    /// What the call used.
    pub usage: Usage,
    /// Why it stopped.
    pub finish: FinishReason,
    /// The answer was kept from an earlier call and cost nothing.
    #[serde(default)]
    pub cached: bool,
}

impl ChatResponse {
    /// The answer as a turn of the conversation, for the next request.
    pub fn into_message(self) -> Message {
        let text = (!self.text.is_empty()).then_some(Part::Text { text: self.text });
        let parts = text.into_iter().chain(self.tool_calls.into_iter().map(Part::ToolCall)).collect();
        Message { role: Role::Assistant, parts }
    }

    /// The deltas that [`fold`] makes this answer of.
    pub fn into_deltas(self) -> Vec<Delta> {
        let mut deltas = vec![Delta::Start { model: self.model, cached: self.cached }];
        deltas.extend((!self.text.is_empty()).then_some(Delta::Text { text: self.text }));
        for (index, call) in (0..).zip(self.tool_calls) {
            deltas.push(Delta::ToolCall { index, id: call.id, name: call.name });
            deltas.push(Delta::Arguments { index, json: call.arguments.to_string() });
        }
        deltas.extend([Delta::Usage(self.usage), Delta::Finish { reason: self.finish }]);
        deltas
    }
}

/// Reads an answer to its end: the one way from deltas to a whole.
///
/// # Errors
/// What the stream fails with; [`Unavailable`](ErrorKind::Unavailable) where it ends before its [`Delta::Finish`] or where the arguments
/// of a call are not a JSON object.
pub async fn fold(deltas: impl Stream<Item = Result<Delta>>) -> Result<ChatResponse> {
    let mut fold = Fold::default();
    let mut deltas = std::pin::pin!(deltas);
    while let Some(delta) = deltas.next().await {
        fold.push(delta?)?;
    }
    fold.finish()
}

#[derive(Default)]
struct Fold {
    model: String,
    cached: bool,
    text: String,
    calls: Vec<(u32, ToolCall, String)>,
    usage: Usage,
    finish: Option<FinishReason>,
}

impl Fold {
    fn push(&mut self, delta: Delta) -> Result<()> {
        match delta {
            Delta::Start { model, cached } => (self.model, self.cached) = (model, cached),
            Delta::Text { text } => self.text.push_str(&text),
            Delta::ToolCall { index, id, name } => {
                self.calls.push((index, ToolCall { id, name, arguments: Value::Null }, String::new()));
            }
            Delta::Arguments { index, json } => {
                match self.calls.iter_mut().find(|(known, ..)| *known == index) {
                    Some((.., arguments)) => arguments.push_str(&json),
                    None => {
                        return Err(broken(format!(
                            "it gives arguments to call {index}, which it did not begin"
                        )));
                    }
                }
            }
            Delta::Usage(usage) => self.usage = usage,
            Delta::Finish { reason } => self.finish = Some(reason),
        }
        Ok(())
    }

    fn finish(self) -> Result<ChatResponse> {
        let finish = self.finish.ok_or_else(cut)?;
        let mut tool_calls = Vec::with_capacity(self.calls.len());
        for (_, mut call, arguments) in self.calls {
            // A tool without parameters is called with nothing at all by some providers.
            let text = if arguments.trim().is_empty() { "{}" } else { &*arguments };
            call.arguments = match serde_json::from_str(text) {
                Ok(Value::Object(object)) => Value::Object(object),
                // An answer that was stopped in the middle of a call is complete otherwise: the half call is left out.
                _ if finish == FinishReason::Length => continue,
                _ => return Err(broken(format!("the arguments of `{}` are not a JSON object", call.name))),
            };
            tool_calls.push(call);
        }
        let Self { model, cached, text, usage, .. } = self;
        Ok(ChatResponse { model, text, tool_calls, usage, finish, cached })
    }
}

/// The error of an answer that ends before the model said that it is complete.
pub(crate) fn cut() -> Error {
    let message = "the answer was cut off: its stream ended before the model said why it stopped";
    Error::new(ErrorKind::Unavailable, message).retry(Retry::Now)
}

/// The error of an answer that is not what the protocol says.
pub(crate) fn broken(what: impl Into<String>) -> Error {
    let message = format!("the answer of the model is malformed: {}", what.into());
    Error::new(ErrorKind::Unavailable, message).retry(Retry::Now)
}
