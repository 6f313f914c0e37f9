//! What is agreed with the provider.

use std::{collections::BTreeSet, time::Duration};

use reqwest::Url;

use super::web;
use crate::{
    auth::jwt::{Algorithm, Issuer, Mapping},
    error::{Error, Result},
    llm::Secret,
};

/// A provider, and how it knows this platform.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderOptions {
    /// Its issuer URL.
    pub issuer: String,
    /// What it calls this platform.
    pub client: String,
    /// The secret shared with it; none for a public client.
    pub secret: Option<Secret>,
    /// Sends the secret in the body instead of a header.
    pub secret_in_body: bool,
    /// Where it may send browsers back to; the first is the default.
    pub redirect_uris: Vec<String>,
    /// Where it may send them after a logout.
    pub logout_redirect_uri: Option<String>,
    /// What is asked for; always `openid`.
    pub scopes: BTreeSet<String>,
    /// How it may sign ID tokens: never by HMAC.
    pub algorithms: BTreeSet<Algorithm>,
    /// By how much clocks may differ: 60 seconds.
    pub leeway: Duration,
    /// How long somebody may take to sign in: 10 minutes.
    pub login_lifetime: Duration,
    /// How long a session lasts: 8 hours.
    pub session_lifetime: Duration,
    /// Asks for the user's claims beside the ID token.
    pub userinfo: bool,
    /// How claims become a principal.
    pub mapping: Mapping,
}

impl ProviderOptions {
    /// A public client with no redirects yet.
    pub fn new(issuer: impl Into<String>, client: impl Into<String>) -> Self {
        let (issuer, client) = (issuer.into(), client.into());
        let Issuer { algorithms, leeway, mapping, .. } = Issuer::new(&issuer, &client);
        Self {
            issuer,
            client,
            secret: None,
            secret_in_body: false,
            redirect_uris: Vec::new(),
            logout_redirect_uri: None,
            scopes: BTreeSet::from(["openid".to_owned()]),
            algorithms,
            leeway,
            login_lifetime: Duration::from_secs(600),
            session_lifetime: Duration::from_secs(8 * 3600),
            userinfo: false,
            mapping,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::invalid(what).with("field", "auth.oidc"));
        let issuer = web::endpoint(&self.issuer, "issuer")?;
        if issuer.query().is_some() {
            return wrong("the issuer has a query, which no issuer has".into());
        }
        if self.client.is_empty() || self.redirect_uris.is_empty() {
            return wrong("a client needs an id and at least one redirect URI".into());
        }
        if let Some(uri) =
            self.redirect_uris.iter().chain(&self.logout_redirect_uri).find(|uri| !is_redirect(uri))
        {
            let shown = crate::suggest::shortened(&uri.escape_debug().to_string(), 100);
            return wrong(format!(
                "`{shown}` is no redirect URI: it is https, http to this machine, or of an app (`org.example.app:/…`), without a fragment"
            ));
        }
        if self.algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
            return wrong(
                "ID tokens are not signed with the client's secret here: leave HS256, HS384 and HS512 out"
                    .into(),
            );
        }
        if self.login_lifetime.is_zero() || self.session_lifetime.is_zero() {
            return wrong("a login and a session last at least a second".into());
        }
        Ok(())
    }

    /// What is believed of its ID tokens.
    pub(super) fn trust(&self) -> Issuer {
        let mut issuer = Issuer::new(&self.issuer, &self.client).algorithms(self.algorithms.clone());
        issuer.leeway = self.leeway;
        issuer.required.insert("iat".into());
        issuer.kinds = BTreeSet::from(["jwt".to_owned()]);
        issuer
    }
}

/// Whether browsers may be sent there (RFC 8252, section 7, for apps).
fn is_redirect(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| {
        let place = match url.scheme() {
            "https" => url.host_str().is_some(),
            "http" => crate::http::is_this_machine(&url),
            scheme => scheme.contains('.'),
        };
        place && url.fragment().is_none() && !uri.chars().any(|c| c.is_control() || c.is_whitespace())
    })
}
