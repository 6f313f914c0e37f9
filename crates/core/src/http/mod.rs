//! The HTTP client of the kernel: one way to connect, for all who ask another machine (hosted models, OpenID providers, collectors of telemetry,
//! object stores).
//!
//! It holds to this, whatever a server answers: TLS by the one crypto provider; redirects are not followed, so what was sent to one host never reaches
//! another; the environment's proxy variables are not looked at; a body is read up to a bound that its reader names.

#[cfg(any(feature = "openai", feature = "anthropic", feature = "otlp"))]
pub(crate) mod base;
#[cfg(any(feature = "openai", feature = "anthropic", feature = "otlp"))]
pub(crate) mod date;
mod tls;

use std::time::Duration;

#[cfg(any(feature = "openai", feature = "anthropic", feature = "oidc", feature = "otlp"))]
use futures_util::StreamExt as _;
#[cfg(any(feature = "openai", feature = "anthropic", feature = "oidc", feature = "otlp"))]
use reqwest::{Client, Response, Url};
use reqwest::{ClientBuilder, Proxy, redirect::Policy};

pub use self::tls::Authorities;
#[cfg(any(feature = "openai", feature = "anthropic", feature = "oidc", feature = "otlp"))]
use crate::error::ErrorKind;
use crate::error::{Error, Result};

/// How a client connects.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpOptions {
    /// How long connecting may take, TLS included.
    pub connect_timeout: Duration,
    /// Sends secrets without TLS to other machines as well: for a server inside a network that is trusted.
    pub allow_http: bool,
    /// Whom the client believes.
    pub authorities: Authorities,
    /// Goes through this proxy (`http://…`). The environment's proxy variables are not looked at.
    pub proxy: Option<String>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            allow_http: false,
            authorities: Authorities::default(),
            proxy: None,
        }
    }
}

/// A client that connects as `options` say.
#[cfg(any(feature = "openai", feature = "anthropic", feature = "oidc", feature = "otlp"))]
pub(crate) fn client(options: &HttpOptions) -> Result<Client> {
    builder(options)?.build().map_err(|error| {
        let message = "the HTTP client cannot be made: its TLS settings are refused";
        Error::new(ErrorKind::Unavailable, message).because(error.without_url())
    })
}

/// What such a client is made of, for whoever has more to say.
pub(crate) fn builder(options: &HttpOptions) -> Result<ClientBuilder> {
    let mut builder = ClientBuilder::new()
        .tls_backend_preconfigured(tls::client(&options.authorities)?)
        .connect_timeout(options.connect_timeout)
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("heptad/", env!("CARGO_PKG_VERSION")));
    if let Some(proxy) = &options.proxy {
        let proxy =
            Proxy::all(proxy).map_err(|_| Error::invalid("the proxy is no URL: write http://host:port"))?;
        builder = builder.proxy(proxy);
    }
    Ok(builder)
}

/// Whether what is sent there stays on this machine, and so needs no TLS.
#[cfg(any(feature = "openai", feature = "anthropic", feature = "oidc", feature = "otlp"))]
pub(crate) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Why a body was not read to its end.
#[cfg(any(feature = "openai", feature = "anthropic", feature = "oidc"))]
pub(crate) enum Unread {
    /// The connection broke.
    Cut(reqwest::Error),
    /// It is longer than it may be.
    TooLong,
}

/// The whole body, up to `most` bytes.
#[cfg(any(feature = "openai", feature = "anthropic", feature = "oidc"))]
pub(crate) async fn read(response: Response, most: usize) -> Result<Vec<u8>, Unread> {
    let (mut bytes, mut pieces) = (Vec::new(), response.bytes_stream());
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(Unread::Cut)?;
        if bytes.len() + piece.len() > most {
            return Err(Unread::TooLong);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// The first `most` bytes of the body, as far as they come: enough to say what went wrong.
#[cfg(any(feature = "openai", feature = "anthropic", feature = "otlp"))]
pub(crate) async fn read_some(response: Response, most: usize) -> Vec<u8> {
    let (mut bytes, mut pieces) = (Vec::new(), response.bytes_stream());
    while let Some(Ok(piece)) = pieces.next().await {
        bytes.extend_from_slice(&piece[..piece.len().min(most - bytes.len())]);
        if bytes.len() == most {
            break;
        }
    }
    bytes
}
