//! Who is calling, and what they may do.

use std::{borrow::Cow, collections::BTreeSet};

use serde::{Deserialize, Serialize};

/// What a principal must hold to call an operation, written `system.operation`. A grant may end in `.*` (a whole system) or be `*` (all).
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Permission(Cow<'static, str>);

impl Permission {
    /// The permission to do anything.
    pub const ALL: Self = Self(Cow::Borrowed("*"));

    /// The permission called `name`.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The permission called `name`, known only at run time.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether who holds this may do `wanted`.
    pub fn grants(&self, wanted: &str) -> bool {
        let held = self.as_str();
        held == "*"
            || held == wanted
            || held
                .strip_suffix(".*")
                .is_some_and(|system| wanted.strip_prefix(system).is_some_and(|rest| rest.starts_with('.')))
    }
}

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// A stable name, for the log.
    pub id: Cow<'static, str>,
    /// What they may do.
    pub permissions: BTreeSet<Permission>,
    /// What they may not do: overrides whatever allows it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub denied: BTreeSet<Permission>,
    /// Ceilings: they may do only what each of these allows too. A key has the permissions of whoever made it as one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<BTreeSet<Permission>>,
}

impl Principal {
    /// The owner of an embedded platform, who may do all.
    pub fn owner() -> Self {
        Self { id: Cow::Borrowed("owner"), ..Self::new("", [Permission::ALL]) }
    }

    /// A principal who holds `permissions`.
    pub fn new(id: impl Into<String>, permissions: impl IntoIterator<Item = Permission>) -> Self {
        let permissions = permissions.into_iter().collect();
        Self { id: Cow::Owned(id.into()), permissions, denied: BTreeSet::new(), within: Vec::new() }
    }

    /// Whether they may do `wanted`, a `system.operation`.
    pub fn may(&self, wanted: &str) -> bool {
        let grants = |held: &BTreeSet<Permission>| held.iter().any(|held| held.grants(wanted));
        grants(&self.permissions) && self.within.iter().all(grants) && !grants(&self.denied)
    }

    /// Whether they may do everything that `grant` covers, and so may pass it on.
    pub fn covers(&self, grant: &Permission) -> bool {
        // A grant that is written as another's pattern is covered by whatever grants the pattern.
        self.may(grant.as_str()) && !self.denied.iter().any(|denied| grant.grants(denied.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::Permission;

    #[test]
    fn a_grant_covers_itself_its_system_or_everything() {
        for (held, wanted, granted) in [
            ("*", "review.scan", true),
            ("review.scan", "review.scan", true),
            ("review.*", "review.scan", true),
            ("review.*", "reviewer.scan", false),
            ("review", "review.scan", false),
            ("review.scan", "review.fix", false),
        ] {
            assert_eq!(Permission::named(held).grants(wanted), granted, "{held} -> {wanted}");
        }
    }
}
