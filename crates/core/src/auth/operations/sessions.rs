//! Listing and ending sessions.

use super::{
    super::{
        audit::{AuditEntry, What},
        session::Session,
    },
    Auth, RevokeSessionRequest, SessionInfo, SessionList,
    roles::{all, busy, commit},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
};

const ATTEMPTS: usize = 16;

pub(super) async fn list(auth: &Auth) -> Result<SessionList> {
    let now = auth.context.kernel.clock.now();
    let found = all(&Session::open(&auth.context.kernel.store).await?).await?;
    let mut sessions: Vec<_> = found.iter().map(|(id, session)| info(id, session, now)).collect();
    sessions.sort_by(|a, b| (a.expires, &a.id).cmp(&(b.expires, &b.id)));
    Ok(SessionList { sessions })
}

pub(super) async fn revoke(auth: &Auth, request: RevokeSessionRequest) -> Result<SessionInfo> {
    let (kernel, id) = (&auth.context.kernel, &request.id);
    let sessions = Session::open(&kernel.store).await?;
    for _ in 0..ATTEMPTS {
        let Some(found) = sessions.get(id).await? else {
            let shown = crate::suggest::shortened(&id.escape_debug().to_string(), 60);
            return Err(Error::not_found(format!("there is no session `{shown}`")));
        };
        let now = kernel.clock.now();
        if found.value.revoked.is_some() {
            return Ok(info(id, &found.value, now));
        }
        let revoked = Session { revoked: Some(now), sealed: None, ..found.value.clone() };
        let mut batch = crate::store::Batch::new();
        sessions.replace_in(&mut batch, &found, &revoked)?;
        AuditEntry::new(What::SessionEnded, &auth.context.principal.id, id, &*revoked.principal)
            .add_to(&mut batch)?;
        if commit(auth, batch).await? {
            return Ok(info(id, &revoked, now));
        }
    }
    Err(busy())
}

/// What everybody may know of a session.
pub(in crate::auth) fn info(id: &str, session: &Session, now: Timestamp) -> SessionInfo {
    SessionInfo {
        id: id.to_owned(),
        principal: session.principal.clone(),
        roles: session.roles.clone(),
        issuer: session.issuer.clone(),
        created: session.created,
        expires: session.expires,
        revoked: session.revoked,
        replaces: session.replaces.clone(),
        active: session.ended(now).is_none(),
    }
}
