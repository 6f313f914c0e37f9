//! Letting somebody in.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Proved, TokenVerifier,
    audit::{self, AuditEntry, What},
    key::{ApiKey, Presented},
    role::{Assignment, Resolved, Role},
    session::{self, Session},
};
use crate::{
    Kernel,
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    operation::Principal,
    store::{Collection, Stored},
};

/// How old `last_used` may grow before it is written again.
const LAST_USED: Duration = Duration::from_secs(60);

/// Whoever shows `credential`: an API key (`hp_…`), a session (`hs_…`), or a token of an issuer that is trusted.
///
/// # Errors
/// [`Unauthenticated`](ErrorKind::Unauthenticated): the same for a text that is no key, a key that does not exist and a wrong secret; whoever
/// has the secret learns whether it expired or was revoked, whoever has a token why it is not believed. [`NotFound`](ErrorKind::NotFound) where a role that was
/// assigned was removed. Whatever the store fails with.
pub async fn authenticate(kernel: &Kernel, credential: &str) -> Result<Principal> {
    if let Some(presented) = Presented::parse_as(session::PREFIX, credential) {
        let found = admit(kernel, &presented).await?;
        return proved(kernel, found.value.proves()).await;
    }
    match &kernel.security.tokens {
        // Neither prefix has a dot before its second underscore; a token has two.
        Some(tokens) if credential.bytes().filter(|byte| *byte == b'.').count() == 2 => {
            by_token(kernel, tokens.as_ref(), credential).await
        }
        _ => by_key(kernel, credential).await,
    }
}

async fn by_key(kernel: &Kernel, key: &str) -> Result<Principal> {
    let Some(presented) = Presented::parse(key) else { return Err(refuse(kernel, "", "no key").await) };
    let keys = ApiKey::open(&kernel.store).await?;
    let found = keys.get(&presented.id).await?.filter(|found| found.value.is(&presented));
    let Some(found) = found else {
        return Err(refuse(kernel, &presented.id, "unknown key or wrong secret").await);
    };
    let now = kernel.clock.now();
    if let Some(why) = found.value.ended(now) {
        let error = refuse(kernel, &presented.id, why).await;
        return Err(
            Error::new(ErrorKind::Unauthenticated, format!("the API key was {}", said(why))).because(error)
        );
    }
    let principal = of_key(kernel, &found).await?;
    remember_use(&keys, found, now).await?;
    Ok(principal)
}

async fn by_token(kernel: &Kernel, tokens: &dyn TokenVerifier, token: &str) -> Result<Principal> {
    match tokens.prove(token).await {
        Ok(known) => proved(kernel, known).await,
        Err(error) => {
            if error.kind() == ErrorKind::Unauthenticated {
                let entry = AuditEntry::new(What::TokenRefused, "", "", error.message());
                audit::write(kernel, entry).await;
            }
            Err(error)
        }
    }
}

/// The session that somebody shows.
pub(super) async fn admit(kernel: &Kernel, presented: &Presented) -> Result<Stored<Session>> {
    let found = Session::open(&kernel.store).await?.get(&presented.id).await?;
    let Some(found) = found.filter(|found| found.value.is(presented)) else {
        return Err(refuse(kernel, &presented.id, "unknown session or wrong secret").await);
    };
    if let Some(why) = found.value.ended(kernel.clock.now()) {
        let error = refuse(kernel, &presented.id, why).await;
        let message = format!("the session was {}: sign in again", said(why));
        return Err(Error::new(ErrorKind::Unauthenticated, message).because(error));
    }
    Ok(found)
}

/// The principal called `id`, with the roles that were assigned to them; none assigned, no permissions. That the caller *is* `id` is for whoever asks to know.
///
/// # Errors
/// [`NotFound`](ErrorKind::NotFound) where one of the roles was removed; whatever the store fails with.
pub async fn principal(kernel: &Kernel, id: &str) -> Result<Principal> {
    let assigned = Assignment::open(&kernel.store).await?.get(id).await?;
    let roles = assigned.map(|stored| stored.value.roles).unwrap_or_default();
    with_roles(kernel, id, &roles).await
}

/// Whoever that is: the roles assigned here, and those of the proof that exist here.
async fn proved(kernel: &Kernel, proof: Proved) -> Result<Principal> {
    let (known, id) = (Role::open(&kernel.store).await?, &proof.principal);
    let assigned = Assignment::open(&kernel.store).await?.get(id).await?;
    let mut roles = assigned.map(|stored| stored.value.roles).unwrap_or_default();
    for role in proof.roles {
        if !roles.contains(&role) && known.get(&role).await?.is_some() {
            roles.insert(role);
        }
    }
    with_roles(kernel, id, &roles).await
}

async fn with_roles(kernel: &Kernel, id: &str, roles: &BTreeSet<String>) -> Result<Principal> {
    let Resolved { allow, deny, .. } = Resolved::of(&Role::open(&kernel.store).await?, roles).await?;
    let mut principal = Principal::new(id, allow);
    principal.denied = deny;
    Ok(principal)
}

/// What a key may do, with its roles as they are now.
pub(super) async fn of_key(kernel: &Kernel, key: &Stored<ApiKey>) -> Result<Principal> {
    let Resolved { allow, deny, .. } =
        Resolved::of(&Role::open(&kernel.store).await?, &key.value.roles).await?;
    Ok(key.value.principal(&key.id, allow, deny))
}

async fn remember_use(keys: &Collection<ApiKey>, found: Stored<ApiKey>, now: Timestamp) -> Result<()> {
    let recent =
        |last: Timestamp| Duration::try_from(now.duration_since(last)).is_ok_and(|age| age < LAST_USED);
    if found.value.last_used.is_some_and(recent) {
        return Ok(());
    }
    let used = ApiKey { last_used: Some(now), ..found.value.clone() };
    match keys.replace(&found, &used).await {
        // Used, revoked or rotated by somebody else at this moment: theirs stands.
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
        outcome => outcome.map(drop),
    }
}

async fn refuse(kernel: &Kernel, id: &str, why: &str) -> Error {
    let subject = crate::suggest::shortened(id, 64);
    audit::write(kernel, AuditEntry::new(What::KeyRefused, "", subject, why)).await;
    Error::new(ErrorKind::Unauthenticated, "this is not an API key of this platform")
}

fn said(why: &str) -> &str {
    if why == "expired" { "valid until a time that has passed" } else { why }
}
