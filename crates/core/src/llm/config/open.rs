//! From the configuration to models within their layers.

use std::{path::Path, sync::Arc};

use super::keys::{self, *};
use crate::{
    clock::Clock,
    config::Config,
    error::{Error, ErrorKind, Result},
    llm::{
        ChatModel, Embedder, Models,
        cassette::{Player, Recorder},
        layers::{
            Budget, BudgetLimits, CachePolicy, Period, RateLimit, Redaction, RetryPolicy, Stack, Timeouts,
        },
        money::{Money, Prices},
    },
    store::Store,
    telemetry::Metrics,
};

/// Models without layers.
type Bare = (Arc<dyn ChatModel>, Option<Arc<dyn Embedder>>);

/// The models that `config` chooses, within their layers; none where it chooses none. `variable` looks up an environment variable: the
/// one that holds the key.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) where keys do not fit together, [`Unsupported`](ErrorKind::Unsupported) where this build lacks
/// the provider, [`NotFound`](ErrorKind::NotFound) where a file does not exist.
pub async fn open(
    config: &Config,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    store: &Arc<dyn Store>,
    metrics: &Metrics,
    clock: &Arc<dyn Clock>,
) -> Result<Models> {
    let Some((mut chat, mut embedder)) = bare(config, variable, clock).await? else {
        return Ok(Models::default());
    };
    if let Some(path) = config.get(&LLM_RECORD) {
        chat = Arc::new(Recorder::<dyn ChatModel>::open(chat, &path).await?);
        if let Some(inner) = embedder.take() {
            embedder = Some(Arc::new(Recorder::<dyn Embedder>::open(inner, &path).await?));
        }
    }
    let stack = layers(Stack::new(chat, Arc::clone(clock)), config, store, metrics, clock).await?;
    let embedder = embedder.map(|embedder| stack.embedder(embedder));
    Ok(Models { chat: Some(stack.build()), embedder })
}

async fn bare(
    config: &Config,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    clock: &Arc<dyn Clock>,
) -> Result<Option<Bare>> {
    if let Some(path) = config.get(&LLM_REPLAY) {
        let player = Arc::new(Player::open(&path).await?);
        return Ok(Some((Arc::clone(&player) as Arc<dyn ChatModel>, Some(player))));
    }
    let Some(provider) = config.get(&LLM_PROVIDER) else {
        return match config.get(&LLM_MODEL) {
            None => Ok(None),
            Some(_) => Err(wrong(
                "llm.provider",
                "there is an `llm.model`, but no `llm.provider`: set it to `openai` or `anthropic`",
            )),
        };
    };
    let Some(model) = config.get(&LLM_MODEL) else {
        return Err(wrong(
            "llm.model",
            "there is an `llm.provider`, but no `llm.model`: name the model that is to answer",
        ));
    };
    hosted(provider, model, config, variable, clock).map(Some)
}

#[cfg(not(any(feature = "openai", feature = "anthropic")))]
fn hosted(
    provider: &'static str,
    _model: String,
    _config: &Config,
    _variable: &(dyn Fn(&str) -> Option<String> + Sync),
    _clock: &Arc<dyn Clock>,
) -> Result<Bare> {
    Err(lacking(provider))
}

/// The provider's adapter, as far as this build has it.
#[cfg(any(feature = "openai", feature = "anthropic"))]
fn hosted(
    provider: &'static str,
    model: String,
    config: &Config,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    clock: &Arc<dyn Clock>,
) -> Result<Bare> {
    use crate::llm::{Secret, http::HttpOptions};
    let usual = if provider == "openai" { "OPENAI_API_KEY" } else { "ANTHROPIC_API_KEY" };
    let named = config.get(&LLM_KEY_VARIABLE);
    let name = named.as_deref().unwrap_or(usual);
    let key = variable(name).filter(|value| !value.trim().is_empty()).map(Secret::new);
    let base_url = config.get(&LLM_BASE_URL);
    // A server of one's own may need no key; one that was named, or a provider's own server, does.
    if key.is_none() && (named.is_some() || base_url.is_none()) {
        let shown = crate::suggest::shortened(&name.escape_debug().to_string(), 60);
        let message = format!(
            "the environment variable `{shown}` does not hold the key of `{provider}`: set it, or name another by `llm.key_variable`"
        );
        return Err(wrong("llm.key_variable", message));
    }
    let http = HttpOptions {
        connect_timeout: config.get(&LLM_CONNECT_TIMEOUT),
        allow_http: config.get(&LLM_ALLOW_HTTP),
        proxy: config.get(&LLM_PROXY),
    };
    let most = config.get(&LLM_MAX_OUTPUT_TOKENS);
    match provider {
        #[cfg(feature = "openai")]
        "openai" => {
            use crate::llm::openai::{OpenAi, OpenAiOptions};
            let mut options = OpenAiOptions::new(key);
            // `max_tokens` is what compatible servers know; OpenAI itself wants the newer name.
            options.max_completion_tokens = base_url.is_none();
            options.base_url = base_url.unwrap_or(options.base_url);
            (options.http, options.max_output_tokens) = (http, most);
            let server = OpenAi::new(model, options, Arc::clone(clock))?;
            let embedder = config
                .get(&LLM_EMBEDDING_MODEL)
                .map(|model| Arc::new(server.embedder(model)) as Arc<dyn Embedder>);
            Ok((Arc::new(server), embedder))
        }
        #[cfg(feature = "anthropic")]
        "anthropic" => {
            use crate::llm::anthropic::{Anthropic, AnthropicOptions};
            if config.get(&LLM_EMBEDDING_MODEL).is_some() {
                return Err(wrong(
                    "llm.embedding_model",
                    "`anthropic` has no embeddings: leave `llm.embedding_model` out",
                ));
            }
            let mut options = AnthropicOptions::new(key);
            options.base_url = base_url.unwrap_or(options.base_url);
            (options.http, options.max_output_tokens) = (http, most);
            Ok((Arc::new(Anthropic::new(model, options, Arc::clone(clock))?), None))
        }
        other => Err(lacking(other)),
    }
}

