//! Heptad.
pub use heptad_core as core;
