//! What should hold for any model: each a wrapper of the port, which is the port.
//!
//! The order matters (a cache below a budget charges for what costs nothing; a time limit around retries ends the last of them), so it is
//! fixed in [`Stack`] and cannot be got wrong. From the caller inwards:
//!
//! | layer | once for | what it does |
//! |---|---|---|
//! | [`Traced`] | a call | a span with names and counts, never with text |
//! | [`Redacted`] | a call | takes secrets and addresses out of what is sent, puts them back into what is answered where wanted |
//! | [`Fallback`] | a call | the next model where one fails |
//! | [`Cached`] | a model | the same deterministic request is answered from the store: with what this model answered, and only what was valid |
//! | [`Validated`] | a model | structured answers are checked against their schema, and repaired by the model a bounded number of times |
//! | [`Retrying`] | a model | tries again what may be tried again |
//! | [`Metered`] | an attempt | tokens, money, time |
//! | [`Budgeted`] | an attempt | refuses what could exceed a limit of tokens or money, before it is sent |
//! | [`Limited`] | an attempt | keeps to requests and tokens a minute |
//! | [`Timed`] | an attempt | ends what takes too long |
//!
//! **What is repeated, and what is not.** Asking a model changes nothing: tools are carried out by the program, after the answer. So every request
//! may be asked again as long as nothing of its answer has been handed out; from the first text or call on it is not, for the caller has
//! acted on it already. What an error says is [`Retry::Never`](crate::Retry::Never) is not repeated at all. An attempt that ran out of time may be at
//! work still: the budget counts it by its upper bound.

mod begin;
mod budget;
mod cache;
mod fallback;
mod limit;
mod metered;
mod redact;
mod retry;
mod stack;
mod timeout;
mod trace;
mod validate;

pub(crate) use self::redact::Found;
pub use self::{
    budget::{Budget, BudgetLimits, Budgeted, Period, Spent},
    cache::{CachePolicy, Cached},
    fallback::Fallback,
    limit::{Limited, RateLimit},
    metered::Metered,
    redact::{Redacted, Redaction},
    retry::{RetryPolicy, Retrying},
    stack::Stack,
    timeout::{Timed, Timeouts},
    trace::Traced,
    validate::Validated,
};
