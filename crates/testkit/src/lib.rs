//! Conformance suites for the ports of Heptad, and harnesses for tests: a dependency of tests only.

pub mod backup;
pub mod clock;
pub mod crash;
pub mod events;
mod install;
pub mod llm;
pub mod models;
mod not_run;
mod random;
pub mod search;
pub mod store;
#[cfg(all(feature = "vfs", unix))]
pub mod vfs;

pub use clock::VirtualClock;
pub use install::node_modules;
pub use not_run::not_run;
