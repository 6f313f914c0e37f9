//! What the operations of identity take and return.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    auth::{AuditEntry, Role},
    clock::Timestamp,
    operation::Permission,
    store::Offset,
};

/// A role to write.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct PutRoleRequest {
    /// Its name: 1 to 64 of a-z 0-9 _ - .
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Roles whose permissions and denials it has too; they must exist.
    #[serde(default)]
    pub inherits: BTreeSet<String>,
    /// What it allows: `system.operation`, `system.*` or `*`.
    #[serde(default)]
    pub allow: BTreeSet<Permission>,
    /// What it denies, whatever allows it.
    #[serde(default)]
    pub deny: BTreeSet<Permission>,
}

/// A role and what it comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NamedRole {
    /// Its name.
    pub name: String,
    /// The role as it was written.
    #[serde(flatten)]
    pub role: Role,
    /// All it allows, with what it inherits; a denial overrides it.
    pub allows: BTreeSet<Permission>,
    /// All it denies, with what it inherits.
    pub denies: BTreeSet<Permission>,
}

/// Roles, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoleList {
    /// The roles.
    pub roles: Vec<NamedRole>,
}

/// A role to remove.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeleteRoleRequest {
    /// Its name.
    pub name: String,
}

/// Whether there was something to remove.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// There was.
    pub deleted: bool,
}

/// Who gets which roles.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AssignRequest {
    /// The id of the principal, as the host knows them.
    pub principal: String,
    /// Their roles from now on, in place of those they had; none: they have only those that an issuer names.
    #[serde(default)]
    pub roles: BTreeSet<String>,
}

/// Somebody's roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assigned {
    /// The id of the principal.
    pub principal: String,
    /// Their roles.
    pub roles: BTreeSet<String>,
}

/// Who has which roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssignmentList {
    /// Principals with roles, by id.
    pub assignments: Vec<Assigned>,
}

/// An API key to make. It may never do more than whoever makes it may do at that moment.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateKeyRequest {
    /// What it is for.
    pub name: String,
    /// What it may do itself.
    #[serde(default)]
    pub scopes: BTreeSet<Permission>,
    /// Roles it has besides, as they are whenever it is used.
    #[serde(default)]
    pub roles: BTreeSet<String>,
    /// How many seconds it is valid; without it until it is revoked.
    #[serde(default)]
    pub expires_in_seconds: Option<u64>,
}

/// A new key. This is the only time it is shown.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreatedKey {
    /// The key, to be kept in a safe place.
    pub key: String,
    /// What is known of it.
    pub info: KeyInfo,
}

impl std::fmt::Debug for CreatedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedKey").field("key", &"***").field("info", &self.info).finish()
    }
}

/// What is known of a key; its secret is not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeyInfo {
    /// Its id, the middle part of the key.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do itself, below what its maker was allowed.
    pub scopes: BTreeSet<Permission>,
    /// Its roles.
    pub roles: BTreeSet<String>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
    /// The key it replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// It can be used now.
    pub active: bool,
}

/// API keys, the oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeyList {
    /// The keys.
    pub keys: Vec<KeyInfo>,
}

/// A key to revoke.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RevokeKeyRequest {
    /// Its id.
    pub id: String,
}

/// A key to replace.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RotateKeyRequest {
    /// Its id.
    pub id: String,
    /// How many seconds the old key stays valid beside the new one; by default it ends at once.
    #[serde(default)]
    pub overlap_seconds: u64,
}

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// The id.
    pub id: String,
    /// What they may do, unless it is denied or lies outside a ceiling.
    pub permissions: BTreeSet<Permission>,
    /// What they may not do.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub denied: BTreeSet<Permission>,
    /// Ceilings: they may do only what each allows too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<BTreeSet<Permission>>,
}

/// Which entries of the audit to read.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuditRequest {
    /// Behind this offset; 0: from the oldest.
    #[serde(default)]
    pub after: Offset,
    /// At most so many, 1 to 10,000.
    #[serde(default = "hundred")]
    pub limit: u32,
}

fn hundred() -> u32 {
    100
}

/// An entry of the audit and when it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacedAudit {
    /// Its place.
    pub offset: Offset,
    /// When, UTC.
    pub time: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub entry: AuditEntry,
}

/// Entries of the audit, the oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<PlacedAudit>,
    /// Where the next page begins: its `after`.
    pub next: Offset,
}
