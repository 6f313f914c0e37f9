//! Takes secrets and addresses out of what is sent.

mod restore;
mod rules;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use serde_json::Value;

use self::restore::restored;
pub use self::rules::Redaction;
use crate::{
    error::Result,
    llm::{
        Capabilities, ChatModel, ChatRequest, DeltaStream, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, ModelCard, Part,
    },
};

/// A model that does not see what its [`Redaction`] finds: in texts, in results and arguments of tools (values, numbers and the names of
/// fields). Each different find becomes a
/// placeholder such as `[EMAIL_1]`, the same one wherever it stands in the request; where the redaction says so, a placeholder in the answer becomes what it
/// stood for. Pictures and the URLs of pictures are not looked at, and neither is what the program itself says: names, descriptions and
/// schemas of tools, the schema of the answer, texts of `stop`.
pub struct Redacted<M: ?Sized> {
    inner: Arc<M>,
    redaction: Arc<Redaction>,
}

impl<M: ?Sized> Redacted<M> {
    /// `inner` behind `redaction`.
    pub fn new(inner: Arc<M>, redaction: Arc<Redaction>) -> Self {
        Self { inner, redaction }
    }
}

/// What stands for what, in one call.
#[derive(Default)]
pub(crate) struct Found {
    /// From what was found to its placeholder.
    placeholders: BTreeMap<String, String>,
    counts: BTreeMap<String, usize>,
}

impl Found {
    /// The placeholder of `original`.
    fn placeholder(&mut self, name: &str, original: &str) -> String {
        if let Some(known) = self.placeholders.get(original) {
            return known.clone();
        }
        let count = self.counts.entry(name.to_owned()).or_default();
        *count += 1;
        let placeholder = format!("[{name}_{count}]");
        self.placeholders.insert(original.to_owned(), placeholder.clone());
        placeholder
    }

    /// From placeholders to what they stand for.
    fn originals(self) -> BTreeMap<String, String> {
        self.placeholders.into_iter().map(|(original, placeholder)| (placeholder, original)).collect()
    }
}

impl Redaction {
    /// The request without what the rules find.
    pub(crate) fn request(&self, request: &ChatRequest, found: &mut Found) -> ChatRequest {
        let mut request = request.clone();
        for message in &mut request.messages {
            self.across(&mut message.parts);
        }
        for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
            match part {
                Part::Text { text } | Part::ToolResult { content: text, .. } => self.replace(text, found),
                Part::ToolCall(call) => self.value(&mut call.arguments, found),
                Part::Image { .. } | Part::ImageUrl { .. } => {}
            }
        }
        request
    }

    /// Puts texts that follow each other together where something lies across them: to who is sent them they are one.
    fn across(&self, parts: &mut Vec<Part>) {
        let mut result: Vec<Part> = Vec::with_capacity(parts.len());
        for run in std::mem::take(parts).chunk_by(|a, b| is_text(a) && is_text(b)) {
            let texts: Vec<&str> = run.iter().filter_map(text_of).collect();
            if texts.len() < 2 {
                result.extend_from_slice(run);
                continue;
            }
            let whole = texts.concat();
            let found: Vec<_> = self.places(&whole).collect();
            let (mut end, mut joined) = (0, String::new());
            for text in texts {
                joined.push_str(text);
                end += text.len();
                if !found.iter().any(|place| place.start < end && end < place.end) {
                    result.push(Part::Text { text: std::mem::take(&mut joined) });
                }
            }
        }
        *parts = result;
    }

    pub(crate) fn replace(&self, text: &mut String, found: &mut Found) {
        if let Cow::Owned(clean) = self.text(text, found) {
            *text = clean;
        }
    }

    fn value(&self, value: &mut Value, found: &mut Found) {
        match value {
            Value::String(text) => self.replace(text, found),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item, found)),
            Value::Object(fields) => {
                let named = std::mem::take(fields).into_iter().map(|(mut name, mut field)| {
                    self.replace(&mut name, found);
                    self.value(&mut field, found);
                    (name, field)
                });
                *fields = named.collect();
            }
            Value::Number(number) => {
                let text = number.to_string();
                let clean = self.text(&text, found);
                if clean != text {
                    *value = Value::String(clean.into_owned());
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

fn text_of(part: &Part) -> Option<&str> {
    match part {
        Part::Text { text } => Some(text),
        _ => None,
    }
}

fn is_text(part: &Part) -> bool {
    text_of(part).is_some()
}

#[async_trait]
impl ChatModel for Redacted<dyn ChatModel> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> Result<DeltaStream> {
        let mut found = Found::default();
        let clean = self.redaction.request(&request, &mut found);
        let deltas = self.inner.stream(Arc::new(clean)).await?;
        let originals = found.originals();
        Ok(if self.redaction.restores() && !originals.is_empty() {
            restored(deltas, originals).boxed()
        } else {
            deltas
        })
    }

    fn prompt_tokens(&self, request: &ChatRequest) -> u64 {
        self.inner.prompt_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}

#[async_trait]
impl Embedder for Redacted<dyn Embedder> {
    fn capabilities(&self) -> &EmbedCapabilities {
        self.inner.capabilities()
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        let (mut found, mut request) = (Found::default(), (*request).clone());
        for text in &mut request.texts {
            self.redaction.replace(text, &mut found);
        }
        self.inner.embed(Arc::new(request)).await
    }

    fn input_tokens(&self, request: &EmbedRequest) -> u64 {
        self.inner.input_tokens(request)
    }

    async fn models(&self) -> Result<Vec<ModelCard>> {
        self.inner.models().await
    }
}
