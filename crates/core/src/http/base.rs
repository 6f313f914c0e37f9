//! The address under which a service is reached, as a configuration gives it.

use reqwest::Url;

use super::is_this_machine;
use crate::error::{Error, Result};

/// What an address is for, to say so where it is refused.
pub(crate) struct Service {
    /// What is at the address, as in `the base URL of the model`.
    pub(crate) what: &'static str,
    /// The key of the configuration.
    pub(crate) field: &'static str,
    /// How one is written.
    pub(crate) example: &'static str,
    /// What is sent that must not travel in the clear, as in `the key`, and the configuration key that allows it all the same.
    pub(crate) secret: Option<(&'static str, &'static str)>,
}

impl Service {
    /// The address in `text`, with the slash at its end without which `join` would forget its last segment.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is no address of a server, holds secrets, or would send them in the clear.
    pub(crate) fn base(&self, text: &str) -> Result<Url> {
        let mut url =
            Url::parse(text).map_err(|_| self.wrong(&format!("is no URL: write it as {}", self.example)))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(self.wrong("is neither https nor http"));
        }
        let named = !url.username().is_empty() || url.password().is_some();
        if named || url.query().is_some() || url.fragment().is_some() {
            return Err(self
                .wrong("has a user, a query or a fragment: keys and headers are given by the environment"));
        }
        if let Some((secret, allow)) = self.secret
            && url.scheme() == "http"
            && !is_this_machine(&url)
        {
            return Err(
                self.wrong(&format!("would send {secret} unencrypted: use https, or allow it (`{allow}`)"))
            );
        }
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }

    /// Refuses the address for what it is.
    pub(crate) fn wrong(&self, why: &str) -> Error {
        Error::invalid(format!("{} {why}", self.what)).with("field", self.field)
    }
}
