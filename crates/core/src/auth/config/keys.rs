//! The keys.

use std::{path::PathBuf, time::Duration};

use crate::config::{Kind, keys};

keys! {
    /// The issuer whose tokens let callers in, as it stands in their `iss`. No token lets anybody in where it is not set.
    AUTH_JWT_ISSUER: Option<String> = "auth.jwt.issuer";
    /// Whom its tokens must be for: one of these, with spaces between.
    AUTH_JWT_AUDIENCE: Option<String> = "auth.jwt.audience";
    /// How it may sign, with spaces between: RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 EdDSA, or HS256 HS384 HS512 with keys that are in a file.
    AUTH_JWT_ALGORITHMS: String = "auth.jwt.algorithms", default: "RS256 PS256 ES256 EdDSA";
    /// The file with its keys (a JSON Web Key Set). They are fetched where it is not set.
    AUTH_JWT_KEYS: Option<PathBuf> = "auth.jwt.keys";
    /// Where its keys are fetched; where its discovery document says, if it is not set.
    AUTH_JWT_KEYS_URL: Option<String> = "auth.jwt.keys_url";
    /// By how much the clocks of the issuer and of this machine may differ, at most five minutes.
    AUTH_JWT_LEEWAY: Duration = "auth.jwt.leeway", default: "60s";
    /// How old a token may be.
    AUTH_JWT_MAX_AGE: Option<Duration> = "auth.jwt.max_age";
    /// Claims that a token must have beside `iss`, `aud`, `exp` and `sub`, with spaces between.
    AUTH_JWT_REQUIRED_CLAIMS: Option<String> = "auth.jwt.required_claims";
    /// The claim that says who the caller is.
    AUTH_JWT_SUBJECT_CLAIM: String = "auth.jwt.subject_claim", default: "sub";
    /// What stands before it in the id of the principal; `<issuer>#` where it is not set.
    AUTH_JWT_PRINCIPAL_PREFIX: Option<String> = "auth.jwt.principal_prefix";
    /// The claim with names of roles, as in `realm_access.roles`. Without it roles are only those assigned here.
    AUTH_JWT_ROLES_CLAIM: Option<String> = "auth.jwt.roles_claim";
    /// What stands before those in the names of roles here; nothing where it is not set.
    AUTH_JWT_ROLES_PREFIX: Option<String> = "auth.jwt.roles_prefix";
    /// The OpenID provider where people sign in. Nobody does where it is not set.
    AUTH_OIDC_ISSUER: Option<String> = "auth.oidc.issuer";
    /// What the provider calls this platform.
    AUTH_OIDC_CLIENT_ID: Option<String> = "auth.oidc.client_id";
    /// The environment variable that holds the client's secret. Without it the client is a public one, which proves itself by PKCE alone.
    AUTH_OIDC_CLIENT_SECRET_VARIABLE: Option<String> = "auth.oidc.client_secret_variable";
    /// How the secret is sent: `basic`, in a header, or `post`, in the body.
    AUTH_OIDC_CLIENT_AUTH: &'static str = "auth.oidc.client_auth", kind: Kind::Choice(&["basic", "post"]), default: "basic";
    /// Where the provider may send browsers back to, with spaces between.
    AUTH_OIDC_REDIRECT_URIS: Option<String> = "auth.oidc.redirect_uris";
    /// Where it may send them after a logout.
    AUTH_OIDC_LOGOUT_REDIRECT_URI: Option<String> = "auth.oidc.logout_redirect_uri";
    /// What is asked for, with spaces between; `openid` always is. `offline_access` makes sessions that can be refreshed.
    AUTH_OIDC_SCOPES: String = "auth.oidc.scopes", default: "openid";
    /// How the provider may sign ID tokens, with spaces between.
    AUTH_OIDC_ALGORITHMS: String = "auth.oidc.algorithms", default: "RS256 PS256 ES256 EdDSA";
    /// By how much the clocks of the provider and of this machine may differ, at most five minutes.
    AUTH_OIDC_LEEWAY: Duration = "auth.oidc.leeway", default: "60s";
    /// How long somebody may take to sign in.
    AUTH_OIDC_LOGIN_LIFETIME: Duration = "auth.oidc.login_lifetime", default: "10m";
    /// How long a session lasts.
    AUTH_OIDC_SESSION_LIFETIME: Duration = "auth.oidc.session_lifetime", default: "8h";
    /// Asks the provider for the user's claims as well, for roles that are not in the ID token.
    AUTH_OIDC_USERINFO: bool = "auth.oidc.userinfo", default: "false";
    /// The claim that says who signed in.
    AUTH_OIDC_SUBJECT_CLAIM: String = "auth.oidc.subject_claim", default: "sub";
    /// What stands before it in the id of the principal; `<issuer>#` where it is not set.
    AUTH_OIDC_PRINCIPAL_PREFIX: Option<String> = "auth.oidc.principal_prefix";
    /// The claim with names of roles, as in `realm_access.roles`. Without it roles are only those assigned here.
    AUTH_OIDC_ROLES_CLAIM: Option<String> = "auth.oidc.roles_claim";
    /// What stands before those in the names of roles here; nothing where it is not set.
    AUTH_OIDC_ROLES_PREFIX: Option<String> = "auth.oidc.roles_prefix";
}
