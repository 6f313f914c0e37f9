//! JSON Web Tokens: who a trusted issuer says is calling.
//!
//! A token (RFC 7519, signed as RFC 7515 says, in the compact form) is believed when **all** of this holds; the first that does not is the
//! [`Refusal`]:
//!
//! - It is at most 16 KiB, three parts of base64url without padding or stray bits, header and claims JSON objects in which no member occurs twice.
//! - Its issuer (`iss`) is one that is configured. Nothing else in the token is used before its signature is proved.
//! - Its algorithm is on that issuer's list, and the key is of that algorithm's type: an RSA key never verifies an HMAC, whatever the header says.
//! - Its key is one of the issuer's own. `kid` only finds it; a token that brings its key, or says where to fetch one (`jwk`, `jku`, `x5u`), or wants something
//!   that is not known here (`crit`, `b64`, `zip`), is refused. Nothing that a token names is ever fetched.
//! - `exp` is there and has not passed; `nbf` and `iat`, where there, have come; the audience is ours; every required claim is there. Time comes from
//!   the [`Clock`](crate::clock::Clock), with the issuer's leeway.
//!
//! [`Verifier`] does that; [`KeySet`] is an issuer's keys (RFC 7517), and [`KeyCache`] keeps a set current while the issuer changes its keys. [`Mapping`] makes
//! a principal of what was proved, with the roles that exist here.
//!
//! # Why not a crate
//! `jsonwebtoken` 11 signs and verifies with aws-lc or with the crates of RustCrypto; neither is the crypto provider of this workspace, and its third way is a
//! provider installed for the whole process, which is the host's to choose. What is left of it then is less than what is wanted here: it takes members that occur
//! twice, small RSA keys, and keys whose own `alg` or `use` says otherwise. The signatures themselves are verified by `ring`.

mod algorithm;
mod cache;
mod claims;
mod issuer;
mod json;
mod jws;
mod key;
mod mapping;
mod refusal;
mod roca;
mod set;
mod verifier;

#[cfg(feature = "oidc")]
pub(in crate::auth) use self::json::object;
pub use self::{
    algorithm::Algorithm,
    cache::{CachePolicy, KeyCache, KeySource, Published},
    claims::{Claims, claim_at},
    issuer::Issuer,
    jws::{Header, Jws, MAX_TOKEN_BYTES},
    key::VerifyingKey,
    mapping::Mapping,
    refusal::Refusal,
    set::{KeySet, MAX_SET_BYTES},
    verifier::{Keys, Verified, Verifier},
};
