//! Structured answers are valid, or an error.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::{
    error::{Error, ErrorKind, Result},
    llm::{
        Capabilities, ChatModel, ChatRequest, ChatResponse, DeltaStream, FinishReason, Message, ModelCard,
        ResponseFormat, Schema, Structured, Usage, fold,
    },
};

/// How much of an answer the model is shown again.
const LONGEST_QUOTE: usize = 20_000;

/// A model whose structured answers fit their schema. An answer that does not is shown to the model with what is wrong with it, a bounded
/// number of times; then it is an error. Such answers come as one piece, for half a document cannot be checked. Answers that call tools, and requests without
/// a schema, pass untouched.
///
/// A model that knows nothing of schemas is told the schema in words.
pub struct Validated {
    inner: Arc<dyn ChatModel>,
    capabilities: Capabilities,
    repairs: u32,
}

impl Validated {
    /// `inner`, with up to `repairs` further attempts.
    pub fn new(inner: Arc<dyn ChatModel>, repairs: u32) -> Self {
        let mut capabilities = inner.capabilities().clone();
        if capabilities.structured == Structured::Unaware {
            capabilities.structured = Structured::Guided;
            capabilities.structured_with_tools = true;
        }
        Self { inner, capabilities, repairs }
    }

    /// The request as `inner` understands it.
    fn translated(&self, request: &ChatRequest, schema: &Value) -> ChatRequest {
        let mut request = request.clone();
        if self.inner.capabilities().structured == Structured::Unaware {
            request.format = ResponseFormat::Text;
            let instruction = format!(
                "Answer with one JSON document and nothing else. It must be valid against this JSON Schema:\n{schema}"
            );
            request.messages.insert(0, Message::system(instruction));
        }
        request
    }

    async fn answer(&self, request: &ChatRequest, text: &Value) -> Result<ChatResponse> {
        let schema = Schema::compile(text)?;
        let mut request = self.translated(request, text);
        let (mut usage, mut round) = (Usage::default(), 0);
        loop {
            let mut answer = fold(self.inner.stream(Arc::new(request.clone())).await?).await?;
            add(&mut usage, &answer.usage);
            answer.usage = usage;
            if answer.finish == FinishReason::ToolCalls {
                return Ok(answer);
            }
            // A masked document that was brought to its end in time is whole, and says by its reason that there was more to say.
            let closed =
                answer.finish == FinishReason::Length && self.capabilities.structured == Structured::Masked;
            if closed
                && let Ok(Ok(valid)) =
                    document(&ChatResponse { finish: FinishReason::Stop, ..answer.clone() }, &schema)
            {
                return Ok(ChatResponse { text: valid.to_string(), ..answer });
            }
            let wrong = match document(&answer, &schema)? {
                Ok(valid) => return Ok(ChatResponse { text: valid.to_string(), ..answer }),
                Err(wrong) => wrong,
            };
            if round == self.repairs {
                let message = format!(
                    "the answer of the model does not fit the schema after {} attempts: {wrong}",
                    round + 1
                );
                return Err(Error::new(ErrorKind::Unavailable, message).with("attempts", round + 1));
            }
            round += 1;
            tracing::debug!(target: "heptad::llm", round, "a structured answer is repaired");
            let quoted = crate::suggest::shortened(&answer.text, LONGEST_QUOTE);
            if !quoted.is_empty() {
                request.messages.push(Message::assistant(quoted));
            }
            let ask = format!(
                "That answer is not valid: {wrong}\nAnswer again, with the whole corrected JSON document and nothing else."
            );
            request.messages.push(Message::user(ask));
        }
    }
}

/// The document of an answer, or what is wrong with it.
///
/// # Errors
/// Where asking again cannot help: the answer was too long, or refused.
fn document(answer: &ChatResponse, schema: &Schema) -> Result<Result<Value, String>> {
    match answer.finish {
        FinishReason::Length => {
            let message =
                "the structured answer is longer than `max_tokens` allows, and half of it is no document";
            return Err(Error::new(ErrorKind::LimitExceeded, message).with("field", "max_tokens"));
        }
        FinishReason::Refused => {
            return Err(Error::invalid(
                "the model refused to answer, so there is no document that could fit the schema",
            ));
        }
        _ => {}
    }
    let text = bare(&answer.text);
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return Ok(Err(format!("it is not JSON: {error}"))),
    };
    let violations = schema.violations(&value);
    if violations.is_empty() {
        return Ok(Ok(value));
    }
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    Ok(Err(lines.join("; ")))
}

/// The document without the fence that models like to put around it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let Some(inner) = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else { return text };
    inner.split_once('\n').map_or(inner, |(_, document)| document).trim()
}

fn add(sum: &mut Usage, usage: &Usage) {
    sum.input_tokens = sum.input_tokens.saturating_add(usage.input_tokens);
    sum.output_tokens = sum.output_tokens.saturating_add(usage.output_tokens);
    sum.cached_tokens = sum.cached_tokens.saturating_add(usage.cached_tokens);
}

#[async_trait]
impl ChatModel for Validated {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let ResponseFormat::JsonSchema { schema, .. } = &request.format else {
            return self.inner.stream(request).await;
        };
        self.capabilities.check(&request)?;
        let answer = self.answer(&request, schema).await?;
        Ok(stream::iter(answer.into_deltas().into_iter().map(Ok)).boxed())
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.inner.prompt_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}
