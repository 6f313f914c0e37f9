//! A model that repeats what it hears: small, deterministic, with every capability. Servers of tests speak with its voice.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use heptad_core::{
    Result,
    llm::{
        Capabilities, ChatModel, ChatRequest, Delta, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, FinishReason, ResponseFormat, Role, Structured, ToolChoice, Usage,
    },
};
use serde_json::{Map, Value, json};

/// Repeats the last message of the user, a token a word. Asked for a schema it answers with the simplest document that fits, told to call a tool it calls it
/// with such arguments. As an [`Embedder`] it counts letters.
pub struct Parrot {
    capabilities: Capabilities,
    embed: EmbedCapabilities,
}

impl Parrot {
    /// A parrot.
    pub fn new() -> Self {
        let mut all = Capabilities::new("parrot", "parrot-1");
        (all.tools, all.forced_tools, all.images, all.sampling, all.seed) = (true, true, true, true, true);
        (all.local, all.max_stop, all.structured, all.structured_with_tools) =
            (true, 4, Structured::Masked, true);
        Self { capabilities: all, embed: EmbedCapabilities::new("parrot", "parrot-1", 64) }
    }

    /// The deltas of the answer, all at once.
    pub fn answer(&self, request: &ChatRequest) -> Vec<Delta> {
        let mut deltas =
            vec![Delta::Start { model: self.capabilities.model_of(request).to_owned(), cached: false }];
        let tool = match &request.tool_choice {
            ToolChoice::Required => request.tools.first(),
            ToolChoice::Tool { name } => request.tools.iter().find(|tool| tool.name == *name),
            ToolChoice::Auto | ToolChoice::None => None,
        };
        let (output, reason) = match (tool, &request.format) {
            (Some(tool), _) => {
                deltas.push(Delta::ToolCall { index: 0, id: "call-0".into(), name: tool.name.clone() });
                let json = example(&tool.parameters).to_string();
                let middle = json.char_indices().nth(json.chars().count() / 2).map_or(0, |(at, _)| at);
                let (head, tail) = json.split_at(middle);
                deltas.extend([head, tail].map(|json| Delta::Arguments { index: 0, json: json.to_owned() }));
                (1, FinishReason::ToolCalls)
            }
            (None, ResponseFormat::JsonSchema { schema, .. }) => {
                deltas.push(Delta::text(example(schema).to_string()));
                (1, FinishReason::Stop)
            }
            (None, _) => say(request, &mut deltas),
        };
        let heard: u64 =
            request.messages.iter().map(|message| message.text().split_whitespace().count() as u64).sum();
        deltas.push(Delta::Usage(Usage {
            input_tokens: heard.max(1),
            output_tokens: output,
            cached_tokens: 0,
        }));
        deltas.push(Delta::Finish { reason });
        deltas
    }
}

impl Default for Parrot {
    fn default() -> Self {
        Self::new()
    }
}

fn say(request: &ChatRequest, deltas: &mut Vec<Delta>) -> (u64, FinishReason) {
    let heard = request
        .messages
        .iter()
        .rev()
        .find(|message| message.role == Role::User)
        .map(|message| message.text());
    let heard = heard.unwrap_or_else(|| "Nothing to repeat.".to_owned());
    let end = request.stop.iter().filter_map(|stop| heard.find(stop.as_str())).min().unwrap_or(heard.len());
    let words: Vec<&str> = heard[..end].split_inclusive(' ').collect();
    let most = request.max_tokens.map_or(usize::MAX, |most| most as usize);
    deltas.extend(words.iter().take(most).map(|word| Delta::text(*word)));
    let reason = if words.len() > most { FinishReason::Length } else { FinishReason::Stop };
    (words.len().min(most) as u64, reason)
}

/// The simplest instance of a schema made of types, enumerations, properties and items.
fn example(schema: &Value) -> Value {
    if let Some(choice) = schema.get("enum").and_then(|choices| choices.get(0)) {
        return choice.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            Value::Object(
                properties.map(|(name, schema)| (name.clone(), example(schema))).collect::<Map<_, _>>(),
            )
        }
        Some("array") => json!([example(schema.get("items").unwrap_or(&Value::Null))]),
        Some("string") => json!("Ünïcödé \"quoted\""),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}

#[async_trait]
impl ChatModel for Parrot {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        self.capabilities.check(&request)?;
        Ok(stream::iter(self.answer(&request).into_iter().map(Ok)).boxed())
    }
}

#[async_trait]
impl Embedder for Parrot {
    fn capabilities(&self) -> &EmbedCapabilities {
        &self.embed
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        self.embed.check(&request)?;
        let vectors = request.texts.iter().map(|text| Self::vector(text)).collect();
        let usage = Usage { input_tokens: request.texts.len() as u64, ..Usage::default() };
        Ok(Embeddings { model: self.embed.model.clone(), vectors, usage })
    }
}

impl Parrot {
    /// How often each of eight classes of bytes is in the text, as a vector of length 1.
    pub fn vector(text: &str) -> Vec<f32> {
        let mut counts = [0.0_f32; 8];
        for byte in text.bytes() {
            counts[usize::from(byte % 8)] += 1.0;
        }
        let length = counts.iter().map(|count| count * count).sum::<f32>().sqrt();
        counts.iter().map(|count| count / length).collect()
    }
}
