//! What is believed of one issuer.

use std::{collections::BTreeSet, time::Duration};

use super::{Algorithm, Claims, Header, Mapping, Refusal};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

/// More leeway than this would make expiry meaningless.
const MOST_LEEWAY: Duration = Duration::from_secs(300);

/// An issuer that is trusted, and for what.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Issuer {
    /// Its name, equal to `iss` byte for byte.
    pub name: String,
    /// Whom its tokens must be for: one of these.
    pub audiences: BTreeSet<String>,
    /// How it may sign. HMAC is not among the defaults: whoever verifies one could sign as well.
    pub algorithms: BTreeSet<Algorithm>,
    /// By how much clocks may differ: 60 seconds, at most 300.
    pub leeway: Duration,
    /// How old a token may be, by its `iat`, which it then must have.
    pub max_age: Option<Duration>,
    /// Claims that must be there, beside `iss`, `aud` and `exp`: `sub`.
    pub required: BTreeSet<String>,
    /// Types (`typ`, in lower case) that are accepted: `jwt` and `at+jwt`. A token without one is accepted as well, unless [`typed`](Self::typed).
    pub kinds: BTreeSet<String>,
    /// Whether a token must say its type.
    pub typed: bool,
    /// How its claims become a principal.
    pub mapping: Mapping,
}

impl Issuer {
    /// Trusts the issuer called `name`, for tokens to `audience`, signed RS256, PS256, ES256 or EdDSA.
    pub fn new(name: impl Into<String>, audience: impl Into<String>) -> Self {
        let name = name.into();
        let algorithms = [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];
        Self {
            mapping: Mapping::of(&name),
            name,
            audiences: BTreeSet::from([audience.into()]),
            algorithms: BTreeSet::from(algorithms),
            leeway: Duration::from_secs(60),
            max_age: None,
            required: BTreeSet::from(["sub".to_owned()]),
            kinds: BTreeSet::from(["jwt".to_owned(), "at+jwt".to_owned()]),
            typed: false,
        }
    }

    /// The same, signing only in these ways.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// The same with another mapping.
    #[must_use]
    pub fn mapping(mut self, mapping: Mapping) -> Self {
        self.mapping = mapping;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        let wrong =
            |what: &str| Err(Error::invalid(format!("the issuer `{}` {what}", self.name.escape_debug())));
        if self.name.is_empty() || self.audiences.is_empty() {
            return wrong("needs a name and an audience: a token for anybody is for nobody");
        }
        if self.algorithms.is_empty() {
            return wrong("may sign in no way: list at least one algorithm");
        }
        let symmetric = self.algorithms.iter().filter(|algorithm| algorithm.is_symmetric()).count();
        if symmetric != 0 && symmetric != self.algorithms.len() {
            return wrong("may sign with a secret or with a private key, never with either");
        }
        if self.leeway > MOST_LEEWAY {
            return wrong("has more than 300 s of leeway");
        }
        Ok(())
    }

    /// Checks the header before any key is asked for.
    pub(super) fn check_header(&self, header: &Header) -> Result<(), Refusal> {
        if !self.algorithms.contains(&header.algorithm) {
            return Err(Refusal::Algorithm);
        }
        match &header.kind {
            Some(kind) if !self.kinds.contains(kind) => Err(Refusal::Type),
            None if self.typed => Err(Refusal::Type),
            _ => Ok(()),
        }
    }

    /// Checks what was proved to be signed, at the time `now`.
    pub(super) fn check_claims(&self, claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
        if claims.issuer != self.name {
            return Err(Refusal::Issuer);
        }
        if !claims.audience.iter().any(|audience| self.audiences.contains(audience)) {
            return Err(if claims.audience.is_empty() {
                Refusal::Missing("aud".into())
            } else {
                Refusal::Audience
            });
        }
        let missing = self.required.iter().find(|claim| claims.at(claim).is_none_or(|value| value.is_null()));
        if let Some(claim) = missing {
            return Err(Refusal::Missing(claim.clone()));
        }
        let seconds = |time: Timestamp| time.as_second();
        let (now, leeway) = (seconds(now), self.leeway.as_secs().cast_signed());
        let expires = claims.expires.ok_or_else(|| Refusal::Missing("exp".into()))?;
        if seconds(expires).saturating_add(leeway) <= now {
            return Err(Refusal::Expired);
        }
        let later =
            |time: Option<Timestamp>| time.is_some_and(|time| seconds(time) > now.saturating_add(leeway));
        if later(claims.not_before) || later(claims.issued) {
            return Err(Refusal::NotYet);
        }
        if let Some(most) = self.max_age {
            let issued = claims.issued.ok_or_else(|| Refusal::Missing("iat".into()))?;
            let most = i64::try_from(most.as_secs()).unwrap_or(i64::MAX);
            if now.saturating_sub(seconds(issued)) > most.saturating_add(leeway) {
                return Err(Refusal::Expired);
            }
        }
        Ok(())
    }
}
