//! AES-256-GCM (NIST SP 800-38D) under keys derived by HKDF-SHA-256 (RFC 5869).

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
};

use super::SecretKey;

/// The bytes of a nonce.
pub const NONCE_BYTES: usize = 12;
/// The bytes of an authentication tag, which stands behind the sealed text.
pub const TAG_BYTES: usize = 16;

/// A key that seals and opens. Whoever seals with it must never use a nonce twice.
pub struct Cipher(LessSafeKey);

/// What was opened is not what was sealed with this key, nonce and associated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the authentication tag does not match")]
pub struct Forged;

impl Cipher {
    /// The cipher of a key itself.
    pub fn new(key: &SecretKey) -> Self {
        let key =
            UnboundKey::new(&AES_256_GCM, key.as_bytes()).expect("a `SecretKey` has the 32 bytes of AES-256");
        Self(LessSafeKey::new(key))
    }

    /// The cipher of the key that `salt` and `purpose` derive from `key`. With another salt or purpose it is an unrelated one.
    pub fn derived(key: &SecretKey, salt: &[u8], purpose: &[u8]) -> Self {
        let root = Salt::new(HKDF_SHA256, salt).extract(key.as_bytes());
        let purpose = [purpose];
        let derived =
            root.expand(&purpose, &AES_256_GCM).expect("HKDF-SHA-256 gives up to 8,160 bytes, a key has 32");
        Self(LessSafeKey::new(derived.into()))
    }

    /// Seals `data[from..]` in place and puts the tag behind it. `associated` is not kept, but opening needs the same.
    pub fn seal(&self, nonce: [u8; NONCE_BYTES], associated: &[u8], data: &mut Vec<u8>, from: usize) {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(associated), &mut data[from..])
            .expect("AES-GCM seals up to 64 GiB, more than a value may have");
        data.extend_from_slice(tag.as_ref());
    }

    /// Opens in place what [`seal`](Self::seal) made; returns the text without its tag.
    ///
    /// # Errors
    /// [`Forged`] where anything differs from what was sealed. What `sealed` holds then is worthless.
    pub fn open<'a>(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        sealed: &'a mut [u8],
    ) -> Result<&'a mut [u8], Forged> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.0.open_in_place(nonce, Aad::from(associated), sealed).map_err(|_| Forged)
    }
}
