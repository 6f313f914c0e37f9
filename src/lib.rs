//! Heptad: an embeddable AI platform. Seven systems over one kernel, as libraries you add to your own service.
//!
#![cfg_attr(feature = "default", doc = "```no_run")]
#![cfg_attr(not(feature = "default"), doc = "```ignore")]
//! use heptad::prelude::*;
//!
//! # async fn story() -> Result<()> {
//! let heptad = Heptad::open("acme.db").await?; // one SQLite file; the index folder stands beside it
//! let report = heptad.review().scan(ScanRequest::new("src")).await?;
//! for finding in &report.findings {
//!     println!("{}:{} {}", finding.location.file, finding.location.span.start.line, finding.message);
//! }
//! # Ok(()) }
//! ```
//!
//! | you want | you call | feature |
//! |---|---|---|
//! | to review code | [`Heptad::review`] | `review` |
//! | to search | [`Heptad::search`] | `tantivy` |
//! | to read code: outlines, symbols, indexing | [`Heptad::code`] | `languages` |
//! | to publish and read events | [`Heptad::events`]; to consume them the port, `heptad.kernel().bus` | |
//! | records and streams of your own | the port, `heptad.kernel().store`, or a typed [`core::store::Collection`] | |
//! | to call anything by name, with JSON | [`Heptad::call`] | |
//! | to ask a language model, to embed texts | [`Heptad::llm`]; with a model of your own, [`Builder::chat_model`] and [`Builder::embedder`] | `openai`, `anthropic` |
//! | metrics, health, configuration | [`Heptad::platform`] | |
//! | to say who may do what | [`Heptad::auth`]: roles, API keys, the audit; [`Heptad::authenticate`] | |
//! | callers with tokens of an issuer you trust | `auth.jwt.issuer` in the configuration, then [`Heptad::authenticate`] | `jwt` |
//! | people who sign in with an OpenID provider | `auth.oidc.issuer` in the configuration, then `start_login` and `finish_login` of [`Heptad::auth`] | `oidc` |
//! | to back up what is kept, and to restore it | `backup.target` in the configuration; [`Heptad::backup`] | `sqlite`, `object-store` |
//! | to encrypt what is kept | [`Builder`]`::encryption`, or `encryption.key_file` in the configuration | `encryption` |
//! | to send traces and metrics to a collector | `telemetry.otlp.endpoint` in the configuration, [`Builder`]`::otlp` | `otlp` |
//!
//! The kernel itself is [`core`]; each system is a module named after it.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod encryption;
mod platform;
mod telemetry;

pub use heptad_core::{self as core, Error, ErrorKind, Kernel, Result, Retry};
#[cfg(feature = "review")]
#[cfg_attr(docsrs, doc(cfg(feature = "review")))]
pub use heptad_review as review;

pub use self::{
    builder::Builder,
    platform::{Heptad, registry},
};

/// What most programs need: `use heptad::prelude::*`.
pub mod prelude {
    pub use heptad_core::{
        events::{Event, EventBus, Topic},
        operation::{Permission, Principal},
        store::{Batch, Key, Store, StreamId, Value},
    };
    #[cfg(feature = "review")]
    pub use heptad_review::ScanRequest;

    pub use crate::{Error, ErrorKind, Heptad, Result};
}
