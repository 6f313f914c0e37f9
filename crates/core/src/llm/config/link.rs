//! A model of a chain, as the configuration names it.

use super::{
    keys::{LLM_BASE_URL, LLM_KEY_VARIABLE, LLM_MODEL, LLM_PROVIDER},
    open::wrong,
};
use crate::{
    config::Config,
    error::Result,
    suggest::{did_you_mean, shortened},
};

/// Who can be named.
const PROVIDERS: [&str; 3] = ["openai", "anthropic", "local"];

/// One model: who provides it, and how it is reached where that is not the provider's own way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) provider: &'static str,
    pub(super) model: String,
    pub(super) base_url: Option<String>,
    pub(super) key_variable: Option<String>,
}

impl Link {
    /// The first of the chain: `llm.provider` with the keys beside it.
    pub(super) fn first(config: &Config) -> Result<Option<Self>> {
        let (provider, model) = match (config.get(&LLM_PROVIDER), config.get(&LLM_MODEL)) {
            (None, None) => return Ok(None),
            (Some(provider), Some(model)) => (provider, model),
            (None, Some(_)) => {
                let message = "there is an `llm.model`, but no `llm.provider`: set it to `openai`, `anthropic` or `local`";
                return Err(wrong("llm.provider", message));
            }
            (Some(_), None) => {
                let message =
                    "there is an `llm.provider`, but no `llm.model`: name the model that is to answer";
                return Err(wrong("llm.model", message));
            }
        };
        let (base_url, key_variable) = (config.get(&LLM_BASE_URL), config.get(&LLM_KEY_VARIABLE));
        Ok(Some(Self { provider, model, base_url, key_variable }))
    }

    /// One that stands in: `provider:model`, then `base_url=…` and `key_variable=…` where they are needed; `local:` and the path of a file.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let refused = |what: String| {
            let right = "write `openai:model` or `anthropic:model`, with `base_url=…` and `key_variable=…` behind it, or `local:` and a GGUF file";
            wrong("llm.fallback", format!("{what}: {right}"))
        };
        let shown = |text: &str| shortened(&text.escape_debug().to_string(), 60);
        // A path may hold spaces, and a file is reached in no other way.
        if let Some(file) = text.trim().strip_prefix("local:").map(str::trim).filter(|file| !file.is_empty())
        {
            return Ok(Self {
                provider: "local",
                model: file.to_owned(),
                base_url: None,
                key_variable: None,
            });
        }
        let mut words = text.split_whitespace();
        let named = words.next().unwrap_or_default();
        let Some((provider, model)) = named.split_once(':').filter(|(_, model)| !model.is_empty()) else {
            return Err(refused(format!("`{}` names no provider and model", shown(named))));
        };
        let Some(provider) = PROVIDERS.iter().find(|known| **known == provider) else {
            let hint = did_you_mean(provider, PROVIDERS);
            return Err(refused(format!("`{}` is no provider{hint}", shown(provider))));
        };
        let mut link = Self { provider, model: model.to_owned(), base_url: None, key_variable: None };
        for word in words {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let place = match name {
                "base_url" => &mut link.base_url,
                "key_variable" => &mut link.key_variable,
                _ => return Err(refused(format!("`{}` is nothing that a model has", shown(name)))),
            };
            if value.is_empty() || place.replace(value.to_owned()).is_some() {
                return Err(refused(format!("`{}` has no value, or two", shown(name))));
            }
        }
        Ok(link)
    }
}

#[cfg(test)]
mod tests {
    use super::Link;

    #[test]
    fn a_link_is_a_provider_a_model_and_how_it_is_reached() {
        let plain =
            Link { provider: "anthropic", model: "claude:1".into(), base_url: None, key_variable: None };
        assert_eq!(Link::parse("anthropic:claude:1").expect("a link"), plain);
        let own = Link::parse(" openai:qwen  key_variable=K base_url=http://127.0.0.1:8000/v1?a=b ")
            .expect("a link");
        assert_eq!(
            (own.provider, own.model.as_str(), own.key_variable.as_deref()),
            ("openai", "qwen", Some("K"))
        );
        assert_eq!(own.base_url.as_deref(), Some("http://127.0.0.1:8000/v1?a=b"));
        let local = Link::parse(" local: models/a file.gguf ").expect("a link");
        assert_eq!((local.provider, local.model.as_str()), ("local", "models/a file.gguf"));
        for (text, want) in [
            ("local:", "names no provider and model"),
            ("", "names no provider and model"),
            ("gpt", "names no provider and model"),
            ("openai:", "names no provider and model"),
            ("opnai:gpt", "did you mean `openai`?"),
            ("openai:gpt key=sk-1", "`key` is nothing that a model has"),
            ("openai:gpt base_url", "has no value, or two"),
            ("openai:gpt base_url=a base_url=b", "has no value, or two"),
        ] {
            let error = Link::parse(text).expect_err("no link");
            assert!(error.message().contains(want), "{text}: {error}");
        }
    }
}
