//! A browser as far as a login needs one: cookies, redirects, forms.

use std::{collections::BTreeMap, sync::Arc};

use reqwest::{
    Client, Method, Url,
    header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE},
    redirect::Policy,
};

use super::CALLBACK;

/// The query with which the provider sent the browser back.
pub(super) type Query = BTreeMap<String, String>;

pub(super) struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(super) fn new() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS")
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let client = Client::builder().tls_backend_preconfigured(tls).redirect(Policy::none()).no_proxy();
        Self { client: client.build().expect("a client"), cookies: BTreeMap::new() }
    }

    /// Signs in as `user` from `url` on, and agrees to everything; returns the query of the callback.
    pub(super) async fn sign_in(&mut self, url: &str, user: &str) -> Query {
        let (mut url, mut form) = (Url::parse(url).expect("a URL"), None);
        for _ in 0..20 {
            if url.as_str().starts_with(CALLBACK) {
                return url.query_pairs().into_owned().collect();
            }
            let (status, location, page) = self.ask(&url, form.take()).await;
            if let Some(location) = location {
                url = url.join(&location).expect("a place");
                continue;
            }
            let action = between(&page, "action=\"", "\"");
            let Some(action) = action.filter(|_| status == 200) else { panic!("{status} at {url}: {page}") };
            let prompt = between(&page, "name=\"prompt\" value=\"", "\"").expect("a prompt");
            url = url.join(action).expect("a place");
            form = Some(format!("prompt={prompt}&login={user}&password=x"));
        }
        panic!("the login does not end");
    }

    /// Follows a URL once; returns the status and the page.
    pub(super) async fn visit(&mut self, url: &str) -> (u16, String) {
        let (status, _, page) = self.ask(&Url::parse(url).expect("a URL"), None).await;
        (status, page)
    }

    async fn ask(&mut self, url: &Url, form: Option<String>) -> (u16, Option<String>, String) {
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.request(method, url.clone()).header(COOKIE, cookies.join("; "));
        let request = match form {
            Some(form) => request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form),
            None => request,
        };
        let response = request.send().await.expect("the provider answers");
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie").split(';').next().expect("a cookie");
            let (name, value) = cookie.split_once('=').expect("a cookie");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location =
            response.headers().get(LOCATION).map(|place| place.to_str().expect("a place").to_owned());
        (response.status().as_u16(), location, response.text().await.expect("a page"))
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
