//! Language models: the port, the layers, cassettes, and hosted models against a server that plays their wire formats.

mod budget;
mod cache;
mod canaries;
mod cassette;
mod config;
#[cfg(all(feature = "openai", feature = "anthropic"))]
pub(crate) mod hosted;
mod layers;
#[cfg(feature = "candle")]
mod local;
#[cfg(feature = "candle")]
pub(crate) mod local_embed;
mod money;
mod operations;
mod redact;
mod response;
mod retry_laws;
mod schema;
mod sse;
mod validate;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heptad_core::llm::{ChatModel, ChatRequest, Embedder, Message};
use heptad_testkit::llm::{EmbedPlace, Parrot, Place};

/// A question, answered the same way each time.
fn question(text: &str) -> ChatRequest {
    ChatRequest::new([Message::user(text)]).temperature(0.0)
}

struct Bird;

impl Place for Bird {
    fn model(&self) -> BoxFuture<'_, Arc<dyn ChatModel>> {
        Box::pin(async { Arc::new(Parrot::new()) as Arc<dyn ChatModel> })
    }
}

impl EmbedPlace for Bird {
    fn embedder(&self) -> BoxFuture<'_, Arc<dyn Embedder>> {
        Box::pin(async { Arc::new(Parrot::new()) as Arc<dyn Embedder> })
    }
}

/// The suites hold for the simplest model that keeps the port.
mod parrot {
    use super::Bird;
    heptad_testkit::chat_suite!(Bird);
    mod embedder {
        use crate::llm::Bird;
        heptad_testkit::embed_suite!(Bird);
    }
}
