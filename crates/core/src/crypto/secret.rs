//! A key in memory.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{Error, ErrorKind, Result};

/// The bytes of a key.
pub const KEY_BYTES: usize = 32;

/// A 256-bit key. Wiped when it is dropped, and never shown.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; KEY_BYTES]>);

impl SecretKey {
    /// A new key from the random numbers of the operating system.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) where it has none.
    pub fn generate() -> Result<Self> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// The key with these bytes.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where they are not 32, or all the same, which no random key is.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let key: [u8; KEY_BYTES] = bytes
            .try_into()
            .map_err(|_| Error::invalid(format!("a key has {KEY_BYTES} bytes, this one {}", bytes.len())))?;
        if key.iter().all(|byte| *byte == key[0]) {
            return Err(Error::invalid("a key whose bytes are all the same is none; make a random one"));
        }
        Ok(Self(Zeroizing::new(key)))
    }

    /// The key written in base64.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where it is not base64 of a key. The message does not show it.
    pub fn from_base64(text: &str) -> Result<Self> {
        match BASE64_STANDARD.decode(text) {
            Ok(mut bytes) => {
                let key = Self::from_bytes(&bytes);
                bytes.zeroize();
                key
            }
            Err(_) => Err(Error::invalid(format!(
                "a key is {KEY_BYTES} bytes in base64, such as `head -c 32 /dev/urandom | base64` gives"
            ))),
        }
    }

    /// The key in base64, to be kept in a safe place.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64_STANDARD.encode(self.as_bytes()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

/// Random bytes from the operating system.
///
/// # Errors
/// [`Unavailable`](ErrorKind::Unavailable) where it has none.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Unavailable, "the operating system gives no random numbers"))?;
    Ok(bytes)
}
