//! Language models: ask, embed, and never trust the answer unseen.
//!
//! [`ChatModel`] and [`Embedder`] are the ports. Adapters: `openai` (and every server that speaks its protocol) and `anthropic`, each
//! behind the feature of its name; `local` (feature `candle`) computes in this process; [`cassette`] records and replays. Everything that should hold for any model is a layer, put together in
//! one order by [`layers::Stack`]: retries, time limits, rates, cache, budget, fallback, checked JSON, redaction, metrics, traces.
//!
//! **Streaming is the primitive.** A model answers with [`Delta`]s; a whole [`ChatResponse`] is [`fold`]ed from them, by that one function. A
//! stream that was cut is an error, never a short answer.
//!
//! ```
//! use std::sync::Arc;
//! use heptad_core::{clock::SystemClock, llm::{ChatModel, ChatModelExt as _, ChatRequest, Message, cassette::Player, layers::Stack}};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> heptad_core::Result<()> {
//! # let tape = r#"{"format":1,"chat":{"messages":[{"role":"user","parts":[{"type":"text","text":"The capital of France?"}]}],"temperature":0.0},"answer":[{"type":"start","model":"m"},{"type":"text","text":"Paris."},{"type":"finish","reason":"stop"}]}"#;
//! let recorded: Arc<dyn ChatModel> = Arc::new(Player::parse("capital.jsonl", tape)?);
//! let model = Stack::new(recorded, Arc::new(SystemClock)).build();
//!
//! let request = ChatRequest::new([Message::user("The capital of France?")]).temperature(0.0);
//! assert_eq!(model.chat(request).await?.text, "Paris.");
//! # Ok(()) }
//! ```
//!
//! A model adds explanations, drafts and ranking; it never decides alone, and what it produces is checked by code before anyone sees it.

#[cfg(feature = "anthropic")]
#[cfg_attr(docsrs, doc(cfg(feature = "anthropic")))]
pub mod anthropic;
mod capabilities;
pub mod cassette;
pub mod config;
mod embed;
#[cfg(any(feature = "openai", feature = "anthropic"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "openai", feature = "anthropic"))))]
pub mod http;
pub mod layers;
#[cfg(feature = "candle")]
#[cfg_attr(docsrs, doc(cfg(feature = "candle")))]
pub mod local;
#[cfg(feature = "candle")]
#[cfg_attr(docsrs, doc(cfg(feature = "candle")))]
pub mod local_embed;
mod message;
pub mod money;
#[cfg(feature = "openai")]
#[cfg_attr(docsrs, doc(cfg(feature = "openai")))]
pub mod openai;
pub mod operations;
mod port;
mod request;
mod response;
mod schema;
mod secret;
pub mod sse;

#[cfg(any(feature = "openai", feature = "anthropic"))]
pub(crate) use self::response::broken;
pub(crate) use self::response::cut;
pub use self::{
    capabilities::{Capabilities, Structured},
    embed::{EmbedCapabilities, EmbedRequest, Embedder, Embeddings, normalise},
    message::{Message, Part, Role, ToolCall},
    port::{ChatModel, ChatModelExt, ModelCard, Models},
    request::{ChatRequest, ResponseFormat, Tool, ToolChoice},
    response::{ChatResponse, Delta, DeltaStream, FinishReason, Usage, fold},
    schema::{Schema, Violation},
    secret::Secret,
};
