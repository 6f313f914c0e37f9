//! Typed configuration.

/// The configuration of one platform.
#[derive(Clone, Debug, Default)]
pub struct Config {}
