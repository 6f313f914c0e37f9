//! OpenID Connect: people sign in with a provider in their browser, by authorization code and PKCE, and come out with a session of this platform.
//!
//! ```text
//! start_login   ─> url, state, binding      the browser is sent to the url; `binding` stays in a cookie of it
//!     the provider asks who they are, and sends the browser back with `state` and `code`
//! finish_login  <─ state, code, binding     the code is exchanged, the ID token checked: a session
//! ```
//!
//! What is held to (OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0; RFC 6749, 7636, 9207, 9700):
//!
//! - The discovery document must name the issuer that was configured, to the byte; every address in it is `https`, or on this machine.
//! - A login is a record in the store, found by the hash of its `state`. It is removed **before** anything else is done with the answer, by a commit that only one
//!   can win: an answer is used once, also by two processes at once. Its nonce and its PKCE verifier are sealed under `binding`, which only the browser that
//!   began has: an answer that somebody slips to another browser, or a copy of the store, finishes nothing.
//! - Where the provider says that it names itself in the answer (`iss`), it must; a wrong name is refused in any case.
//! - The ID token is verified as [`jwt`](super::jwt) says, with the provider's keys. It must be for this client and nobody else, carry the nonce, and
//!   fit the access token where it has an `at_hash`.
//! - Redirects are compared with a list, byte for byte. The client's secret goes to the token endpoint only, and no redirect is followed.
//!
//! A session is kept as an API key is: by the hash of its secret. What the provider gave for later, a refresh token among it, is sealed under a key that only that
//! secret gives: whoever copies the store has neither.

mod discovery;
mod exchange;
mod options;
mod pending;
mod provider;
mod remote;
mod seal;
mod sessions;
mod web;

pub use self::{options::ProviderOptions, provider::Provider, remote::RemoteKeys};
