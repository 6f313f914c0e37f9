//! The operations of identity.

mod keys;
mod messages;
mod roles;

pub use self::messages::{
    AssignRequest, Assigned, AssignmentList, AuditPage, AuditRequest, CreateKeyRequest, CreatedKey,
    DeleteRoleRequest, Deleted, Identity, KeyInfo, KeyList, NamedRole, PlacedAudit, PutRoleRequest,
    RevokeKeyRequest, RoleList, RotateKeyRequest,
};
use super::audit::{self, AuditEntry};
use crate::{
    error::{Error, Result},
    operation::{Context, Handle, Principal, operations},
};

/// The most entries of the audit that one call returns.
const MOST: u32 = 10_000;

/// The handle of identity: roles, who has them, API keys, the audit.
#[derive(Clone)]
pub struct Auth {
    context: Context,
}

impl Handle for Auth {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

#[operations(system = "auth")]
impl Auth {
    /// Writes a role, in place of one with the same name.
    ///
    /// Whoever writes it must be able to do all it allows, with what it inherits, and all that it no longer denies.
    #[operation(writes)]
    pub async fn put_role(&self, request: PutRoleRequest) -> Result<NamedRole> {
        roles::put(self, request).await
    }

    /// Removes a role that nobody has and no other role inherits.
    #[operation(writes)]
    pub async fn delete_role(&self, request: DeleteRoleRequest) -> Result<Deleted> {
        roles::delete(self, &request.name).await
    }

    /// Lists roles and what each comes to with all it inherits.
    #[operation(reads)]
    pub async fn roles(&self) -> Result<RoleList> {
        roles::list(self).await
    }

    /// Gives somebody roles, in place of those they had.
    ///
    /// Whoever gives them must be able to do all they allow, and all that the roles taken away denied. It counts from the next time they are let in.
    #[operation(writes)]
    pub async fn assign(&self, request: AssignRequest) -> Result<Assigned> {
        roles::assign(self, request).await
    }

    /// Lists who has which roles.
    #[operation(reads)]
    pub async fn assignments(&self) -> Result<AssignmentList> {
        roles::assignments(self).await
    }

    /// Makes an API key. It is shown now and never again.
    ///
    /// It may never do more than whoever makes it may do now, whatever becomes of its roles.
    #[operation(writes)]
    pub async fn create_key(&self, request: CreateKeyRequest) -> Result<CreatedKey> {
        keys::create(self, request).await
    }

    /// Lists API keys, also those that ended.
    #[operation(reads)]
    pub async fn list_keys(&self) -> Result<KeyList> {
        keys::list(self).await
    }

    /// Ends an API key at once.
    #[operation(writes)]
    pub async fn revoke_key(&self, request: RevokeKeyRequest) -> Result<KeyInfo> {
        keys::revoke(self, &request.id).await
    }

    /// Replaces an API key by a new one with the same rights; the old one stays valid for as long as is asked, and never longer than it was.
    ///
    /// Whoever replaces it must be able to do all it may do.
    #[operation(writes)]
    pub async fn rotate_key(&self, request: RotateKeyRequest) -> Result<CreatedKey> {
        keys::rotate(self, request).await
    }

    /// Tells who is calling and what they may do.
    #[operation(reads)]
    pub async fn whoami(&self) -> Result<Identity> {
        let Principal { id, permissions, denied, within } = (*self.context.principal).clone();
        Ok(Identity { id: id.into_owned(), permissions, denied, within })
    }

    /// Reads who was refused what and who changed roles and keys, the oldest first.
    #[operation(reads)]
    pub async fn audit(&self, request: AuditRequest) -> Result<AuditPage> {
        let AuditRequest { after, limit } = request;
        if !(1..=MOST).contains(&limit) {
            return Err(Error::invalid(format!("`limit` is {limit}; it must be 1 to {MOST}")));
        }
        let found = self.context.kernel.store.read(&audit::stream()?, after, limit as usize).await?;
        let next = found.last().map_or(after, |entry| entry.offset);
        let entries = found.into_iter().map(|entry| {
            let told: AuditEntry = entry.value.decode()?;
            Ok(PlacedAudit { offset: entry.offset, time: entry.time, entry: told })
        });
        Ok(AuditPage { entries: entries.collect::<Result<_>>()?, next })
    }
}
