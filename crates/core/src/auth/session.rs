//! Sessions: what somebody shows after they have signed in elsewhere. `hs_<id>_<secret>`, kept as an API key is.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Proved, key::Presented};
use crate::{
    clock::Timestamp,
    error::Result,
    store::{Collection, Definition, IndexValue, Store},
};

/// What a session begins with.
pub(super) const PREFIX: &str = "hs";

/// A session as it is kept: everything but its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Session {
    /// The hash of its secret.
    pub(super) hash: String,
    /// Whose it is.
    pub(super) principal: String,
    /// The roles that the provider asked for.
    pub(super) roles: BTreeSet<String>,
    /// Who signed them in.
    pub(super) issuer: String,
    /// When it began.
    pub(super) created: Timestamp,
    /// When it ends.
    pub(super) expires: Timestamp,
    /// When it was ended before that.
    pub(super) revoked: Option<Timestamp>,
    /// The session that it replaced.
    pub(super) replaces: Option<String>,
    /// What the provider gave for later (refresh token, ID token), sealed under a key that only the session's secret gives.
    pub(super) sealed: Option<String>,
}

impl Session {
    pub(super) async fn open(store: &Arc<dyn Store>) -> Result<Collection<Self>> {
        let expiry = |session: &Self| [IndexValue::from(session.expires.as_second())];
        Definition::new("auth.sessions").index("expires", expiry).open(Arc::clone(store)).await
    }

    /// Whether this is the session; takes as long for a wrong secret as for the right one.
    pub(super) fn is(&self, presented: &Presented) -> bool {
        presented.has_hash(&self.hash)
    }

    /// Whether it ended, and why.
    pub(super) fn ended(&self, now: Timestamp) -> Option<&'static str> {
        match self.revoked {
            Some(_) => Some("revoked"),
            None => (self.expires <= now).then_some("expired"),
        }
    }

    /// Whom it lets in.
    pub(super) fn proves(&self) -> Proved {
        Proved { principal: self.principal.clone(), roles: self.roles.clone(), expires: Some(self.expires) }
    }
}
