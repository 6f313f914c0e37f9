//! Heptad: an embeddable AI platform. Seven systems over one kernel, as libraries you add to your own service.
//!
//! The kernel itself is [`core`]; each system is a module named after it.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod platform;

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
        events::{Event, EventBus},
        operation::{Permission, Principal},
        store::{Batch, Key, Store, StreamId, Value},
    };

    pub use crate::{Error, ErrorKind, Heptad, Result};
}
