//! Asks a language model: an answer piece by piece, an answer as data, vectors of texts.
//!
//! `cargo run --example llm` replays `examples/llm.jsonl`, so that it needs no key and no network. With a model of your own:
//!
//! ```sh
//! HEPTAD_LLM_PROVIDER=openai HEPTAD_LLM_MODEL=… HEPTAD_LLM_EMBEDDING_MODEL=… OPENAI_API_KEY=… \
//!     cargo run --features openai --example llm        # and HEPTAD_LLM_RECORD=talk.jsonl to record it
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use futures_util::StreamExt as _;
use heptad::{
    core::llm::{
        ChatModelExt as _, ChatRequest, Delta, Message,
        operations::{ChatCall, EmbedCall},
    },
    prelude::*,
};
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

/// What the model is to make of a commit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Summary {
    /// One line.
    headline: String,
    /// Whether callers must change something.
    breaking: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut builder = Heptad::builder().in_memory();
    if std::env::var_os("HEPTAD_LLM_PROVIDER").is_none() {
        builder = builder.set("llm.replay", concat!(env!("CARGO_MANIFEST_DIR"), "/examples/llm.jsonl"));
    }
    let heptad = builder.open().await?;

    let ask = ChatCall {
        system: Some("Answer in one sentence.".into()),
        ..ChatCall::new("What is a write-ahead log?")
    };
    let mut deltas = std::pin::pin!(heptad.llm().chat(ask));
    while let Some(delta) = deltas.next().await {
        if let Delta::Text { text } = delta? {
            print!("{text}");
        }
    }
    println!();

    // The answer fits the schema, or it is an error: it is checked, and the model may mend it twice.
    let model = heptad.kernel().llm.chat.clone().expect("a model is configured above");
    let commit = "Remove the second argument of `open`; it was ignored.";
    let request = ChatRequest::new([Message::user(format!("Summarise this commit:\n{commit}"))])
        .json_schema("summary", schema_for!(Summary).into());
    let summary: Summary =
        serde_json::from_str(&model.chat(request).await?.text).expect("it fits the schema of the type");
    println!("{} (breaking: {})", summary.headline, summary.breaking);

    let texts = ["rain in spring", "showers in April", "group commit"].map(str::to_owned).to_vec();
    let vectors = heptad.llm().embed(EmbedCall { texts, ..EmbedCall::default() }).await?.vectors;
    let likeness = |a: usize, b: usize| vectors[a].iter().zip(&vectors[b]).map(|(a, b)| a * b).sum::<f32>();
    println!("rain ~ showers {:.2}, rain ~ commit {:.2}", likeness(0, 1), likeness(0, 2));
    assert!(likeness(0, 1) > likeness(0, 2));
    Ok(())
}
