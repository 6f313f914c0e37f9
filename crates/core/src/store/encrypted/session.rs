//! Who seals: a key derived for one opening of the store, and a counter for its nonces.

use std::sync::atomic::{AtomicU64, Ordering};

use super::envelope::{Header, Link, Place, SALT_BYTES, Salt, seal};
use crate::{
    crypto::{Cipher, SecretKey, random},
    error::Result,
    store::Value,
};

/// What the keys of sessions are derived for.
const PURPOSE: &[u8] = b"heptad store v1";
/// A session is replaced before it has sealed more than this: far below where AES-GCM's bounds begin to matter.
const MOST_VALUES: u64 = 1 << 32;
/// The same, in blocks of 16 bytes: 64 GiB.
const MOST_BLOCKS: u64 = 1 << 32;

/// Seals values under a key of its own. The salt is random, so the sessions of two stores that were opened from one backup have
/// different keys, and their counters, which both begin at 0, never meet.
pub(super) struct Session {
    key: u32,
    salt: Salt,
    cipher: Cipher,
    values: AtomicU64,
    blocks: AtomicU64,
}

impl Session {
    pub(super) fn begin(number: u32, key: &SecretKey) -> Result<Self> {
        let salt: [u8; SALT_BYTES] = random()?;
        let cipher = cipher_of(key, &salt);
        Ok(Self { key: number, salt, cipher, values: AtomicU64::new(0), blocks: AtomicU64::new(0) })
    }

    /// Sets `values` counters aside, which follow each other, and returns the first; `None` where the session has sealed enough.
    pub(super) fn reserve(&self, values: u64, bytes: u64) -> Option<u64> {
        let blocks = bytes.div_ceil(16) + 2 * values;
        let worn = self.blocks.fetch_add(blocks, Ordering::Relaxed).saturating_add(blocks) > MOST_BLOCKS;
        let first = self.values.fetch_add(values, Ordering::Relaxed);
        (!worn && first.saturating_add(values) <= MOST_VALUES).then_some(first)
    }

    /// Seals with a counter that was set aside for this value.
    pub(super) fn seal(&self, counter: u64, link: Option<Link>, place: Place<'_>, value: &Value) -> Value {
        let header = Header { key: self.key, salt: self.salt, counter, link };
        seal(&self.cipher, &header, place, value)
    }
}

/// The cipher of the session with this salt.
pub(super) fn cipher_of(key: &SecretKey, salt: &Salt) -> Cipher {
    Cipher::derived(key, salt, PURPOSE)
}
