//! Asking a provider.

use std::time::Duration;

use reqwest::{
    Client, RequestBuilder, Url,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
};

use crate::{
    error::{Error, ErrorKind, Result, Retry},
    http::{self, HttpOptions, Unread},
};

/// No answer of a provider is longer.
const MAX_BYTES: usize = 256 << 10;
const TIMEOUT: Duration = Duration::from_secs(15);

/// Asks providers; knows nothing of what they say.
pub(super) struct Web(Client);

/// What was answered, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// How long it may be kept, where it says.
    pub(super) max_age: Option<Duration>,
}

impl Answer {
    pub(super) fn is_ok(&self) -> bool {
        self.status == 200
    }
}

impl Web {
    pub(super) fn new() -> Result<Self> {
        http::client(&HttpOptions::default()).map(Self)
    }

    pub(super) async fn get(&self, url: &Url, bearer: Option<&str>) -> Result<Answer> {
        let request = self.0.get(url.clone());
        match bearer {
            Some(token) => send(request.header(AUTHORIZATION, secret("Bearer ", token)?)).await,
            None => send(request).await,
        }
    }

    /// Sends a form; `basic` is what follows `Basic `.
    pub(super) async fn post(&self, url: &Url, form: &[(&str, &str)], basic: Option<&str>) -> Result<Answer> {
        let request = self.0.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(encoded(form));
        match basic {
            Some(basic) => send(request.header(AUTHORIZATION, secret("Basic ", basic)?)).await,
            None => send(request).await,
        }
    }
}

/// A header that shows in no log.
fn secret(scheme: &str, value: &str) -> Result<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("{scheme}{value}")).map_err(|_| {
        Error::new(ErrorKind::Unauthenticated, "a token of the provider has characters that no token has")
    })?;
    header.set_sensitive(true);
    Ok(header)
}

async fn send(request: RequestBuilder) -> Result<Answer> {
    let unreachable = |what: &'static str| Error::new(ErrorKind::Unavailable, what).retry(Retry::Now);
    let request =
        request.timeout(TIMEOUT).header(ACCEPT, "application/json").header(ACCEPT_ENCODING, "identity");
    let response = request.send().await.map_err(|error| {
        let what = if error.is_timeout() {
            "the OpenID provider took too long"
        } else {
            "the OpenID provider cannot be reached"
        };
        unreachable(what).because(error.without_url())
    })?;
    let status = response.status().as_u16();
    let max_age = response.headers().get(CACHE_CONTROL).and_then(|value| max_age(value.to_str().ok()?));
    match http::read(response, MAX_BYTES).await {
        Ok(body) => Ok(Answer { status, body, max_age }),
        Err(Unread::TooLong) => Err(unreachable("the OpenID provider answered with more than 256 KiB")),
        Err(Unread::Cut(error)) => {
            Err(unreachable("the OpenID provider's answer was cut off").because(error.without_url()))
        }
    }
}

fn max_age(cache_control: &str) -> Option<Duration> {
    let mut parts = cache_control.split(',').map(str::trim);
    let seconds = parts.find_map(|part| part.strip_prefix("max-age="))?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// A form as the body of a request, or behind the `?` of a URL.
pub(super) fn encoded(form: &[(&str, &str)]) -> String {
    let mut url = Url::parse("http://localhost/").expect("the text is a constant, and a URL");
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap_or_default().to_owned()
}

/// One text of a form, as the header `Basic` wants it (RFC 6749, section 2.3.1).
pub(super) fn encoded_word(text: &str) -> String {
    encoded(&[(text, "")]).trim_end_matches('=').to_owned()
}

/// A URL to which secrets may be sent.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) where it is not `https` and not on this machine, or has what it must not.
pub(super) fn endpoint(text: &str, what: &str) -> Result<Url> {
    let wrong = |why: &str| Error::invalid(format!("the `{what}` of the OpenID provider {why}"));
    let url = Url::parse(text).map_err(|_| wrong("is no URL"))?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && http::is_this_machine(&url));
    if !safe || url.host_str().is_none() {
        return Err(wrong("is not https (http is for this machine only)"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong("has a user or a fragment"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_encrypted_or_stays_here_is_an_endpoint() {
        for (text, good) in [
            ("https://login.example.org/x?y=1", true),
            ("http://127.0.0.1:8080/x", true),
            ("http://[::1]/x", true),
            ("http://localhost/x", true),
            ("http://login.example.org/x", false),
            ("http://127.0.0.1.example.org/", false),
            ("http://localhost.example.org/", false),
            ("https://user@login.example.org/", false),
            ("https://login.example.org/#x", false),
            ("file:///etc/passwd", false),
            ("javascript:alert(1)", false),
            ("login.example.org", false),
            ("", false),
        ] {
            assert_eq!(endpoint(text, "token_endpoint").is_ok(), good, "{text}");
        }
    }

    #[test]
    fn words_are_encoded_as_a_form_is() {
        assert_eq!(encoded_word("a b+c:/ä=&"), "a+b%2Bc%3A%2F%C3%A4%3D%26");
        assert_eq!(encoded(&[("a", "1 2"), ("b", "&")]), "a=1+2&b=%26");
        assert_eq!(max_age("public, max-age=60"), Some(Duration::from_secs(60)));
        assert_eq!(max_age("no-store"), None);
        assert_eq!(max_age("max-age=-1"), None);
    }
}
