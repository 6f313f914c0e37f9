//! Identity: roles, API keys, the audit, and the laws that hold whatever is asked.

mod audit;
#[cfg(feature = "jwt")]
pub(crate) mod jwt;
mod keys;
mod laws;
#[cfg(feature = "oidc")]
mod oidc;
mod roles;

use std::collections::BTreeSet;

use heptad_core::{
    Kernel, Result,
    auth::{
        self,
        operations::{
            AssignRequest, Auth, CreateKeyRequest, CreatedKey, NamedRole, PutRoleRequest, RevokeKeyRequest,
            RotateKeyRequest,
        },
    },
    operation::{Context, Handle, Permission, Principal},
};
use heptad_testkit::VirtualClock;

fn kernel() -> (Kernel, VirtualClock) {
    crate::platform::kernel()
}

/// The handle as `principal` has it.
fn as_principal(kernel: &Kernel, principal: Principal) -> Auth {
    Auth::new(Context::owner(kernel.clone()).as_principal(principal))
}

fn owner(kernel: &Kernel) -> Auth {
    as_principal(kernel, Principal::owner())
}

fn permissions(names: &[&str]) -> BTreeSet<Permission> {
    names.iter().map(|name| Permission::new(*name)).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn put(auth: &Auth, name: &str, inherits: &[&str], allow: &[&str], deny: &[&str]) -> Result<NamedRole> {
    let request = PutRoleRequest {
        name: name.to_owned(),
        description: String::new(),
        inherits: names(inherits),
        allow: permissions(allow),
        deny: permissions(deny),
    };
    auth.put_role(request).await
}

async fn assign(auth: &Auth, principal: &str, roles: &[&str]) -> Result<()> {
    auth.assign(AssignRequest { principal: principal.to_owned(), roles: names(roles) }).await.map(drop)
}

async fn create(auth: &Auth, scopes: &[&str], roles: &[&str]) -> Result<CreatedKey> {
    let request = CreateKeyRequest {
        name: "test".into(),
        scopes: permissions(scopes),
        roles: names(roles),
        expires_in_seconds: None,
    };
    auth.create_key(request).await
}

async fn rotate(auth: &Auth, id: &str, overlap_seconds: u64) -> Result<CreatedKey> {
    auth.rotate_key(RotateKeyRequest { id: id.to_owned(), overlap_seconds }).await
}

async fn revoke(auth: &Auth, id: &str) -> Result<()> {
    auth.revoke_key(RevokeKeyRequest { id: id.to_owned() }).await.map(drop)
}

async fn enter(kernel: &Kernel, key: &str) -> Result<Principal> {
    auth::authenticate(kernel, key).await
}
