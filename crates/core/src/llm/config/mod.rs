//! The section `[llm]` of the configuration, and the models that follow from it.
//!
//! ```toml
//! [llm]
//! provider = "openai"               # or "anthropic"
//! model = "a-model"
//! key_variable = "OPENAI_API_KEY"   # the environment variable that holds the key; the key itself is in no file
//! budget_money = "20.00"            # a month
//! prices = "prices.toml"
//! ```

mod keys;
mod open;

pub use self::{keys::*, open::open};
