//! Who keeps the keys that wrap other keys.

mod configured;
mod file;
mod keys;
mod text;
mod wrap;

use async_trait::async_trait;

pub use self::{configured::configured, file::FileKeyRing, text::TextKeyRing};
use super::SecretKey;
use crate::error::Result;

/// A key, wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// The name of the key that wrapped it.
    pub by: String,
    /// What only the key ring can open.
    pub bytes: Vec<u8>,
}

/// The port: wraps keys and unwraps them. It is asked seldom, once for every data key and opening, so it may be a server far away.
///
/// Its shape is that of a key management service: AWS KMS has `Encrypt` and `Decrypt` with an encryption context, where the name is the key's ARN; a
/// service that hands out secrets (AWS Secrets Manager, Vault) gives the keys for a [`TextKeyRing`].
#[async_trait]
pub trait KeyRing: Send + Sync {
    /// The name of the key that wraps from now on. When it changes, what others have wrapped can be wrapped anew.
    async fn current(&self) -> Result<String>;

    /// Wraps `key` with the current key. `context` is not secret; unwrapping needs the same.
    async fn wrap(&self, key: &SecretKey, context: &str) -> Result<WrappedKey>;

    /// Unwraps a key.
    ///
    /// # Errors
    /// With a [`Fault`](super::Fault): the wrapping key is missing or is a wrong one, or `wrapped` was changed, cut off or belongs to another
    /// context; and whatever keeps the ring from answering.
    async fn unwrap(&self, wrapped: &WrappedKey, context: &str) -> Result<SecretKey>;
}
