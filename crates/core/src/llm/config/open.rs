//! From the configuration to models within their layers.

use std::{path::Path, sync::Arc};

#[cfg(any(feature = "openai", feature = "anthropic"))]
use super::hosted;
use super::{
    keys::{self, *},
    link::Link,
};
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
    suggest::did_you_mean,
    telemetry::Metrics,
};

/// Models without layers.
#[derive(Default)]
struct Bare {
    chat: Option<Arc<dyn ChatModel>>,
    fallback: Vec<Arc<dyn ChatModel>>,
    embedder: Option<Arc<dyn Embedder>>,
}

/// The models that `config` chooses, within their layers; none where it chooses none. `variable` looks up an environment variable: the
/// one that holds the key. `own` are those of the program: they stand in place of the configured ones, within the same layers and before the same
/// fallback.
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
    own: Models,
) -> Result<Models> {
    let Bare { chat, mut fallback, embedder } = bare(config, variable, clock).await?;
    let (mut chat, mut embedder) = (own.chat.or(chat), own.embedder.or(embedder));
    if let Some(path) = config.get(&LLM_RECORD) {
        for chat in chat.iter_mut().chain(&mut fallback) {
            *chat = Arc::new(Recorder::<dyn ChatModel>::open(Arc::clone(chat), &path).await?);
        }
        if let Some(inner) = embedder.take() {
            embedder = Some(Arc::new(Recorder::<dyn Embedder>::open(inner, &path).await?));
        }
    }
    if chat.is_none() && embedder.is_none() {
        return Ok(Models::default());
    }
    let stack = chat.into_iter().chain(fallback).fold(Stack::around_none(Arc::clone(clock)), Stack::fallback);
    let stack = layers(stack.fall_through(through(config)?), config, store, metrics, clock).await?;
    let embedder = embedder.map(|embedder| stack.embedder(embedder));
    Ok(Models { chat: stack.build_chat(), embedder })
}

/// Who embeds.
enum Embedding {
    /// The server of the first chat model, with this model.
    Beside(String),
    /// Another than who answers.
    Apart(Link),
}

impl Embedding {
    fn chosen(config: &Config, first: Option<&Link>) -> Result<Option<Self>> {
        let Some(model) = config.get(&LLM_EMBEDDING_MODEL) else {
            return match config.get(&LLM_EMBEDDING_PROVIDER) {
                None => Ok(None),
                Some(_) => Err(wrong(
                    "llm.embedding_model",
                    "there is an `llm.embedding_provider`, but no `llm.embedding_model`: name the model that is to embed",
                )),
            };
        };
        let answering = first.map(|link| link.provider);
        let Some(provider) = config.get(&LLM_EMBEDDING_PROVIDER).or(answering) else {
            return Err(wrong(
                "llm.embedding_provider",
                "there is an `llm.embedding_model`, but no `llm.embedding_provider`: set it to `openai` or `local`",
            ));
        };
        if provider != "local" && Some(provider) == answering {
            return Ok(Some(Self::Beside(model)));
        }
        Ok(Some(Self::Apart(Link { provider, model, base_url: None, key_variable: None })))
    }
}

async fn bare(
    config: &Config,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    clock: &Arc<dyn Clock>,
) -> Result<Bare> {
    if let Some(path) = config.get(&LLM_REPLAY) {
        let player = Arc::new(Player::open(&path).await?);
        return Ok(Bare {
            chat: Some(Arc::clone(&player) as _),
            fallback: Vec::new(),
            embedder: Some(player),
        });
    }
    let first = Link::first(config)?;
    let (beside, apart) = match Embedding::chosen(config, first.as_ref())? {
        None => (None, None),
        Some(Embedding::Beside(model)) => (Some(model), None),
        Some(Embedding::Apart(link)) => (None, Some(link)),
    };
    let mut chain: Vec<Link> = first.into_iter().collect();
    for text in config.get(&LLM_FALLBACK).unwrap_or_default() {
        let link = Link::parse(&text)?;
        if chain.is_empty() {
            let message = "there is an `llm.fallback`, but no `llm.provider`: who stands in needs somebody to stand in for";
            return Err(wrong("llm.provider", message));
        }
        chain.push(link);
    }
    let mut bare = Bare::default();
    let mut beside = beside;
    for link in chain {
        let (model, embedder) = model(link, beside.take(), config, variable, clock).await?;
        if bare.chat.is_none() {
            (bare.chat, bare.embedder) = (Some(model), embedder);
        } else {
            bare.fallback.push(model);
        }
    }
    match apart {
        None => {}
        Some(link) if link.provider == "local" => bare.embedder = Some(local_embedder(link, config).await?),
        Some(link) => {
            let name = link.model.clone();
            bare.embedder = hosted(link, Some(name), config, variable, clock).await?.1;
        }
    }
    Ok(bare)
}

/// A model, and what embeds beside it.
pub(super) type Opened = (Arc<dyn ChatModel>, Option<Arc<dyn Embedder>>);

/// The model that `link` names, and what embeds beside it with the model `embedding`.
async fn model(
    link: Link,
    embedding: Option<String>,
    config: &Config,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    clock: &Arc<dyn Clock>,
) -> Result<Opened> {
    match link.provider {
        "local" => Ok((local(link, config, clock).await?, None)),
        _ => hosted(link, embedding, config, variable, clock).await,
    }
}

