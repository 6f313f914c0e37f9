//! The operations of identity.

mod keys;
mod login;
mod messages;
mod roles;
mod sessions;

#[cfg(feature = "oidc")]
pub(super) use self::sessions::info as session_info;
pub use self::{
    login::{
        FinishLoginRequest, LoggedOut, LoginStarted, LogoutRequest, RefreshRequest, RevokeSessionRequest,
        SessionInfo, SessionList, SignedIn, StartLoginRequest,
    },
    messages::{
        AssignRequest, Assigned, AssignmentList, AuditPage, AuditRequest, CreateKeyRequest, CreatedKey,
        DeleteRoleRequest, Deleted, Identity, KeyInfo, KeyList, NamedRole, PlacedAudit, PutRoleRequest,
        RevokeKeyRequest, RoleList, RotateKeyRequest,
    },
};
use super::{
    Login,
    audit::{self, AuditEntry},
};
use crate::{
    error::{Error, ErrorKind, Result},
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

impl Auth {
    fn login(&self) -> Result<&dyn Login> {
        self.context.kernel.security.login.as_deref().ok_or_else(|| {
            let message = "nobody signs in here: set `auth.oidc.issuer` (and build with the feature `oidc`)";
            Error::new(ErrorKind::Unsupported, message)
        })
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
    ///
    /// Whoever removes it must be able to do all it denies, with what it inherits: an issuer may name it.
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

    /// Begins a login with the OpenID provider: says where to send the browser.
    ///
    /// A surface lets it be called by somebody it does not know yet, who has this permission and the next and no other.
    #[operation(writes)]
    pub async fn start_login(&self, request: StartLoginRequest) -> Result<LoginStarted> {
        self.login()?.start(&self.context.kernel, request).await
    }

    /// Ends a login with a session, given what the provider sent the browser back with. It can be ended once, whatever comes of it.
    #[operation(writes)]
    pub async fn finish_login(&self, request: FinishLoginRequest) -> Result<SignedIn> {
        self.login()?.finish(&self.context.kernel, request).await
    }

    /// Exchanges a session for a new one, if the provider still agrees. The old one ends at once.
    #[operation(writes)]
    pub async fn refresh_session(&self, request: RefreshRequest) -> Result<SignedIn> {
        self.login()?.refresh(&self.context.kernel, request).await
    }

    /// Ends a session, and says where to send the browser to end the one at the provider.
    #[operation(writes)]
    pub async fn logout(&self, request: LogoutRequest) -> Result<LoggedOut> {
        self.login()?.logout(&self.context.kernel, request).await
    }

    /// Lists sessions, also those that ended and were not forgotten yet.
    #[operation(reads)]
    pub async fn sessions(&self) -> Result<SessionList> {
        sessions::list(self).await
    }

    /// Ends anybody's session at once.
    #[operation(writes)]
    pub async fn revoke_session(&self, request: RevokeSessionRequest) -> Result<SessionInfo> {
        sessions::revoke(self, request).await
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
