//! The keys that a provider publishes.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Url;

use super::{
    discovery::Discovery,
    web::{self, Web},
};
use crate::{
    auth::jwt::{KeySource, Published},
    clock::Clock,
    error::{Error, ErrorKind, Result, Retry},
};

/// Fetches the set of keys of an issuer.
pub struct RemoteKeys {
    web: Arc<Web>,
    place: Place,
}

enum Place {
    Known(Url),
    Discovered(Arc<Discovery>),
}

impl RemoteKeys {
    /// The set at `url`.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where it is neither `https` nor on this machine.
    pub fn at(url: &str) -> Result<Self> {
        let place = Place::Known(web::endpoint(url, "jwks_uri")?);
        Ok(Self { web: Arc::new(Web::new()?), place })
    }

    /// The set that the discovery document of `issuer` names. `clock` tells how old that is.
    ///
    /// # Errors
    /// As [`at`](Self::at), of the issuer.
    pub fn of(issuer: &str, clock: Arc<dyn Clock>) -> Result<Self> {
        let web = Arc::new(Web::new()?);
        let discovery = Discovery::new(issuer, Arc::clone(&web), clock)?;
        Ok(Self::discovered(web, Arc::new(discovery)))
    }

    pub(super) fn discovered(web: Arc<Web>, discovery: Arc<Discovery>) -> Self {
        Self { web, place: Place::Discovered(discovery) }
    }
}

#[async_trait]
impl KeySource for RemoteKeys {
    async fn fetch(&self) -> Result<Published> {
        let url = match &self.place {
            Place::Known(url) => url.clone(),
            Place::Discovered(discovery) => discovery.metadata().await?.keys.clone(),
        };
        let answer = self.web.get(&url, None).await?;
        if !answer.is_ok() {
            let message = format!("the issuer answers {} where its keys should be", answer.status);
            return Err(Error::new(ErrorKind::Unavailable, message).retry(Retry::Now));
        }
        Ok(Published { text: answer.body, max_age: answer.max_age })
    }
}