fn lacking(provider: &str) -> Error {
    let message = format!("this build lacks the feature `{provider}`, which `llm.provider` asks for");
    Error::new(ErrorKind::Unsupported, message).with("field", "llm.provider")
}

async fn layers(
    stack: Stack,
    config: &Config,
    store: &Arc<dyn Store>,
    metrics: &Metrics,
    clock: &Arc<dyn Clock>,
) -> Result<Stack> {
    let limits = limits(config)?;
    let prices = Arc::new(match config.get(&LLM_PRICES) {
        Some(path) => Prices::parse(&path.display().to_string(), &read(&path).await?)?,
        None => Prices::default(),
    });
    let timeouts = Timeouts {
        first: config.get(&LLM_FIRST_TIMEOUT),
        between: config.get(&LLM_PAUSE_TIMEOUT),
        total: config.get(&LLM_TOTAL_TIMEOUT),
    };
    let rate = RateLimit {
        requests_per_minute: config.get(&LLM_REQUESTS_PER_MINUTE),
        tokens_per_minute: config.get(&LLM_TOKENS_PER_MINUTE),
        ..RateLimit::default()
    };
    let retry = RetryPolicy { attempts: config.get(&LLM_ATTEMPTS), ..RetryPolicy::default() };
    let mut stack =
        stack.timeouts(timeouts).rate_limit(rate).retry(retry).metrics(metrics).prices(Arc::clone(&prices));
    if let Some(limits) = limits {
        let budget = Budget::new(Arc::clone(store), limits, prices, Arc::clone(clock));
        stack = stack.budget(Arc::new(budget));
    }
    if let Some(ttl) = config.get(&LLM_CACHE_TTL) {
        stack = stack.cache(Arc::clone(store), CachePolicy { ttl, everything: false });
    }
    if config.get(&LLM_REDACT) {
        stack = stack.redact(Redaction::built_in().restoring());
    }
    Ok(stack)
}

fn limits(config: &Config) -> Result<Option<BudgetLimits>> {
    let money = config.get(&LLM_BUDGET_MONEY).map(|text| Money::parse(&text)).transpose();
    let money = money.map_err(|error| error.with("field", keys::LLM_BUDGET_MONEY.declaration().name))?;
    if money.is_some() && config.get(&LLM_PRICES).is_none() {
        return Err(wrong(
            "llm.prices",
            "there is a budget of money, but no price list: name one by `llm.prices`",
        ));
    }
    let tokens = config.get(&LLM_BUDGET_TOKENS);
    let period = if config.get(&LLM_BUDGET_PERIOD) == "day" { Period::Day } else { Period::Month };
    Ok((tokens.is_some() || money.is_some()).then_some(BudgetLimits { tokens, money, period }))
}

fn wrong(field: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid(message).with("field", field)
}

async fn read(path: &Path) -> Result<String> {
    let (owned, name) = (path.to_owned(), path.display().to_string());
    let reading = tokio::task::spawn_blocking(move || std::fs::read_to_string(owned));
    let read = reading
        .await
        .map_err(|error| Error::internal("the reader of the price list panicked").because(error))?;
    read.map_err(|error| {
        let kind = if error.kind() == std::io::ErrorKind::NotFound {
            ErrorKind::NotFound
        } else {
            ErrorKind::Unavailable
        };
        Error::new(kind, format!("the price list {name} cannot be read")).because(error)
    })
}
