//! Operations: said once, reachable everywhere.
//!
//! `#[operations(system = "…")]` on the impl of a handle turns its methods into [`Operation`]s; a [`Registry`] collects them; the command
//! line, the bindings and the gateway are made from the registry. Every call, typed or by name, goes through [`guard`]: there the
//! permission of the [`Principal`] is checked, the span opened and the call counted.

mod context;
mod guard;
#[doc(hidden)]
pub mod invoke;
mod platform;
mod principal;
mod registry;
mod request;
pub mod schema;
mod spec;
mod table;

#[doc(hidden)]
pub use futures_core::Stream;
pub use heptad_macros::operations;

pub use self::{
    context::Context,
    guard::{ResultStream, call, stream},
    platform::{
        Described, Health, HealthPart, MetricsText, OperationList, OperationsRequest, Platform, Settings,
    },
    principal::{Permission, Principal},
    registry::{Handle, Operation, Registry, Reply},
    request::Empty,
    spec::{Effect, Spec},
    table::{Column, Table, Values},
};
