//! The cases of the conformance suite, by what they are about.

pub mod effects;
pub mod groups;
pub mod processes;
pub mod publishing;
pub mod redelivery;
pub mod retention;
