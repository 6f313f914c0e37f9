//! The keys.

use std::{path::PathBuf, time::Duration};

use crate::config::{Kind, keys};

keys! {
    /// Who answers: `openai` (and every server that speaks its protocol, by `llm.base_url`), `anthropic`, or `local`.
    LLM_PROVIDER: Option<&'static str> = "llm.provider", kind: Kind::Choice(&["openai", "anthropic", "local"]);
    /// The model that answers where a request names none; for `local` the path of a GGUF file.
    LLM_MODEL: Option<String> = "llm.model";
    /// Who embeds: `openai` or `local`; who answers (`llm.provider`) where it is not set.
    LLM_EMBEDDING_PROVIDER: Option<&'static str> = "llm.embedding_provider", kind: Kind::Choice(&["openai", "local"]);
    /// The model that embeds where a request names none; for `local` the folder of a model of the BERT family, as sentence-transformers writes it.
    LLM_EMBEDDING_MODEL: Option<String> = "llm.embedding_model";
    /// How conversations are written for a local model: `plain` (one message is continued, for base models) or the file of a Jinja template; the template in the
    /// model's file where it is not set.
    LLM_TEMPLATE: Option<String> = "llm.template";
    /// The most tokens of a conversation with a local model, its answer counted; the smaller of 8192 and what the model was made for where it is not set.
    LLM_CONTEXT: Option<u64> = "llm.context", kind: Kind::Integer(1, 10_000_000);
    /// Threads on which local models compute; as many as the machine has where it is not set.
    LLM_THREADS: Option<u32> = "llm.threads", kind: Kind::Integer(1, 1024);
    /// Where the provider's server is; the provider's own where it is not set.
    LLM_BASE_URL: Option<String> = "llm.base_url";
    /// The environment variable that holds the key; `OPENAI_API_KEY` or `ANTHROPIC_API_KEY` where it is not set. A server of one's own may need none.
    LLM_KEY_VARIABLE: Option<String> = "llm.key_variable";
    /// Who is asked where the one before fails, in order: `openai:model` or `anthropic:model`, with `base_url=…` and `key_variable=…` behind it where
    /// they are not the provider's own; or `local:` and the path of a GGUF file.
    LLM_FALLBACK: Option<Vec<String>> = "llm.fallback";
    /// The kinds of errors after which the next model is asked: what another may do better. Wrong input, wrong keys and defects are not among them
    /// unless they are named.
    LLM_FALLBACK_ON: Vec<String> = "llm.fallback_on", default: "unavailable, timeout, limit_exceeded, unsupported";
    /// The certificates (PEM) of the authorities that are trusted instead of this machine's.
    LLM_CA_FILE: Option<PathBuf> = "llm.ca_file";
    /// Sends the key without encryption to other machines as well: for a server inside a network that is trusted.
    LLM_ALLOW_HTTP: bool = "llm.allow_http", default: "false";
    /// The proxy through which the provider is reached, as in `http://proxy:3128`.
    LLM_PROXY: Option<String> = "llm.proxy";
    /// The most tokens of an answer where a request does not say.
    LLM_MAX_OUTPUT_TOKENS: u32 = "llm.max_output_tokens", kind: Kind::Integer(1, 10_000_000), default: "4096";
    /// How long connecting may take.
    LLM_CONNECT_TIMEOUT: Duration = "llm.connect_timeout", default: "10s";
    /// How long the first piece of an answer may take.
    LLM_FIRST_TIMEOUT: Duration = "llm.first_timeout", default: "60s";
    /// How long the model may pause within an answer.
    LLM_PAUSE_TIMEOUT: Duration = "llm.pause_timeout", default: "30s";
    /// How long an answer may take in all.
    LLM_TOTAL_TIMEOUT: Duration = "llm.total_timeout", default: "10m";
    /// How often a request is sent, the first time counted.
    LLM_ATTEMPTS: u32 = "llm.attempts", kind: Kind::Integer(1, 20), default: "4";
    /// The most requests a minute.
    LLM_REQUESTS_PER_MINUTE: Option<u32> = "llm.requests_per_minute", kind: Kind::Integer(1, 1_000_000);
    /// The most tokens a minute.
    LLM_TOKENS_PER_MINUTE: Option<u64> = "llm.tokens_per_minute", kind: Kind::Integer(1, 1_000_000_000_000);
    /// The most tokens a period.
    LLM_BUDGET_TOKENS: Option<u64> = "llm.budget_tokens";
    /// The most money a period, in the currency of `llm.prices`, as in `"20.00"`.
    LLM_BUDGET_MONEY: Option<String> = "llm.budget_money";
    /// How long a period of the budget is, in UTC.
    LLM_BUDGET_PERIOD: &'static str = "llm.budget_period", kind: Kind::Choice(&["day", "month"]), default: "month";
    /// The price list (TOML).
    LLM_PRICES: Option<PathBuf> = "llm.prices";
    /// How long answers to deterministic requests are kept; they are not kept where it is not set.
    LLM_CACHE_TTL: Option<Duration> = "llm.cache_ttl";
    /// Takes keys, tokens, e-mail addresses and card numbers out of what is sent; what is answered has them again.
    LLM_REDACT: bool = "llm.redact", default: "false";
    /// What else is taken out of what is sent: `NAME=regular expression`, in the order in which it is looked for. Found first, it becomes `[NAME_1]`.
    LLM_REDACT_RULES: Option<Vec<String>> = "llm.redact_rules";
    /// Appends every exchange to this cassette (JSON lines).
    LLM_RECORD: Option<PathBuf> = "llm.record";
    /// Answers from this cassette and asks nobody.
    LLM_REPLAY: Option<PathBuf> = "llm.replay";
}
