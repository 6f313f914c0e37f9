//! Making, replacing and ending API keys.

use std::collections::BTreeSet;

use super::{
    super::{
        audit::{AuditEntry, What},
        authenticate::of_key,
        key::{ApiKey, PREFIX, Presented},
        role::{Resolved, Role, check_count, check_held, check_permissions},
    },
    Auth, CreateKeyRequest, CreatedKey, KeyInfo, KeyList, RotateKeyRequest,
    roles::{all, busy, commit, turn},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    operation::Permission,
    store::Stored,
};

const ATTEMPTS: usize = 16;
const MAX_NAME_BYTES: usize = 128;

pub(super) async fn create(auth: &Auth, request: CreateKeyRequest) -> Result<CreatedKey> {
    let CreateKeyRequest { name, scopes, roles, expires_in_seconds } = request;
    if name.trim().is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(Error::invalid(format!(
            "`name` says what the key is for, in 1 to {MAX_NAME_BYTES} bytes"
        )));
    }
    check_permissions("scopes", &scopes)?;
    check_count("roles", roles.len())?;
    if scopes.is_empty() && roles.is_empty() {
        return Err(Error::invalid("a key without `scopes` and `roles` could do nothing: give it one"));
    }
    let (kernel, principal) = (&auth.context.kernel, &auth.context.principal);
    let (keys, known) = (ApiKey::open(&kernel.store).await?, Role::open(&kernel.store).await?);
    let now = kernel.clock.now();
    let expires = expires_in_seconds.map(|seconds| later(now, seconds)).transpose()?;
    for _ in 0..ATTEMPTS {
        // With the turn of the roles: one of them could be removed at this moment.
        let mut batch = turn(auth).await?;
        let given = Resolved::of(&known, &roles).await?;
        check_held(principal, scopes.union(&given.allow))?;
        let presented = Presented::generate(PREFIX)?;
        let mut key = ApiKey::new(&presented, name.clone(), principal, now);
        (key.scopes, key.roles, key.expires) = (scopes.clone(), roles.clone(), expires);
        keys.insert_in(&mut batch, &presented.id, &key)?;
        AuditEntry::new(What::KeyCreated, &principal.id, &presented.id, rights(&key)).add_to(&mut batch)?;
        if commit(auth, batch).await? {
            return Ok(CreatedKey { key: presented.reveal(), info: info(&presented.id, &key, now) });
        }
    }
    Err(busy())
}

pub(super) async fn list(auth: &Auth) -> Result<KeyList> {
    let now = auth.context.kernel.clock.now();
    let mut keys: Vec<KeyInfo> = all(&ApiKey::open(&auth.context.kernel.store).await?)
        .await?
        .iter()
        .map(|(id, key)| info(id, key, now))
        .collect();
    keys.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    Ok(KeyList { keys })
}

pub(super) async fn revoke(auth: &Auth, id: &str) -> Result<KeyInfo> {
    let (kernel, principal) = (&auth.context.kernel, &auth.context.principal);
    let keys = ApiKey::open(&kernel.store).await?;
    for _ in 0..ATTEMPTS {
        let found = find(&keys, id).await?;
        let now = kernel.clock.now();
        if found.value.revoked.is_some() {
            return Ok(info(id, &found.value, now));
        }
        let revoked = ApiKey { revoked: Some(now), ..found.value.clone() };
        let mut batch = crate::store::Batch::new();
        keys.replace_in(&mut batch, &found, &revoked)?;
        AuditEntry::new(What::KeyRevoked, &principal.id, id, "").add_to(&mut batch)?;
        if commit(auth, batch).await? {
            return Ok(info(id, &revoked, now));
        }
    }
    Err(busy())
}

pub(super) async fn rotate(auth: &Auth, request: RotateKeyRequest) -> Result<CreatedKey> {
    let RotateKeyRequest { id, overlap_seconds } = request;
    let (kernel, principal) = (&auth.context.kernel, &auth.context.principal);
    let keys = ApiKey::open(&kernel.store).await?;
    for _ in 0..ATTEMPTS {
        let mut batch = turn(auth).await?;
        let found = find(&keys, &id).await?;
        let now = kernel.clock.now();
        if let Some(why) = found.value.ended(now) {
            return Err(Error::new(ErrorKind::Conflict, format!("the key `{id}` is {why}: make a new one")));
        }
        // Whoever gets the new secret has what the key has.
        check_held(principal, &of_key(kernel, &found).await?.permissions)?;
        let presented = Presented::generate(PREFIX)?;
        let key = ApiKey::replacing(&found.value, &id, &presented, principal, now);
        let end = later(now, overlap_seconds)?;
        let old = ApiKey {
            expires: Some(found.value.expires.map_or(end, |expires| expires.min(end))),
            ..found.value.clone()
        };
        keys.replace_in(&mut batch, &found, &old)?;
        keys.insert_in(&mut batch, &presented.id, &key)?;
        let detail = format!("replaced by {}", presented.id);
        AuditEntry::new(What::KeyRotated, &principal.id, &id, detail).add_to(&mut batch)?;
        if commit(auth, batch).await? {
            return Ok(CreatedKey { key: presented.reveal(), info: info(&presented.id, &key, now) });
        }
    }
    Err(busy())
}

async fn find(keys: &crate::store::Collection<ApiKey>, id: &str) -> Result<Stored<ApiKey>> {
    let shown = || crate::suggest::shortened(&id.escape_debug().to_string(), 60);
    keys.get(id).await?.ok_or_else(|| Error::not_found(format!("there is no key `{}`", shown())))
}

fn later(now: Timestamp, seconds: u64) -> Result<Timestamp> {
    let length = i64::try_from(seconds).ok().map(jiff::SignedDuration::from_secs);
    let end = length.and_then(|length| now.checked_add(length).ok());
    end.ok_or_else(|| Error::invalid(format!("{seconds} seconds from now is no time")))
}

fn info(id: &str, key: &ApiKey, now: Timestamp) -> KeyInfo {
    KeyInfo {
        id: id.to_owned(),
        name: key.name.clone(),
        scopes: key.scopes.clone(),
        roles: key.roles.clone(),
        created_by: key.created_by.clone(),
        created: key.created,
        expires: key.expires,
        revoked: key.revoked,
        last_used: key.last_used,
        replaces: key.replaces.clone(),
        active: key.ended(now).is_none(),
    }
}

/// What a key was given, for the audit.
fn rights(key: &ApiKey) -> String {
    let scopes: BTreeSet<&str> = key.scopes.iter().map(Permission::as_str).collect();
    let roles = key.roles.iter().map(|role| format!("role:{role}"));
    scopes.into_iter().map(str::to_owned).chain(roles).collect::<Vec<_>>().join(" ")
}
