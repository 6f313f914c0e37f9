//! Writing roles and giving them to somebody.

use std::collections::BTreeSet;

use super::{
    super::{
        audit::{AuditEntry, What},
        key::ApiKey,
        role::{Assignment, Resolved, Role, check_count, check_covered, check_name},
    },
    AssignRequest, Assigned, AssignmentList, Auth, Deleted, NamedRole, PutRoleRequest, RoleList,
};
use crate::{
    error::{Error, ErrorKind, Result},
    operation::Permission,
    store::{Batch, Collection, Expect, Key, KeyRange, Page, Value},
};

/// How often a change is tried again when others changed roles or gave them at the same time.
const ATTEMPTS: usize = 16;

pub(super) async fn put(auth: &Auth, request: PutRoleRequest) -> Result<NamedRole> {
    let PutRoleRequest { name, description, inherits, allow, deny } = request;
    check_name(&name)?;
    let role = Role { description, inherits, allow, deny };
    role.check()?;
    let roles = Role::open(&auth.context.kernel.store).await?;
    for _ in 0..ATTEMPTS {
        let (mut batch, old) = (turn(auth).await?, roles.get(&name).await?);
        let inherited = Resolved::of(&roles, &role.inherits).await?;
        if inherited.names.contains(&name) {
            let message =
                format!("`{name}` would inherit from itself: one of the roles it inherits has it already");
            return Err(Error::invalid(message));
        }
        let principal = &auth.context.principal;
        check_covered(principal, role.allow.union(&inherited.allow))?;
        let denies: BTreeSet<Permission> = role.deny.union(&inherited.deny).cloned().collect();
        if let Some(old) = &old {
            let before = Resolved::of(&roles, &BTreeSet::from([name.clone()])).await?;
            check_covered(principal, before.deny.difference(&denies))?;
            roles.replace_in(&mut batch, old, &role)?;
        } else {
            roles.insert_in(&mut batch, &name, &role)?;
        }
        AuditEntry::new(What::RolePut, &principal.id, &name, summary(&role)).add_to(&mut batch)?;
        if commit(auth, batch).await? {
            let allows = role.allow.union(&inherited.allow).cloned().collect();
            return Ok(NamedRole { name, role, allows, denies });
        }
    }
    Err(busy())
}

pub(super) async fn delete(auth: &Auth, name: &str) -> Result<Deleted> {
    check_name(name)?;
    let store = &auth.context.kernel.store;
    let roles = Role::open(store).await?;
    for _ in 0..ATTEMPTS {
        let mut batch = turn(auth).await?;
        let Some(old) = roles.get(name).await? else { return Ok(Deleted { deleted: false }) };
        // That nobody here has it does not mean that no issuer names it, and it may deny by what it inherits.
        let before = Resolved::of(&roles, &BTreeSet::from([name.to_owned()])).await?;
        check_covered(&auth.context.principal, &before.deny)?;
        let heir = all(&roles).await?.into_iter().find(|(_, role)| role.inherits.contains(name));
        let holder =
            all(&Assignment::open(store).await?).await?.into_iter().find(|(_, to)| to.roles.contains(name));
        let now = auth.context.kernel.clock.now();
        let usable = |key: &ApiKey| key.ended(now).is_none() && key.roles.contains(name);
        let key = all(&ApiKey::open(store).await?).await?.into_iter().find(|(_, key)| usable(key));
        let user = heir.map(|(id, _)| format!("the role `{id}` inherits it"));
        let user = user.or_else(|| holder.map(|(id, _)| format!("`{id}` has it")));
        if let Some(user) = user.or_else(|| key.map(|(id, _)| format!("the key `{id}` has it"))) {
            return Err(Error::new(ErrorKind::Conflict, format!("`{name}` is in use: {user}")));
        }
        roles.delete_in(&mut batch, &old)?;
        AuditEntry::new(What::RoleDeleted, &auth.context.principal.id, name, "").add_to(&mut batch)?;
        if commit(auth, batch).await? {
            return Ok(Deleted { deleted: true });
        }
    }
    Err(busy())
}

