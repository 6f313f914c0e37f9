//! Why a token is not believed.

use crate::error::{Error, ErrorKind, Retry};

/// Why a token is not believed. None of these says anything of a key, or quotes the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is longer than any token.
    #[error("it has more bytes than a token may have")]
    TooLarge,
    /// It is not a token in the compact form.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
    /// The header asks for what is not done here.
    #[error("its header has `{0}`, which is not accepted")]
    Header(&'static str),
    /// The algorithm is unknown, or not on the issuer's list.
    #[error("its algorithm is not one that is accepted of its issuer")]
    Algorithm,
    /// The issuer is not trusted.
    #[error("its issuer is not trusted")]
    Issuer,
    /// It is another kind of token.
    #[error("its type (`typ`) is not one that is accepted here")]
    Type,
    /// The issuer has no such key.
    #[error("its issuer has no key that fits")]
    UnknownKey,
    /// Two keys fit.
    #[error("more than one key of its issuer fits")]
    AmbiguousKey,
    /// The signature is not that of the key.
    #[error("its signature is wrong")]
    Signature,
    /// The time it was valid until has passed.
    #[error("it has expired")]
    Expired,
    /// The time it is valid from has not come.
    #[error("it is not valid yet")]
    NotYet,
    /// It is for somebody else.
    #[error("it is for another audience")]
    Audience,
    /// A claim is missing.
    #[error("it lacks the claim `{0}`")]
    Missing(String),
    /// A claim is not what it must be.
    #[error("its claim `{0}` is not what it must be")]
    Claim(String),
    /// The keys of the issuer cannot be had.
    #[error("the keys of its issuer cannot be had: {0}")]
    NoKeys(String),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = format!("the token is refused: {refusal}");
        match refusal {
            // Not the caller's fault, and another time it may be otherwise.
            Refusal::NoKeys(_) => Self::new(ErrorKind::Unavailable, message).retry(Retry::Now),
            _ => Self::new(ErrorKind::Unauthenticated, message),
        }
    }
}
