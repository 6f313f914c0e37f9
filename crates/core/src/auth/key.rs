//! API keys: `hp_<id>_<secret>`.

use std::{collections::BTreeSet, fmt, sync::Arc};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    operation::{Permission, Principal},
    store::{Collection, Definition, Store},
};

pub(super) const PREFIX: &str = "hp";
const SECRET_BYTES: usize = 32;
/// A longer text is no key and is not looked at.
const MAX_BYTES: usize = 128;
/// The context of the hash (BLAKE3 in its key derivation mode): a hash of the same secret made for anything else is another.
const HASH_CONTEXT: &str = "heptad 2026-01 api key secret";

/// An API key as it is kept: everything but its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// What it is for.
    pub name: String,
    /// The hash of its secret, hexadecimal. The secret has 256 random bits, so a fast hash is as good as a slow one.
    pub(super) hash: String,
    /// What it may do itself.
    pub scopes: BTreeSet<Permission>,
    /// Roles it has besides, as they are when it is used.
    pub roles: BTreeSet<String>,
    /// What its makers were allowed: it may do only what each of these allows too.
    pub(super) within: Vec<BTreeSet<Permission>>,
    /// What its makers were denied.
    pub(super) denied: BTreeSet<Permission>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used: Option<Timestamp>,
    /// The key that it replaced.
    pub replaces: Option<String>,
}

/// A key as somebody shows it. Never printed.
#[derive(Clone)]
pub struct Presented {
    prefix: &'static str,
    /// The part that finds the key.
    pub id: String,
    secret: String,
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_***", self.prefix, self.id)
    }
}

impl Presented {
    /// A new key, or whatever else begins with `prefix`.
    pub(super) fn generate(prefix: &'static str) -> Result<Self> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the operating system gives no random numbers").because(error)
        })?;
        let id = ulid::Ulid::generate().to_string().to_lowercase();
        Ok(Self { prefix, id, secret: BASE64_URL_SAFE_NO_PAD.encode(secret) })
    }

    /// Takes a key apart; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_as(PREFIX, text)
    }

    /// The same for what begins with `prefix`.
    pub(super) fn parse_as(prefix: &'static str, text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut parts = text.splitn(3, '_');
        let (first, id, secret) = (parts.next()?, parts.next()?, parts.next()?);
        let shape = !id.is_empty() && id.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let good = first == prefix && shape && !secret.is_empty();
        good.then(|| Self { prefix, id: id.to_owned(), secret: secret.to_owned() })
    }

    /// The whole key, to be shown once.
    pub(super) fn reveal(&self) -> String {
        format!("{}_{}_{}", self.prefix, self.id, self.secret)
    }

    fn hash(&self) -> blake3::Hash {
        blake3::Hash::from_bytes(blake3::derive_key(HASH_CONTEXT, self.secret.as_bytes()))
    }

    /// The hash of its secret, hexadecimal.
    #[cfg(feature = "oidc")]
    pub(super) fn hashed(&self) -> String {
        self.hash().to_hex().to_string()
    }

    /// Whether its secret has this hash; takes as long for a wrong one as for the right one.
    pub(super) fn has_hash(&self, hash: &str) -> bool {
        // Comparing two BLAKE3 hashes takes constant time.
        blake3::Hash::from_hex(hash).is_ok_and(|hash| hash == self.hash())
    }

    /// A key for `purpose` that only its secret gives.
    #[cfg(feature = "oidc")]
    pub(super) fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, self.secret.as_bytes())
    }
}

impl ApiKey {
    pub(super) async fn open(store: &Arc<dyn Store>) -> Result<Collection<Self>> {
        Definition::new("auth.keys").open(Arc::clone(store)).await
    }

    /// A key that `by` makes, and that never may do more than they may now.
    pub(super) fn new(presented: &Presented, name: String, by: &Principal, now: Timestamp) -> Self {
        let mut key = Self {
            name,
            hash: presented.hash().to_hex().to_string(),
            scopes: BTreeSet::new(),
            roles: BTreeSet::new(),
            within: Vec::new(),
            denied: BTreeSet::new(),
            created_by: by.id.to_string(),
            created: now,
            expires: None,
            revoked: None,
            last_used: None,
            replaces: None,
        };
        key.limit_to(by);
        key
    }

    /// The key that takes the place of `old`: the same rights, under the ceilings of both the old one and `by`.
    pub(super) fn replacing(
        old: &Self,
        id: &str,
        presented: &Presented,
        by: &Principal,
        now: Timestamp,
    ) -> Self {
        let mut key = Self {
            hash: presented.hash().to_hex().to_string(),
            created_by: by.id.to_string(),
            created: now,
            last_used: None,
            replaces: Some(id.to_owned()),
            ..old.clone()
        };
        key.limit_to(by);
        key
    }

    fn limit_to(&mut self, by: &Principal) {
        for ceiling in by.within.iter().chain([&by.permissions]) {
            if !ceiling.contains(&Permission::ALL) && !self.within.contains(ceiling) {
                self.within.push(ceiling.clone());
            }
        }
        self.denied.extend(by.denied.iter().cloned());
    }

    /// Whether this is the key; takes as long for a wrong secret as for the right one.
    pub(super) fn is(&self, presented: &Presented) -> bool {
        presented.has_hash(&self.hash)
    }

    /// Whether it ended, and why.
    pub(super) fn ended(&self, now: Timestamp) -> Option<&'static str> {
        match (self.revoked, self.expires) {
            (Some(_), _) => Some("revoked"),
            (None, Some(expires)) if expires <= now => Some("expired"),
            _ => None,
        }
    }

    /// Whoever uses it; `allow` and `deny` are what its roles come to.
    pub(super) fn principal(
        &self,
        id: &str,
        allow: BTreeSet<Permission>,
        deny: BTreeSet<Permission>,
    ) -> Principal {
        let mut principal = Principal::new(format!("key:{id}"), self.scopes.iter().cloned().chain(allow));
        principal.denied = self.denied.iter().cloned().chain(deny).collect();
        principal.within.clone_from(&self.within);
        principal
    }
}