pub(super) async fn list(auth: &Auth) -> Result<RoleList> {
    let roles = Role::open(&auth.context.kernel.store).await?;
    let mut named = Vec::new();
    for (name, role) in all(&roles).await? {
        let Resolved { allow, deny, .. } = Resolved::of(&roles, &BTreeSet::from([name.clone()])).await?;
        named.push(NamedRole { name, role, allows: allow, denies: deny });
    }
    Ok(RoleList { roles: named })
}

pub(super) async fn assign(auth: &Auth, request: AssignRequest) -> Result<Assigned> {
    let AssignRequest { principal: whom, roles: wanted } = request;
    check_count("roles", wanted.len())?;
    let store = &auth.context.kernel.store;
    let (roles, assignments) = (Role::open(store).await?, Assignment::open(store).await?);
    for _ in 0..ATTEMPTS {
        let (mut batch, old) = (turn(auth).await?, assignments.get(&whom).await?);
        let given = Resolved::of(&roles, &wanted).await?;
        check_covered(&auth.context.principal, &given.allow)?;
        let new = Assignment { roles: wanted.clone() };
        match &old {
            Some(old) => {
                // Also where no role is left here: what an issuer claims may still give some.
                let before = Resolved::of(&roles, &old.value.roles).await?;
                check_covered(&auth.context.principal, before.deny.difference(&given.deny))?;
                if wanted.is_empty() {
                    assignments.delete_in(&mut batch, old)?;
                } else {
                    assignments.replace_in(&mut batch, old, &new)?;
                }
            }
            None if wanted.is_empty() => return Ok(Assigned { principal: whom, roles: wanted }),
            None => assignments.insert_in(&mut batch, &whom, &new)?,
        }
        let names = wanted.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        AuditEntry::new(What::Assigned, &auth.context.principal.id, &whom, names).add_to(&mut batch)?;
        if commit(auth, batch).await? {
            return Ok(Assigned { principal: whom, roles: wanted });
        }
    }
    Err(busy())
}

pub(super) async fn assignments(auth: &Auth) -> Result<AssignmentList> {
    let found = all(&Assignment::open(&auth.context.kernel.store).await?).await?;
    let assignments = found.into_iter().map(|(principal, to)| Assigned { principal, roles: to.roles });
    Ok(AssignmentList { assignments: assignments.collect() })
}

/// A batch that is committed only if nobody else changes roles, or who has them, meanwhile: two changes that are right by themselves could
/// make a circle, or lift somebody, together.
pub(super) async fn turn(auth: &Auth) -> Result<Batch> {
    let key = Key::new("auth.turns", "roles")?;
    let found = auth.context.kernel.store.get(&key).await?;
    let expect = found.map_or(Expect::Absent, |record| Expect::Exactly(record.version));
    let mut batch = Batch::new();
    batch.put_if(key, Value::json("")?, expect);
    Ok(batch)
}

/// `false` where others were faster.
pub(super) async fn commit(auth: &Auth, batch: Batch) -> Result<bool> {
    match auth.context.kernel.store.commit(batch).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn busy() -> Error {
    let message = format!("others changed roles or keys {ATTEMPTS} times in a row: try later");
    Error::new(ErrorKind::Conflict, message).retry(crate::Retry::Now)
}

pub(super) async fn all<T>(collection: &Collection<T>) -> Result<Vec<(String, T)>>
where
    T: serde::Serialize + serde::de::DeserializeOwned + Send + Sync,
{
    let found = collection.scan(KeyRange::all(collection.name()), Page::first(usize::MAX)).await?;
    Ok(found.into_iter().map(|stored| (stored.id, stored.value)).collect())
}

/// What a role says, for the audit.
fn summary(role: &Role) -> String {
    let list =
        |what: &str, names: Vec<&str>| (!names.is_empty()).then(|| format!("{what} {}", names.join(" ")));
    let permissions = |set: &BTreeSet<Permission>| {
        set.iter().map(Permission::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let (allow, deny) = (permissions(&role.allow), permissions(&role.deny));
    let parts = [
        list("inherits", role.inherits.iter().map(String::as_str).collect()),
        list("allows", allow.iter().map(String::as_str).collect()),
        list("denies", deny.iter().map(String::as_str).collect()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
