//! How a key of our own ring wraps another: `format · fingerprint · salt · sealed key`.
//!
//! The sealing key is derived from the wrapping key with a fresh salt, so no nonce is ever used twice, whatever is restored or copied. The
//! fingerprint is of the wrapping key alone: it tells a wrong key from a changed wrap.

use ring::hmac;

use super::super::{Cipher, Fault, KEY_BYTES, NONCE_BYTES, SecretKey, TAG_BYTES, random};
use crate::error::Result;

const FORMAT: u8 = 1;
const FINGERPRINT: std::ops::Range<usize> = 1..9;
const SALT: std::ops::Range<usize> = 9..41;
const LENGTH: usize = SALT.end + KEY_BYTES + TAG_BYTES;
const PURPOSE: &[u8] = b"heptad wrap v1";
/// One key is sealed under each derived key.
const NONCE: [u8; NONCE_BYTES] = [0; NONCE_BYTES];

pub(super) fn wrap(wrapping: &SecretKey, key: &SecretKey, context: &str) -> Result<Vec<u8>> {
    let salt: [u8; 32] = random()?;
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.push(FORMAT);
    bytes.extend_from_slice(&fingerprint(wrapping));
    bytes.extend_from_slice(&salt);
    bytes.extend_from_slice(key.as_bytes());
    Cipher::derived(wrapping, &salt, PURPOSE).seal(NONCE, context.as_bytes(), &mut bytes, SALT.end);
    Ok(bytes)
}

pub(super) fn unwrap(wrapping: &SecretKey, bytes: &[u8], context: &str) -> Result<SecretKey, Fault> {
    match bytes.first() {
        None => return Err(Fault::Truncated),
        Some(format) if *format > FORMAT => return Err(Fault::NewerFormat),
        Some(&FORMAT) => {}
        Some(_) => return Err(Fault::Tampered),
    }
    if bytes.len() != LENGTH {
        return Err(if bytes.len() < LENGTH { Fault::Truncated } else { Fault::Tampered });
    }
    let same_key = bytes[FINGERPRINT] == fingerprint(wrapping);
    let mut sealed = zeroize::Zeroizing::new(bytes[SALT.end..].to_vec());
    let opened =
        Cipher::derived(wrapping, &bytes[SALT], PURPOSE).open(NONCE, context.as_bytes(), &mut sealed);
    match opened {
        Ok(key) if same_key => SecretKey::from_bytes(key).map_err(|_| Fault::Tampered),
        Err(_) if !same_key => Err(Fault::WrongKey),
        _ => Err(Fault::Tampered),
    }
}

/// Eight bytes that say which key it is and nothing about it.
fn fingerprint(key: &SecretKey) -> [u8; 8] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), b"heptad fingerprint v1");
    let mut short = [0; 8];
    short.copy_from_slice(&tag.as_ref()[..8]);
    short
}