/// A model on this machine.
#[cfg(feature = "candle")]
use super::local::open as local;

#[cfg(not(feature = "candle"))]
async fn local(link: Link, _config: &Config, _clock: &Arc<dyn Clock>) -> Result<Arc<dyn ChatModel>> {
    Err(lacking(link.provider))
}

/// A model on this machine that embeds, from the folder that `link` names.
#[cfg(feature = "candle")]
async fn local_embedder(link: Link, config: &Config) -> Result<Arc<dyn Embedder>> {
    let threads = config.get(&LLM_THREADS).unwrap_or(0) as usize;
    let opened = crate::llm::local_embed::LocalEmbedder::open(link.model, threads).await;
    Ok(Arc::new(opened.map_err(|error| error.with("field", "llm.embedding_model"))?))
}

#[cfg(not(feature = "candle"))]
async fn local_embedder(link: Link, _config: &Config) -> Result<Arc<dyn Embedder>> {
    Err(lacking(link.provider).with("field", "llm.embedding_provider"))
}

#[cfg(not(any(feature = "openai", feature = "anthropic")))]
async fn hosted(
    link: Link,
    _embedding: Option<String>,
    _config: &Config,
    _variable: &(dyn Fn(&str) -> Option<String> + Sync),
    _clock: &Arc<dyn Clock>,
) -> Result<Opened> {
    Err(lacking(link.provider))
}

/// The model of a server, which embeds with the model `embedding`.
#[cfg(any(feature = "openai", feature = "anthropic"))]
async fn hosted(
    link: Link,
    embedding: Option<String>,
    config: &Config,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    clock: &Arc<dyn Clock>,
) -> Result<Opened> {
    use crate::http::{Authorities, HttpOptions};
    let authorities = match config.get(&LLM_CA_FILE) {
        None => Authorities::default(),
        Some(path) => {
            Authorities::parse(&path.display().to_string(), &read("the list of certificates", &path).await?)
                .map_err(|error| error.with("field", "llm.ca_file"))?
        }
    };
    let http = HttpOptions {
        connect_timeout: config.get(&LLM_CONNECT_TIMEOUT),
        allow_http: config.get(&LLM_ALLOW_HTTP),
        authorities,
        proxy: config.get(&LLM_PROXY),
    };
    hosted::Adapters { http, most: config.get(&LLM_MAX_OUTPUT_TOKENS), variable, clock }.open(link, embedding)
}

/// The kinds of errors after which the next model is asked.
fn through(config: &Config) -> Result<Vec<ErrorKind>> {
    let kind = |name: &String| {
        ErrorKind::ALL.iter().find(|kind| kind.as_str() == name).copied().ok_or_else(|| {
            let hint = did_you_mean(name, ErrorKind::ALL.iter().map(|kind| kind.as_str()));
            let shown = crate::suggest::shortened(&name.escape_debug().to_string(), 40);
            wrong("llm.fallback_on", format!("`{shown}` is no kind of error{hint}"))
        })
    };
    config.get(&LLM_FALLBACK_ON).iter().map(kind).collect()
}

/// The rules of the configuration before the built-in ones, for they know better; nothing where neither is wanted.
fn redaction(config: &Config) -> Result<Option<Redaction>> {
    let own = config.get(&LLM_REDACT_RULES).unwrap_or_default();
    if own.is_empty() && !config.get(&LLM_REDACT) {
        return Ok(None);
    }
    let mut redaction = Redaction::none();
    for rule in &own {
        let Some((name, pattern)) = rule.split_once('=') else {
            return Err(wrong("llm.redact_rules", "a rule is written `NAME=regular expression`"));
        };
        redaction =
            redaction.rule(name.trim(), pattern).map_err(|error| error.with("field", "llm.redact_rules"))?;
    }
    let redaction = if config.get(&LLM_REDACT) { redaction.and(Redaction::built_in()) } else { redaction };
    Ok(Some(redaction.restoring()))
}

pub(super) fn lacking(provider: &str) -> Error {
    let feature = if provider == "local" { "candle" } else { provider };
    let message = format!("this build lacks the feature `{feature}`, which `llm.provider` asks for");
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
        Some(path) => {
            let text = String::from_utf8(read("the price list", &path).await?)
                .map_err(|_| wrong("llm.prices", "the price list is no text"))?;
            Prices::parse(&path.display().to_string(), &text)?
        }
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
    if let Some(redaction) = redaction(config)? {
        stack = stack.redact(redaction);
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

pub(super) fn wrong(field: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid(message).with("field", field)
}

/// The file that is `what`.
async fn read(what: &'static str, path: &Path) -> Result<Vec<u8>> {
    let (owned, name) = (path.to_owned(), path.display().to_string());
    let reading = tokio::task::spawn_blocking(move || std::fs::read(owned));
    let read = reading
        .await
        .map_err(|error| Error::internal(format!("the reader of {what} panicked")).because(error))?;
    read.map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let kind = if missing { ErrorKind::NotFound } else { ErrorKind::Unavailable };
        Error::new(kind, format!("{what} {name} cannot be read")).because(error)
    })
}
