//! Making, exchanging and ending sessions.

use serde::{Deserialize, Serialize};

use super::seal;
use crate::{
    Kernel,
    auth::{
        audit::{AuditEntry, What},
        key::Presented,
        operations::{SignedIn, session_info},
        session::{self, Session},
    },
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    store::{Batch, IndexRange, Page, Stored},
};

const SEALING: &str = "heptad 2026-11 session sealing";
/// How long ended sessions are kept to be listed, and how many are forgotten when another is made.
const KEPT_SECONDS: i64 = 86_400;
const SWEEP: usize = 64;

/// What the provider gave for later.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) subject: String,
    pub(super) nonce: String,
    pub(super) id_token: String,
    pub(super) refresh_token: Option<String>,
}

/// Somebody who signed in.
pub(super) struct Person {
    pub(super) principal: String,
    pub(super) roles: std::collections::BTreeSet<String>,
    pub(super) issuer: String,
    pub(super) grant: Grant,
}

/// Makes a session for `person`, in the place of `old` where there is one.
pub(super) async fn make(
    kernel: &Kernel,
    person: Person,
    old: Option<Stored<Session>>,
    expires: Timestamp,
) -> Result<SignedIn> {
    let (sessions, now) = (Session::open(&kernel.store).await?, kernel.clock.now());
    let past = IndexRange::below(now.as_second().saturating_sub(KEPT_SECONDS));
    for ended in sessions.query("expires", &past, Page::first(SWEEP)).await?.items {
        sessions.delete(&ended.id).await?;
    }
    let presented = Presented::generate(session::PREFIX)?;
    let made = Session {
        hash: presented.hashed(),
        sealed: Some(seal::seal(presented.derive(SEALING), &presented.id, &person.grant)?),
        principal: person.principal,
        roles: person.roles,
        issuer: person.issuer,
        created: now,
        expires,
        revoked: None,
        replaces: old.as_ref().map(|old| old.id.clone()),
    };
    let mut batch = Batch::new();
    sessions.insert_in(&mut batch, &presented.id, &made)?;
    let what = match &old {
        Some(old) => {
            let ended = Session { revoked: Some(now), sealed: None, ..old.value.clone() };
            sessions.replace_in(&mut batch, old, &ended)?;
            What::SessionRefreshed
        }
        None => What::SignedIn,
    };
    AuditEntry::new(what, &made.principal, &presented.id, &*made.issuer).add_to(&mut batch)?;
    kernel.store.commit(batch).await.map_err(taken)?;
    Ok(SignedIn {
        session: presented.reveal(),
        info: session_info(&presented.id, &made, now),
        refreshable: person.grant.refresh_token.is_some(),
    })
}

/// Keeps a session with what the provider gave for later in the meantime.
pub(super) async fn keep(
    kernel: &Kernel,
    found: &Stored<Session>,
    presented: &Presented,
    grant: &Grant,
) -> Result<()> {
    let sealed = seal::seal(presented.derive(SEALING), &found.id, grant)?;
    let kept = Session { sealed: Some(sealed), ..found.value.clone() };
    Session::open(&kernel.store).await?.replace(found, &kept).await.map_err(taken).map(drop)
}

/// Ends a session.
pub(super) async fn end(kernel: &Kernel, found: &Stored<Session>, why: &str) -> Result<()> {
    let sessions = Session::open(&kernel.store).await?;
    let ended = Session { revoked: Some(kernel.clock.now()), sealed: None, ..found.value.clone() };
    let mut batch = Batch::new();
    sessions.replace_in(&mut batch, found, &ended)?;
    AuditEntry::new(What::SessionEnded, &ended.principal, &found.id, why).add_to(&mut batch)?;
    kernel.store.commit(batch).await.map_err(taken).map(drop)
}

/// What the provider gave for later, opened with the session's secret.
pub(super) fn grant(found: &Stored<Session>, presented: &Presented) -> Result<Grant> {
    let opened = found.value.sealed.as_deref();
    let opened = opened.and_then(|text| seal::open(presented.derive(SEALING), &found.id, text));
    opened.ok_or_else(|| Error::new(ErrorKind::Corrupt, "what the provider gave for this session is damaged"))
}

fn taken(error: Error) -> Error {
    if error.kind() != ErrorKind::Conflict {
        return error;
    }
    Error::new(ErrorKind::Conflict, "the session was exchanged or ended by somebody else meanwhile")
        .because(error)
}
