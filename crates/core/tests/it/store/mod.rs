//! The store: every adapter passes the suite of the test kit, and what is peculiar to one is tested beside it.

mod collection;
#[cfg(feature = "sqlite")]
pub(crate) mod crash;
#[cfg(feature = "encryption")]
mod encrypted;
mod memory;
#[cfg(all(feature = "sqlite", unix))]
mod power;
#[cfg(feature = "sqlite")]
mod processes;
#[cfg(feature = "sqlite")]
mod sqlite;
