//! Letting somebody in.

use std::time::Duration;

use super::{
    audit::{self, AuditEntry, What},
    key::{ApiKey, Presented},
    role::{Assignment, Resolved, Role},
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

/// Whoever shows `key`, an API key.
///
/// # Errors
/// [`Unauthenticated`](ErrorKind::Unauthenticated): the same for a text that is no key, a key that does not exist and a wrong secret; whoever
/// has the secret learns whether it expired or was revoked. [`NotFound`](ErrorKind::NotFound) where it has a role that was removed. Whatever
/// the store fails with.
pub async fn authenticate(kernel: &Kernel, key: &str) -> Result<Principal> {
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

/// The principal called `id`, with the roles that were assigned to them; none assigned, no permissions. That the caller *is* `id` is for whoever asks to know.
///
/// # Errors
/// [`NotFound`](ErrorKind::NotFound) where one of the roles was removed; whatever the store fails with.
pub async fn principal(kernel: &Kernel, id: &str) -> Result<Principal> {
    let assigned = Assignment::open(&kernel.store).await?.get(id).await?;
    let roles = assigned.map(|stored| stored.value.roles).unwrap_or_default();
    let Resolved { allow, deny, .. } = Resolved::of(&Role::open(&kernel.store).await?, &roles).await?;
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
