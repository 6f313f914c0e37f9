//! The kernel of Heptad: what all seven systems stand on.
//!
//! Ports are small object-safe traits; adapters sit beside them, one file each, behind a feature of their own.
//!
//! | room | port | adapters |
//! |---|---|---|
//! | [`store`] | [`store::Store`]: records and a log, committed together | `memory`, `sqlite` |
//! | [`events`] | [`events::EventBus`]: CloudEvents, consumer groups, dead letters | `local` (on any store) |
//! | [`search`] | [`search::SearchIndex`]: full text, and vectors beside it | `tantivy` |
//! | `crypto` | `crypto::KeyRing`: wraps data keys (feature `encryption`) | file, text |
//! | [`llm`] | [`llm::ChatModel`], [`llm::Embedder`]: language models, hosted and local | `openai`, `anthropic`, cassettes, `local_embed` |
//! | [`backup`] | `backup::BackupTarget`: where the store's file is backed up to | folder, memory, object stores |
//! | [`clock`] | [`clock::Clock`] | system, virtual (test kit) |
//! | [`progress`] | [`progress::Progress`] | silent, the command line's bar |
//!
//! [`auth`] lets somebody in; [`operation`] is the registry from which every surface is made; [`kernel::Kernel`] owns the ports; `code` reads source code.

#![cfg_attr(docsrs, feature(doc_cfg))]

// The `#[operations]` attribute writes `::heptad_core::…`, which must resolve in this crate too.
#[allow(unused_extern_crates, reason = "used by generated code")]
extern crate self as heptad_core;

pub mod auth;
pub mod backup;
pub mod clock;
#[cfg(feature = "code")]
#[cfg_attr(docsrs, doc(cfg(feature = "code")))]
pub mod code;
pub mod config;
#[cfg(feature = "encryption")]
#[cfg_attr(docsrs, doc(cfg(feature = "encryption")))]
pub mod crypto;
pub mod error;
pub mod events;
#[cfg(any(
    feature = "openai",
    feature = "anthropic",
    feature = "oidc",
    feature = "otlp",
    feature = "object-store"
))]
#[cfg_attr(
    docsrs,
    doc(cfg(any(
        feature = "openai",
        feature = "anthropic",
        feature = "oidc",
        feature = "otlp",
        feature = "object-store"
    )))
)]
pub mod http;
pub mod kernel;
pub mod llm;
pub mod operation;
pub mod progress;
pub mod search;
pub mod store;
pub mod suggest;
pub mod telemetry;

pub use error::{Error, ErrorKind, Result, Retry};
pub use kernel::Kernel;
