//! Full-text search.

/// The port.
pub trait SearchIndex: Send + Sync {}
