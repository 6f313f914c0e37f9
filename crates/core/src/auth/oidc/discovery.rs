//! What a provider says of itself (OpenID Connect Discovery 1.0).

use std::{sync::Arc, time::Duration};

use reqwest::Url;
use serde_json::{Map, Value};

use super::web::{self, Web};
use crate::{
    auth::jwt::object,
    clock::Clock,
    error::{Error, ErrorKind, Result, Retry},
};

/// How long a document is used without asking again, and how long while the provider does not answer.
const FRESH: Duration = Duration::from_secs(3600);
const STALE: Duration = Duration::from_secs(86_400);
/// How long nobody asks after it failed: whoever waits meanwhile does not wait for another failure.
const PAUSE: Duration = Duration::from_secs(5);

/// Where a provider's doors are.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) keys: Url,
    pub(super) userinfo: Option<Url>,
    pub(super) end_session: Option<Url>,
    /// It names itself in the answer of a login (RFC 9207).
    pub(super) names_itself: bool,
}

impl Metadata {
    fn read(issuer: &str, body: &[u8]) -> Result<Self> {
        let members = object(body)
            .map_err(|_| Error::invalid("the discovery document is no JSON object, or has a member twice"))?;
        if members.get("issuer").and_then(Value::as_str) != Some(issuer) {
            let message = "the discovery document is that of another issuer than the one that is configured";
            return Err(Error::invalid(message));
        }
        let needed = |name: &str| {
            address(&members, name)?
                .ok_or_else(|| Error::invalid(format!("the discovery document has no `{name}`")))
        };
        if let Some(methods) = members.get("code_challenge_methods_supported").and_then(Value::as_array)
            && !methods.iter().any(|method| method == "S256")
        {
            return Err(Error::invalid("the OpenID provider does not do PKCE with S256"));
        }
        Ok(Self {
            authorization: needed("authorization_endpoint")?,
            token: needed("token_endpoint")?,
            keys: needed("jwks_uri")?,
            userinfo: address(&members, "userinfo_endpoint")?,
            end_session: address(&members, "end_session_endpoint")?,
            names_itself: members.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }
}

fn address(members: &Map<String, Value>, name: &str) -> Result<Option<Url>> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => web::endpoint(text, name).map(Some),
        Some(_) => Err(Error::invalid(format!("`{name}` of the discovery document is no text"))),
    }
}

/// The document of one provider, fetched when it is needed and kept.
pub(super) struct Discovery {
    issuer: String,
    url: Url,
    web: Arc<Web>,
    clock: Arc<dyn Clock>,
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Option<(Duration, Arc<Metadata>)>,
    failed: Option<(Duration, String)>,
}

impl Discovery {
    pub(super) fn new(issuer: &str, web: Arc<Web>, clock: Arc<dyn Clock>) -> Result<Self> {
        let mut url = web::endpoint(issuer, "issuer")?;
        let path = format!("{}/.well-known/openid-configuration", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self { issuer: issuer.to_owned(), url, web, clock, state: tokio::sync::Mutex::default() })
    }

    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>> {
        let mut state = self.state.lock().await;
        let now = self.clock.monotonic();
        let kept = |within: Duration| state.kept.as_ref().filter(|(at, _)| now.saturating_sub(*at) < within);
        if let Some((_, metadata)) = kept(FRESH) {
            return Ok(Arc::clone(metadata));
        }
        let stale = kept(STALE).map(|(_, metadata)| Arc::clone(metadata));
        let failure = match &state.failed {
            Some((at, message)) if now.saturating_sub(*at) < PAUSE => {
                Error::new(ErrorKind::Unavailable, message.clone()).retry(Retry::After(PAUSE))
            }
            _ => match self.fetch().await {
                Ok(metadata) => {
                    let metadata = Arc::new(metadata);
                    *state = State { kept: Some((now, Arc::clone(&metadata))), failed: None };
                    return Ok(metadata);
                }
                Err(error) => {
                    state.failed = Some((self.clock.monotonic(), error.message().to_owned()));
                    error
                }
            },
        };
        stale.ok_or(failure)
    }

    async fn fetch(&self) -> Result<Metadata> {
        let answer = self.web.get(&self.url, None).await?;
        if !answer.is_ok() {
            let message = format!(
                "the OpenID provider answers {} where its discovery document should be",
                answer.status
            );
            return Err(Error::new(ErrorKind::Unavailable, message).retry(Retry::Now));
        }
        Metadata::read(&self.issuer, &answer.body)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://login.example.org";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.example.org/auth",
            "token_endpoint": "https://login.example.org/token",
            "jwks_uri": "https://login.example.org/keys",
        })
    }

    #[test]
    fn a_document_is_that_of_its_issuer_or_refused() {
        let read = |document: &Value| Metadata::read(ISSUER, document.to_string().as_bytes());
        assert!(read(&document()).is_ok());
        for (member, value) in [
            ("issuer", json!("https://login.example.org/")),
            ("issuer", json!("https://evil.example.org")),
            ("issuer", json!(null)),
            ("token_endpoint", json!("http://login.example.org/token")),
            ("token_endpoint", json!(null)),
            ("jwks_uri", json!("file:///keys")),
            ("jwks_uri", json!(["https://login.example.org/keys"])),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("userinfo_endpoint", json!("http://login.example.org/me")),
            ("code_challenge_methods_supported", json!(["plain"])),
        ] {
            let mut wrong = document();
            wrong[member] = value;
            assert!(read(&wrong).is_err(), "{wrong}");
        }
        let twice = document().to_string().replacen('{', "{\"issuer\":\"https://evil.example.org\",", 1);
        assert!(Metadata::read(ISSUER, twice.as_bytes()).is_err());
        assert!(Metadata::read(ISSUER, b"<html>").is_err());
    }
}
