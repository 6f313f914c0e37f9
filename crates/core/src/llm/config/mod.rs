//! The section `[llm]` of the configuration, and the models that follow from it.
//!
//! ```toml
//! [llm]
//! provider = "openai"               # or "anthropic"
//! model = "a-model"
//! key_variable = "OPENAI_API_KEY"   # the environment variable that holds the key; the key itself is in no file
//! fallback = ["anthropic:another-model", "openai:local-model base_url=http://127.0.0.1:8000/v1"]
//! budget_money = "20.00"            # a month
//! prices = "prices.toml"
//! ```
//!
//! A local model, in a build with the feature `candle`:
//!
//! ```toml
//! [llm]
//! provider = "local"
//! model = "models/qwen3-0.6b-q8_0.gguf"
//! ```

#[cfg(any(feature = "openai", feature = "anthropic"))]
mod hosted;
mod keys;
mod link;
#[cfg(feature = "candle")]
mod local;
mod open;

pub use self::{keys::*, open::open};
