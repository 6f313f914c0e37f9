//! The ports to those who know callers better than the platform does: issuers of tokens, providers of logins.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::operations::{
    FinishLoginRequest, LoggedOut, LoginStarted, LogoutRequest, RefreshRequest, SignedIn, StartLoginRequest,
};
use crate::{Kernel, clock::Timestamp, error::Result};

/// Who somebody proved to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The id of the principal.
    pub principal: String,
    /// Roles that who proved it asks for, beside those assigned here. Those that do not exist here mean nothing.
    pub roles: BTreeSet<String>,
    /// When the proof ends.
    pub expires: Option<Timestamp>,
}

/// The port to issuers of tokens; `jwt::Verifier` is its adapter.
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// What `token` proves.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) where it proves nothing; [`Unavailable`](crate::ErrorKind::Unavailable) where the issuer's keys
    /// cannot be had.
    async fn prove(&self, token: &str) -> Result<Proved>;
}

/// The port to a provider of logins; `oidc::Provider` is its adapter. Each method is the operation of its name.
#[async_trait]
pub trait Login: Send + Sync {
    /// Begins a login.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for a redirect that is not allowed; [`Unavailable`](crate::ErrorKind::Unavailable) where the provider
    /// cannot be reached.
    async fn start(&self, kernel: &Kernel, request: StartLoginRequest) -> Result<LoginStarted>;

    /// Ends a login with a session.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) where anything of it is not as it was begun, or the provider does not agree.
    async fn finish(&self, kernel: &Kernel, request: FinishLoginRequest) -> Result<SignedIn>;

    /// Exchanges a session for a new one, if the provider still agrees.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    async fn refresh(&self, kernel: &Kernel, request: RefreshRequest) -> Result<SignedIn>;

    /// Ends a session, and says where the one at the provider is ended.
    ///
    /// # Errors
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) where there is no such session.
    async fn logout(&self, kernel: &Kernel, request: LogoutRequest) -> Result<LoggedOut>;
}
