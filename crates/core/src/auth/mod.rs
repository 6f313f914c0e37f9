//! Identity: roles, API keys, and a record of who was refused and who changed what.
//!
//! What a [`Principal`](crate::operation::Principal) may do is asked in one place, the guard of operations, of the principal alone: whoever lets somebody in
//! (the embedding program, [`authenticate`] for an API key, [`principal`] for somebody known otherwise) makes a principal once, and a call costs no look at the store.
//! So a change of roles or the end of a key counts from the next time somebody is let in.
//!
//! - **Roles** allow and deny, and inherit from others without going in circles. What anything denies overrides whatever allows it.
//! - **API keys** are `hp_<id>_<secret>`: found by their id, compared by the hash of their secret, which is shown once and never kept.
//! - **Tokens** (`jwt`) of issuers that are trusted let in whom they name, with the roles assigned here and those of a claim that exist here.
//! - **Logins** (`oidc`) end with a session, `hs_<id>_<secret>`, which is kept as a key is and can be revoked.
//! - **Nobody gives what they do not have**: a role, an assignment or a key that allows more than its maker may do is refused; and a key keeps
//!   its maker's permissions as a ceiling, so roles that grow later do not lift it above them.
//! - The **audit stream** [`AUDIT_STREAM`] tells of every change, in the commit of the change, and of denials, at most a hundred a second.

mod audit;
mod authenticate;
pub mod config;
mod federation;
#[cfg(feature = "jwt")]
#[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
pub mod jwt;
mod key;
#[cfg(feature = "oidc")]
#[cfg_attr(docsrs, doc(cfg(feature = "oidc")))]
pub mod oidc;
pub mod operations;
mod role;
mod session;

pub(crate) use self::audit::{Denials, denied};
pub use self::{
    audit::{AUDIT_STREAM, AuditEntry, What},
    authenticate::{authenticate, principal},
    federation::{Login, Proved, TokenVerifier},
    key::{ApiKey, Presented},
    role::Role,
};
