//! What is counted of language models. Told by the layers of `llm` and by nobody else.

use std::time::Duration;

use prometheus::{HistogramVec, IntCounterVec};

use super::families::{Declared, counter, seconds};
use crate::{
    error::ErrorKind,
    llm::{Capabilities, Usage},
};

/// Attempts, tokens, money and time of language models.
pub(crate) struct LlmFamilies {
    attempts: IntCounterVec,
    seconds: HistogramVec,
    tokens: IntCounterVec,
    cost: IntCounterVec,
    retries: IntCounterVec,
    cache: IntCounterVec,
    links: IntCounterVec,
}

impl LlmFamilies {
    pub(super) fn register(to: &Declared) -> Self {
        Self {
            attempts: counter(
                to,
                "heptad_llm_attempts_total",
                "Attempts to ask a model by outcome: ok or the kind of error.",
                &["adapter", "model", "outcome"],
            ),
            seconds: seconds(
                to,
                "heptad_llm_seconds",
                "How long attempts took: to the first piece of the answer (first), to their end (whole).",
                &["adapter", "model", "phase"],
            ),
            tokens: counter(
                to,
                "heptad_llm_tokens_total",
                "Tokens: of conversations (input), those of them that the provider had in its cache (cached), of answers (output).",
                &["adapter", "model", "kind"],
            ),
            cost: counter(
                to,
                "heptad_llm_cost_micros_total",
                "What calls cost by the price list, in millionths of its currency.",
                &["adapter", "model"],
            ),
            retries: counter(to, "heptad_llm_retries_total", "Attempts that were made again.", &["adapter"]),
            cache: counter(
                to,
                "heptad_llm_cache_total",
                "Requests that the cache answers (hit) and does not (miss).",
                &["outcome"],
            ),
            links: counter(
                to,
                "heptad_llm_links_total",
                "Requests that came to a link of a chain of models, 1 the first, by outcome: ok or the kind of error.",
                &["link", "adapter", "model", "outcome"],
            ),
        }
    }

    pub(crate) fn ended(
        &self,
        adapter: &str,
        model: &str,
        failure: Option<ErrorKind>,
        first: Option<Duration>,
        took: Duration,
    ) {
        let outcome = failure.map_or("ok", ErrorKind::as_str);
        self.attempts.with_label_values(&[adapter, model, outcome]).inc();
        for (phase, time) in [("first", first), ("whole", Some(took))] {
            if let Some(time) = time {
                self.seconds.with_label_values(&[adapter, model, phase]).observe(time.as_secs_f64());
            }
        }
    }

    pub(crate) fn used(&self, adapter: &str, model: &str, usage: &Usage, micros: u64) {
        let kinds =
            [("input", usage.input_tokens), ("cached", usage.cached_tokens), ("output", usage.output_tokens)];
        for (kind, tokens) in kinds {
            self.tokens.with_label_values(&[adapter, model, kind]).inc_by(tokens);
        }
        self.cost.with_label_values(&[adapter, model]).inc_by(micros);
    }

    pub(crate) fn retried(&self, adapter: &str) {
        self.retries.with_label_values(&[adapter]).inc();
    }

    /// What became of asking the model of the chain's link `link`, from 1. Its label is the configured model, whatever a request names.
    pub(crate) fn link(&self, link: usize, asked: &Capabilities, failure: Option<ErrorKind>) {
        let outcome = failure.map_or("ok", ErrorKind::as_str);
        self.links.with_label_values(&[&*link.to_string(), asked.adapter, &asked.model, outcome]).inc();
    }

    pub(crate) fn cache(&self, hit: bool) {
        self.cache.with_label_values(&[if hit { "hit" } else { "miss" }]).inc();
    }
}
