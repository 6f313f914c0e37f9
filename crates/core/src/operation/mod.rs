//! Operations: said once, reachable everywhere.
//!
//! `#[operations(system = "…")]` on the impl of a handle turns its methods into [`Operation`]s; a [`Registry`] collects them; the command
//! line, the bindings and the gateway are made from the registry. Every call, typed or by name, goes through [`guard`]: there the
//! permission of the [`Principal`] is checked, the span opened and the call counted.

mod context;
mod guard;
mod principal;
mod registry;
mod spec;

pub use heptad_macros::operations;

pub use self::{
    context::Context,
    guard::{call, stream},
    principal::{Permission, Principal},
    registry::{Handle, Operation, Registry, Reply},
    spec::{Effect, Spec},
};
