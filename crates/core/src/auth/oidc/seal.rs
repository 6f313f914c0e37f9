//! Sealing what only the holder of a secret may read again. Every key seals a few values at
//! most, each with a random nonce.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{
    crypto::{Cipher, NONCE_BYTES, SecretKey, random},
    error::{Error, Result},
};

/// `value` as text that only `key` opens, and only at this `place`.
pub(super) fn seal<T: Serialize>(key: [u8; 32], place: &str, value: &T) -> Result<String> {
    let plain = serde_json::to_vec(value)
        .map_err(|error| Error::internal("what is sealed has no JSON form").because(error))?;
    let nonce = random::<NONCE_BYTES>()?;
    let mut sealed = nonce.to_vec();
    sealed.extend_from_slice(&Zeroizing::new(plain));
    Cipher::new(&SecretKey::from_bytes(&key)?).seal(nonce, place.as_bytes(), &mut sealed, NONCE_BYTES);
    Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

/// What was sealed; `None` where key, place or text are others.
pub(super) fn open<T: DeserializeOwned>(key: [u8; 32], place: &str, text: &str) -> Option<T> {
    let mut sealed = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?);
    let (nonce, sealed) = sealed.split_first_chunk_mut::<NONCE_BYTES>()?;
    let cipher = Cipher::new(&SecretKey::from_bytes(&key).ok()?);
    let plain = cipher.open(*nonce, place.as_bytes(), sealed).ok()?;
    serde_json::from_slice(plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_key_at_its_place_opens_it() {
        let key = |first: u8| std::array::from_fn(|n| first ^ n as u8);
        let sealed = seal(key(1), "here", &"secret").expect("sealed");
        assert_eq!(open::<String>(key(1), "here", &sealed).as_deref(), Some("secret"));
        assert_eq!(open::<String>(key(2), "here", &sealed), None);
        assert_eq!(open::<String>(key(1), "there", &sealed), None);
        assert_eq!(open::<String>(key(1), "here", ""), None);
        for at in 0..sealed.len() {
            let mut cut = sealed.clone();
            cut.remove(at);
            assert_eq!(open::<String>(key(1), "here", &cut), None, "{at}");
        }
    }
}
