//! Logins that were begun: one record each, removed by whoever finishes it, first of all.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::seal;
use crate::{
    clock::Timestamp,
    crypto::random,
    error::{ErrorKind, Result},
    store::{Batch, Collection, Definition, IndexRange, IndexValue, Page, Store},
};

const STATE: &str = "heptad 2026-11 login state";
const BINDING: &str = "heptad 2026-11 login binding";
const SEALING: &str = "heptad 2026-11 login sealing";
/// How many that nobody finished are forgotten when another is begun.
const SWEEP: usize = 64;
/// A text from outside that is longer is none of ours.
const MAX_BYTES: usize = 128;

/// What a login needs when it is finished.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    pub(super) nonce: String,
    /// The verifier of PKCE.
    pub(super) verifier: String,
}

/// A login as it is kept, by the hash of its state.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Pending {
    binding: String,
    sealed: String,
    pub(super) redirect_uri: String,
    pub(super) expires: Timestamp,
}

/// A login that was just begun, with what is told to nobody but the browser.
pub(super) struct Begun {
    pub(super) state: String,
    pub(super) binding: String,
    pub(super) secrets: Secrets,
}

/// Why an answer does not finish a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmatched {
    Unknown,
    Expired,
    OtherBrowser,
}

impl Unmatched {
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Unknown => "no such login was begun here, or it was finished already",
            Self::Expired => "it took too long",
            Self::OtherBrowser => "it was begun in another browser",
        }
    }
}

impl Pending {
    async fn open(store: &Arc<dyn Store>) -> Result<Collection<Self>> {
        let expiry = |login: &Self| [IndexValue::from(login.expires.as_second())];
        Definition::new("auth.logins").index("expires", expiry).open(Arc::clone(store)).await
    }

    /// Begins a login that must be finished by `expires`.
    pub(super) async fn begin(
        store: &Arc<dyn Store>,
        redirect_uri: &str,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Begun> {
        let logins = Self::open(store).await?;
        forget(&logins, now).await?;
        let secrets = Secrets { nonce: token()?, verifier: token()? };
        let begun = Begun { state: token()?, binding: token()?, secrets };
        let id = hash(STATE, &begun.state);
        let key = blake3::derive_key(SEALING, begun.binding.as_bytes());
        let login = Self {
            binding: hash(BINDING, &begun.binding),
            sealed: seal::seal(key, &id, &begun.secrets)?,
            redirect_uri: redirect_uri.to_owned(),
            expires,
        };
        logins.insert(&id, &login).await?;
        Ok(begun)
    }

    /// Takes the login of `state` away, and opens it with `binding`. It is gone whatever comes of it.
    pub(super) async fn take(
        store: &Arc<dyn Store>,
        state: &str,
        binding: &str,
        now: Timestamp,
    ) -> Result<Result<(Self, Secrets), Unmatched>> {
        if state.len() > MAX_BYTES || binding.len() > MAX_BYTES {
            return Ok(Err(Unmatched::Unknown));
        }
        let (logins, id) = (Self::open(store).await?, hash(STATE, state));
        let Some(found) = logins.get(&id).await? else { return Ok(Err(Unmatched::Unknown)) };
        let mut batch = Batch::new();
        logins.delete_in(&mut batch, &found)?;
        match store.commit(batch).await {
            // Somebody else finished it in this moment.
            Err(error) if error.kind() == ErrorKind::Conflict => return Ok(Err(Unmatched::Unknown)),
            outcome => outcome?,
        };
        let login = found.value;
        if login.expires <= now {
            return Ok(Err(Unmatched::Expired));
        }
        // Hashes of random texts: how long comparing takes tells nothing of use.
        let key = blake3::derive_key(SEALING, binding.as_bytes());
        let opened = (login.binding == hash(BINDING, binding)).then(|| seal::open(key, &id, &login.sealed));
        Ok(opened.flatten().map(|secrets| (login, secrets)).ok_or(Unmatched::OtherBrowser))
    }
}

/// Forgets logins that nobody finished in time.
async fn forget(logins: &Collection<Pending>, now: Timestamp) -> Result<()> {
    let past = IndexRange::below(now.as_second());
    for login in logins.query("expires", &past, Page::first(SWEEP)).await?.items {
        logins.delete(&login.id).await?;
    }
    Ok(())
}

/// 256 random bits.
fn token() -> Result<String> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?))
}

fn hash(purpose: &str, text: &str) -> String {
    blake3::Hash::from_bytes(blake3::derive_key(purpose, text.as_bytes())).to_hex().to_string()
}
