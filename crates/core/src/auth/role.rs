//! Roles, and what they come to.

use std::{collections::BTreeSet, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, ErrorKind, Result},
    operation::{Permission, Principal},
    store::{Collection, Definition, Store},
    suggest::shortened,
};

const MAX_NAME_BYTES: usize = 64;
const MAX_PERMISSION_BYTES: usize = 128;
/// The most permissions, roles or denials in one list.
pub(super) const MOST: usize = 256;

/// A named set of permissions and denials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Roles whose permissions and denials it has too.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub inherits: BTreeSet<String>,
    /// What it allows: `system.operation`, `system.*` or `*`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow: BTreeSet<Permission>,
    /// What it denies, whatever allows it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub deny: BTreeSet<Permission>,
}

/// Which roles somebody has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Assignment {
    pub(super) roles: BTreeSet<String>,
}

/// What roles come to, with all they inherit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) names: BTreeSet<String>,
    pub(super) allow: BTreeSet<Permission>,
    pub(super) deny: BTreeSet<Permission>,
}

impl Role {
    pub(super) async fn open(store: &Arc<dyn Store>) -> Result<Collection<Self>> {
        Definition::new("auth.roles").open(Arc::clone(store)).await
    }

    pub(super) fn check(&self) -> Result<()> {
        check_permissions("allow", &self.allow)?;
        check_permissions("deny", &self.deny)?;
        check_count("inherits", self.inherits.len())?;
        self.inherits.iter().try_for_each(|name| check_name(name))
    }
}

impl Assignment {
    pub(super) async fn open(store: &Arc<dyn Store>) -> Result<Collection<Self>> {
        Definition::new("auth.assignments").open(Arc::clone(store)).await
    }
}

impl Resolved {
    /// Follows `roles` through everything they inherit. A role is visited once, so that circles, which are refused when a role is written, could do
    /// no harm either.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for a role that does not exist: what it denies is not known, so nothing is guessed.
    pub(super) async fn of(collection: &Collection<Role>, roles: &BTreeSet<String>) -> Result<Self> {
        let (mut resolved, mut open) = (Self::default(), roles.iter().cloned().collect::<Vec<_>>());
        while let Some(name) = open.pop() {
            if resolved.names.contains(&name) {
                continue;
            }
            check_name(&name)?;
            let Some(found) = collection.get(&name).await? else {
                return Err(Error::not_found(format!("there is no role `{name}`")));
            };
            let Role { inherits, allow, deny, .. } = found.value;
            open.extend(inherits);
            resolved.allow.extend(allow);
            resolved.deny.extend(deny);
            resolved.names.insert(name);
        }
        Ok(resolved)
    }
}

/// Refuses what `by` may not pass on.
pub(super) fn check_covered<'a>(
    by: &Principal,
    grants: impl IntoIterator<Item = &'a Permission>,
) -> Result<()> {
    let missing = grants.into_iter().find(|grant| !by.covers(grant));
    missing.map_or(Ok(()), |grant| Err(beyond(by, grant)))
}

/// The same for a key, which keeps the denials of its maker: they need not be free of all denials themselves.
pub(super) fn check_held<'a>(by: &Principal, grants: impl IntoIterator<Item = &'a Permission>) -> Result<()> {
    let missing = grants.into_iter().find(|grant| !by.may(grant.as_str()));
    missing.map_or(Ok(()), |grant| Err(beyond(by, grant)))
}

fn beyond(by: &Principal, grant: &Permission) -> Error {
    let message = format!(
        "`{}` may not pass on `{}`, for it is more than they may do themselves",
        by.id,
        grant.as_str()
    );
    Error::new(ErrorKind::PermissionDenied, message)
}

pub(super) fn check_name(name: &str) -> Result<()> {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_-.".contains(&c);
    if (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    let shown = shortened(&name.escape_debug().to_string(), MAX_NAME_BYTES);
    Err(Error::invalid(format!("`{shown}` is not a role: it has 1 to {MAX_NAME_BYTES} of a-z 0-9 _ - .")))
}

/// Refuses what can never grant anything: a wildcard elsewhere than at the end is a mistake, not a permission.
pub(super) fn check_permissions(field: &str, permissions: &BTreeSet<Permission>) -> Result<()> {
    check_count(field, permissions.len())?;
    let wrong = permissions.iter().map(Permission::as_str).find(|name| {
        let parts = name.strip_suffix(".*").unwrap_or(if *name == "*" { "all" } else { name });
        let word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
        };
        name.len() > MAX_PERMISSION_BYTES || !parts.split('.').all(word)
    });
    wrong.map_or(Ok(()), |name| {
        let shown = shortened(&name.escape_debug().to_string(), MAX_PERMISSION_BYTES);
        Err(Error::invalid(format!(
            "`{shown}` in `{field}` is not a permission: it is `system.operation`, `system.*` or `*`"
        )))
    })
}

pub(super) fn check_count(field: &str, count: usize) -> Result<()> {
    if count <= MOST {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::LimitExceeded,
        format!("`{field}` has {count} entries, at most {MOST} are allowed"),
    ))
}
