//! A key ring that is text: from an environment variable, or handed over by a service that keeps secrets.

use async_trait::async_trait;

use super::{super::SecretKey, KeyRing, WrappedKey, keys::Keys};
use crate::error::Result;

/// A key ring of `name key` pairs, one a line (or separated by commas); the last one wraps, all unwrap.
///
/// ```
/// use heptad_core::crypto::{KeyRing, SecretKey, TextKeyRing};
///
/// # async fn example() -> heptad_core::Result<()> {
/// let (first, second) = (SecretKey::generate()?.to_base64(), SecretKey::generate()?.to_base64());
/// let old = TextKeyRing::parse(&format!("2026-01 {}", *first))?;
/// let wrapped = old.wrap(&SecretKey::generate()?, "an example").await?;
///
/// let new = TextKeyRing::parse(&format!("2026-01 {}, 2026-02 {}", *first, *second))?;
/// assert_eq!(new.current().await?, "2026-02");
/// assert!(new.unwrap(&wrapped, "an example").await.is_ok());
/// assert!(new.unwrap(&wrapped, "something else").await.is_err());
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(example()).expect("the example");
/// ```
pub struct TextKeyRing(Keys);

impl TextKeyRing {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where there is no key, or a line is none. Keys are not shown.
    pub fn parse(text: &str) -> Result<Self> {
        let lines = zeroize::Zeroizing::new(text.replace(',', "\n"));
        Ok(Self(Keys::parse(&lines, "the text of keys")?))
    }
}

#[async_trait]
impl KeyRing for TextKeyRing {
    async fn current(&self) -> Result<String> {
        Ok(self.0.current().to_owned())
    }

    async fn wrap(&self, key: &SecretKey, context: &str) -> Result<WrappedKey> {
        self.0.wrap(key, context)
    }

    async fn unwrap(&self, wrapped: &WrappedKey, context: &str) -> Result<SecretKey> {
        self.0.unwrap(wrapped, context)
    }
}
