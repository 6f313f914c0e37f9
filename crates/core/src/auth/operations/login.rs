//! What the operations of logins and sessions take and return.

use std::{collections::BTreeSet, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A login to begin.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct StartLoginRequest {
    /// Where the provider sends the browser back to: one of `auth.oidc.redirect_uris`, the first where it is not given.
    #[serde(default)]
    pub redirect_uri: Option<String>,
}

/// A login that was begun.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct LoginStarted {
    /// Where to send the browser.
    pub url: String,
    /// What comes back with it, in its query.
    pub state: String,
    /// What only this browser may know: keep it in a cookie (`HttpOnly`, `Secure`, `SameSite=Lax`), and give it back with the answer.
    pub binding: String,
    /// Until when the login can be finished.
    pub expires: Timestamp,
}

/// The provider's answer: the query with which the browser came back.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct FinishLoginRequest {
    /// `state` of the query.
    pub state: String,
    /// What [`LoginStarted`] gave for this browser.
    pub binding: String,
    /// `code` of the query.
    #[serde(default)]
    pub code: Option<String>,
    /// `iss` of the query (RFC 9207).
    #[serde(default)]
    pub issuer: Option<String>,
    /// `error` of the query, where the provider refused.
    #[serde(default)]
    pub error: Option<String>,
}

/// A session that was made. This is the only time it is shown.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct SignedIn {
    /// The session, to be shown with every request, as an API key is.
    pub session: String,
    /// What is known of it.
    pub info: SessionInfo,
    /// Whether it can be exchanged for a new one by `auth.refresh_session`.
    pub refreshable: bool,
}

/// What is known of a session; its secret is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionInfo {
    /// Its id, the middle part of the session.
    pub id: String,
    /// Whose it is.
    pub principal: String,
    /// The roles that the provider asked for; those that do not exist here mean nothing.
    pub roles: BTreeSet<String>,
    /// Who signed them in.
    pub issuer: String,
    /// When it began.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// When it was ended before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// The session it replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// It can be used now.
    pub active: bool,
}

/// Sessions, the one that ends first at the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionList {
    /// The sessions.
    pub sessions: Vec<SessionInfo>,
}

/// A session to end, by whoever does not have it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RevokeSessionRequest {
    /// Its id.
    pub id: String,
}

/// A session to exchange.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct RefreshRequest {
    /// The session itself, as it was shown.
    pub session: String,
}

/// A session to end, by whoever has it.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogoutRequest {
    /// The session itself, as it was shown.
    pub session: String,
}

/// A session that was ended.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct LoggedOut {
    /// Where to send the browser to end the session at the provider as well, where it has such a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// `Debug` of what holds secrets shows that they are there.
macro_rules! silent {
    ($($type:ident),+) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "(***)"))
            }
        }
    )+};
}

silent!(LoginStarted, FinishLoginRequest, SignedIn, RefreshRequest, LogoutRequest, LoggedOut);
