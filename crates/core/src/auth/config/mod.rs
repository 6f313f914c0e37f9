//! The sections `[auth.jwt]` and `[auth.oidc]` of the configuration, and who vouches for callers by them.
//!
//! ```toml
//! [auth.jwt]                                       # tokens that callers bring
//! issuer = "https://login.example.org"
//! audience = "https://api.example.org"
//! keys = "issuer.jwks.json"                        # without it they are fetched (feature `oidc`)
//! roles_claim = "realm_access.roles"
//!
//! [auth.oidc]                                      # logins in a browser
//! issuer = "https://login.example.org"
//! client_id = "heptad"
//! client_secret_variable = "OIDC_CLIENT_SECRET"    # the environment variable that holds the secret; the secret itself is in no file
//! redirect_uris = "https://app.example.org/callback"
//! ```

mod keys;
mod open;

pub use self::{keys::*, open::open};
