//! The stop at the models: a local one is asked, a hosted one is only named, for it costs money.

use heptad::{
    Heptad, Result,
    core::llm::{ChatModelExt as _, ChatRequest, EmbedRequest, Message},
};
use serde::Serialize;

use super::stops::millis;

/// What was seen of the models.
#[derive(Debug, Serialize)]
pub(super) struct Models {
    pub(super) chat: Seen,
    pub(super) embedder: Seen,
}

/// A model that was used, or why none was.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Seen {
    Used { model: String, what: String, took_ms: u64 },
    Passed { why: String },
}

const QUESTION: &str = "A write-ahead log is";

/// Asks what is configured. Nothing that goes wrong here ends the tour.
pub(super) async fn visit(heptad: &Heptad) -> Models {
    Models { chat: chat(heptad).await, embedder: embedder(heptad).await }
}

async fn chat(heptad: &Heptad) -> Seen {
    let Some(model) = heptad.kernel().llm.chat.clone() else {
        let how = if cfg!(feature = "candle") {
            "none is configured; with HEPTAD_LLM_PROVIDER=local and HEPTAD_LLM_MODEL=<a GGUF file> one on this machine is asked"
        } else {
            "none is configured; in a build with --features candle, HEPTAD_LLM_PROVIDER=local and HEPTAD_LLM_MODEL=<a GGUF file> one on this machine is asked"
        };
        return Seen::Passed { why: how.into() };
    };
    let capabilities = model.capabilities();
    let name = capabilities.model.clone();
    if !capabilities.local {
        return Seen::Passed {
            why: format!(
                "{name} ({}) is configured; it is not asked here, for that costs money",
                capabilities.adapter
            ),
        };
    }
    seen(heptad, name, async {
        let request = ChatRequest::new([Message::user(QUESTION)]).temperature(0.0).max_tokens(24);
        let answer = model.chat(request).await?;
        let text = answer.text.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(format!("“{QUESTION} …”: {text} ({} tokens)", answer.usage.output_tokens))
    })
    .await
}

async fn embedder(heptad: &Heptad) -> Seen {
    let Some(embedder) = heptad.kernel().llm.embedder.clone() else {
        return Seen::Passed { why: "none is configured; HEPTAD_LLM_EMBEDDING_MODEL chooses one".into() };
    };
    let capabilities = embedder.capabilities();
    let name = capabilities.model.clone();
    if capabilities.adapter != "local" {
        return Seen::Passed {
            why: format!(
                "{name} ({}) is configured; it is not asked here, for that costs money",
                capabilities.adapter
            ),
        };
    }
    seen(heptad, name, async {
        let texts = ["how errors are handled", "what happens when something fails", "the price of tea"];
        let vectors = embedder.embed(std::sync::Arc::new(EmbedRequest::new(texts))).await?.vectors;
        let likeness =
            |a: usize, b: usize| vectors[a].iter().zip(&vectors[b]).map(|(a, b)| a * b).sum::<f32>();
        Ok(format!(
            "“{}” is {:.2} like “{}” and {:.2} like “{}”",
            texts[0],
            likeness(0, 1),
            texts[1],
            likeness(0, 2),
            texts[2]
        ))
    })
    .await
}

async fn seen(heptad: &Heptad, model: String, work: impl Future<Output = Result<String>>) -> Seen {
    let clock = &heptad.kernel().clock;
    let started = clock.monotonic();
    match work.await {
        Ok(what) => Seen::Used { model, what, took_ms: millis(clock.monotonic().saturating_sub(started)) },
        Err(error) => Seen::Passed { why: format!("{model}: {}", error.message()) },
    }
}
