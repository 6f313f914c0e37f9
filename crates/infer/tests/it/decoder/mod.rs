//! The decoders: against a naive oracle, against the laws of passes and caches, on a real model and on made-up ones.

mod gemma;
mod laws;
mod oracle;
pub(crate) mod tiny;
