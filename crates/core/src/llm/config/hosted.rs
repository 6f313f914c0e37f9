//! From a link of the chain to the adapter of its provider.

use std::sync::Arc;

use super::{
    link::Link,
    open::{Opened, lacking, wrong},
};
use crate::{
    clock::Clock,
    error::Result,
    llm::{Secret, http::HttpOptions},
};

/// What the adapters of hosted models have in common.
pub(super) struct Adapters<'a> {
    pub(super) http: HttpOptions,
    /// The most tokens of an answer where a request does not say.
    pub(super) most: u32,
    pub(super) variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    pub(super) clock: &'a Arc<dyn Clock>,
}

impl Adapters<'_> {
    /// The adapter of the provider, as far as this build has it, and one that embeds where a model for it is named.
    pub(super) fn open(&self, link: Link, embedding: Option<String>) -> Result<Opened> {
        let key = self.key(&link)?;
        let Link { provider, model, base_url, .. } = link;
        match provider {
            #[cfg(feature = "openai")]
            "openai" => {
                use crate::llm::openai::{OpenAi, OpenAiOptions};
                let mut options = OpenAiOptions::new(key);
                // `max_tokens` is what compatible servers know; OpenAI itself wants the newer name.
                options.max_completion_tokens = base_url.is_none();
                options.base_url = base_url.unwrap_or(options.base_url);
                (options.http, options.max_output_tokens) = (self.http.clone(), self.most);
                let server = OpenAi::new(model, options, Arc::clone(self.clock))?;
                let embedder = embedding.map(|model| Arc::new(server.embedder(model)) as _);
                Ok((Arc::new(server), embedder))
            }
            #[cfg(feature = "anthropic")]
            "anthropic" => {
                use crate::llm::anthropic::{Anthropic, AnthropicOptions};
                if embedding.is_some() {
                    return Err(wrong(
                        "llm.embedding_model",
                        "`anthropic` has no embeddings: leave `llm.embedding_model` out",
                    ));
                }
                let mut options = AnthropicOptions::new(key);
                options.base_url = base_url.unwrap_or(options.base_url);
                (options.http, options.max_output_tokens) = (self.http.clone(), self.most);
                Ok((Arc::new(Anthropic::new(model, options, Arc::clone(self.clock))?), None))
            }
            other => Err(lacking(other)),
        }
    }

    fn key(&self, link: &Link) -> Result<Option<Secret>> {
        let usual = if link.provider == "openai" { "OPENAI_API_KEY" } else { "ANTHROPIC_API_KEY" };
        let name = link.key_variable.as_deref().unwrap_or(usual);
        let key = (self.variable)(name).filter(|value| !value.trim().is_empty()).map(Secret::new);
        // A server of one's own may need no key; one that was named, or a provider's own server, does.
        if key.is_none() && (link.key_variable.is_some() || link.base_url.is_none()) {
            let shown = crate::suggest::shortened(&name.escape_debug().to_string(), 60);
            let message = format!(
                "the environment variable `{shown}` does not hold the key of `{}`: set it, or name another by `llm.key_variable`",
                link.provider
            );
            return Err(wrong("llm.key_variable", message));
        }
        Ok(key)
    }
}
