//! Events: CloudEvents 1.0 on named topics, read by consumer groups.

/// The port.
pub trait EventBus: Send + Sync {}
