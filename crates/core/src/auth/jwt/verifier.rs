//! From a token to what is proved by it.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Algorithm, Claims, Header, Issuer, Jws, KeyCache, KeySet, Refusal, VerifyingKey};
use crate::{
    auth::{Proved, TokenVerifier},
    clock::Clock,
    error::{Error, Result},
};

/// Where the keys of an issuer are.
#[derive(Clone)]
pub enum Keys {
    /// Here, and they stay the same.
    Fixed(Arc<KeySet>),
    /// With the issuer, which may change them.
    Cached(KeyCache),
}

/// A token whose signature and claims were checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Its header.
    pub header: Header,
    /// Its claims.
    pub claims: Claims,
}

/// Believes the tokens of the issuers it knows.
pub struct Verifier {
    trusted: Vec<(Issuer, Keys)>,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// Trusts nobody yet. `clock` tells whether a token has expired.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { trusted: Vec::new(), clock }
    }

    /// Trusts one more issuer.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it has no audience or algorithm, mixes secrets with private keys, has too much leeway, or is
    /// trusted already; or where its algorithms are HMAC and its keys are fetched.
    pub fn trust(mut self, issuer: Issuer, keys: Keys) -> Result<Self> {
        issuer.check()?;
        if self.trusted.iter().any(|(known, _)| known.name == issuer.name) {
            return Err(Error::invalid(format!(
                "the issuer `{}` is trusted twice",
                issuer.name.escape_debug()
            )));
        }
        if matches!(keys, Keys::Cached(_))
            && issuer.algorithms.iter().any(|algorithm| algorithm.is_symmetric())
        {
            return Err(Error::invalid("a secret is never fetched: HMAC needs a set of keys that is here"));
        }
        self.trusted.push((issuer, keys));
        Ok(self)
    }

    /// What `token` proves.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn verify(&self, token: &str) -> Result<Verified, Refusal> {
        self.judge(token).await.map(|(_, verified)| verified)
    }

    async fn judge(&self, token: &str) -> Result<(&Issuer, Verified), Refusal> {
        let jws = Jws::parse(token)?;
        // Who made it is not proved yet; it only says whose keys must prove it.
        let alleged = Claims::read(jws.unproved())?.issuer;
        let trusted = self.trusted.iter().find(|(issuer, _)| issuer.name == alleged);
        let (issuer, keys) = trusted.ok_or(Refusal::Issuer)?;
        issuer.check_header(jws.header())?;
        let key = keys.find(jws.header().key.as_deref(), jws.header().algorithm).await?;
        let claims = Claims::read(jws.verify(&key)?)?;
        issuer.check_claims(&claims, self.clock.now())?;
        Ok((issuer, Verified { header: jws.header().clone(), claims }))
    }
}

#[async_trait]
impl TokenVerifier for Verifier {
    async fn prove(&self, token: &str) -> Result<Proved> {
        let (issuer, verified) = self.judge(token).await?;
        let (principal, roles) = issuer.mapping.apply(&verified.claims.all)?;
        Ok(Proved { principal, roles, expires: verified.claims.expires })
    }
}

impl Keys {
    async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<VerifyingKey, Refusal> {
        match self {
            Self::Fixed(set) => set.find(id, algorithm).cloned(),
            Self::Cached(cache) => cache.find(id, algorithm).await,
        }
    }
}
