//! The client itself.

use std::sync::Arc;

use reqwest::{
    Client, Method, Response, Url,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument as _;

use super::{attempt::Attempt, failure, misfit};
use crate::{
    clock::Clock,
    error::{Error, Result},
    http::{self, HttpOptions, Unread, base::Service, read_some},
    llm::{Secret, broken},
};

/// The most bytes of an answer that is no stream: embeddings of a full request fit many times.
const MAX_BODY_BYTES: usize = 256 << 20;

/// A client of one provider. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    client: Client,
    base: Url,
    headers: HeaderMap,
    key: Option<Secret>,
    clock: Arc<dyn Clock>,
}

/// What is sent: where, and the body where there is one.
pub(in crate::llm) struct Call<'a, B> {
    /// Path below the base URL.
    pub(in crate::llm) path: &'a str,
    /// The body.
    pub(in crate::llm) body: Option<&'a B>,
    /// An event stream is wanted.
    pub(in crate::llm) stream: bool,
}

impl HttpClient {
    /// A client that sends `headers` (and `key_header` with the key behind `key_prefix`) to what is below `base_url`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where the URL is no `http` URL, where it would carry the key in the clear, or where the key
    /// cannot be a header.
    pub(in crate::llm) fn new(
        base_url: &str,
        headers: &[(&'static str, &str)],
        key: Option<(&'static str, &str, Secret)>,
        options: &HttpOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let base = base(base_url, key.is_some() && !options.allow_http)?;
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| {
                Error::invalid(format!("`{}` cannot be the value of `{name}`", value.escape_debug()))
            })?;
            map.insert(HeaderName::from_static(name), value);
        }
        if let Some((name, prefix, key)) = &key {
            let value = HeaderValue::from_str(&format!("{prefix}{}", key.expose()));
            let mut value =
                value.map_err(|_| Error::invalid("the key of the model has characters that no key has"))?;
            value.set_sensitive(true);
            map.insert(HeaderName::from_static(name), value);
        }
        let client = http::client(options)?;
        let key = key.map(|(.., key)| key);
        Ok(Self(Arc::new(Inner { client, base, headers: map, key, clock })))
    }

    /// Where the server is: host, port and path.
    pub(in crate::llm) fn place(&self) -> String {
        let base = &self.0.base;
        let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}{port}{}", base.host_str().unwrap_or_default(), base.path())
    }

    /// Sends and reads the whole answer.
    pub(in crate::llm) async fn fetch<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        call: Call<'_, B>,
    ) -> Result<T> {
        let response = self.send(call).await?;
        let bytes = http::read(response, MAX_BODY_BYTES).await.map_err(|unread| match unread {
            Unread::Cut(error) => self.hide(failure::interrupted(error)),
            Unread::TooLong => broken(format!("it has more than {MAX_BODY_BYTES} bytes")),
        })?;
        serde_json::from_slice(&bytes).map_err(|error| misfit("it", &error))
    }

    /// Sends and returns the answer once its head is there and says that it went well.
    pub(in crate::llm) async fn send<B: Serialize + Sync>(&self, call: Call<'_, B>) -> Result<Response> {
        let inner = &*self.0;
        let url = inner
            .base
            .join(call.path)
            .map_err(|error| Error::internal("a path is no path").because(error))?;
        let accept = if call.stream { "text/event-stream" } else { "application/json" };
        let method = if call.body.is_some() { Method::POST } else { Method::GET };
        let mut request = inner
            .client
            .request(method, url)
            .headers(inner.headers.clone())
            .header(ACCEPT, accept)
            .header(ACCEPT_ENCODING, "identity");
        if let Some(body) = call.body {
            let body = serde_json::to_vec(body)
                .map_err(|error| Error::invalid("the request has no JSON form").because(error))?;
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let mut attempt = Attempt::begin(if call.body.is_some() { "POST" } else { "GET" }, &inner.base);
        let work = async {
            let response = request.send().await.map_err(failure::unreachable)?;
            tracing::Span::current().record("status", response.status().as_u16());
            self.judge(response, call.stream).await
        };
        let answer = work.instrument(attempt.span.clone()).await;
        attempt.failure = answer.as_ref().err().map(Error::kind);
        answer
    }

    /// Makes an error of an answer that is none.
    async fn judge(&self, response: Response, stream: bool) -> Result<Response> {
        let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let encoding = header(CONTENT_ENCODING).unwrap_or("identity").to_owned();
        let media =
            header(CONTENT_TYPE).unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let status = response.status();
        if status.is_redirection() {
            return Err(failure::redirect(status, &self.0.base));
        }
        if !encoding.eq_ignore_ascii_case("identity") {
            return Err(broken(format!(
                "it is compressed (`{}`), which nobody asked for",
                encoding.escape_debug()
            )));
        }
        if !status.is_success() {
            let (head, now) = (response.headers().clone(), self.0.clock.now());
            let body = read_some(response, failure::MAX_BYTES).await;
            return Err(self.hide(failure::of_status(status, &head, &body, now)));
        }
        if stream && media != "text/event-stream" {
            let body = read_some(response, failure::MAX_BYTES).await;
            return Err(self.hide(failure::no_stream(&media, &body)));
        }
        Ok(response)
    }

    /// The error without what it quotes of the key.
    pub(in crate::llm) fn hide(&self, error: Error) -> Error {
        let Some(key) = &self.0.key else { return error };
        let clean = key.remove_from(error.message());
        let unchanged =
            clean == error.message() && error.context().iter().all(|(_, v)| key.remove_from(v) == *v);
        if unchanged {
            return error;
        }
        let rebuilt = Error::new(error.kind(), clean).retry(error.retryable());
        error
            .context()
            .iter()
            .fold(rebuilt, |rebuilt, (name, value)| rebuilt.with(name, key.remove_from(value)))
    }
}

/// The base URL of a model's server.
fn base(text: &str, carries_key: bool) -> Result<Url> {
    let service = Service {
        what: "the base URL of the model",
        field: "llm.base_url",
        example: "https://host/v1",
        secret: carries_key.then_some(("the key", "llm.allow_http")),
    };
    service.base(text)
}
