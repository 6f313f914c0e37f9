//! A provider where people sign in.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::digest;

use super::{
    discovery::{Discovery, Metadata},
    exchange::{self, Tokens, broken, check_id_token, exchange, plain},
    options::ProviderOptions,
    pending::Pending,
    remote::RemoteKeys,
    sessions::{self, Grant, Person},
    web::Web,
};
use crate::{
    Kernel,
    auth::{
        Login,
        audit::{self, AuditEntry, What},
        authenticate::admit,
        jwt::{CachePolicy, KeyCache, Keys, Refusal, Verifier},
        key::Presented,
        operations::{
            FinishLoginRequest, LoggedOut, LoginStarted, LogoutRequest, RefreshRequest, SignedIn,
            StartLoginRequest,
        },
        session,
    },
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind, Result, Retry},
};

/// A longer code is none.
const MAX_CODE_BYTES: usize = 4 << 10;

/// An OpenID provider, as a relying party sees it.
pub struct Provider {
    options: ProviderOptions,
    web: Arc<Web>,
    discovery: Arc<Discovery>,
    verifier: Verifier,
}

impl Provider {
    /// The provider that `options` name. Nothing is fetched before somebody signs in.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where the options do not fit together.
    pub fn new(options: ProviderOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        options.check()?;
        let web = Arc::new(Web::new()?);
        let discovery = Arc::new(Discovery::new(&options.issuer, Arc::clone(&web), Arc::clone(&clock))?);
        let source = RemoteKeys::discovered(Arc::clone(&web), Arc::clone(&discovery));
        let cache = KeyCache::new(Arc::new(source), CachePolicy::default(), Arc::clone(&clock));
        let verifier = Verifier::new(clock).trust(options.trust(), Keys::Cached(cache))?;
        Ok(Self { options, web, discovery, verifier })
    }

    /// Exchanges an answer for tokens, and these for whoever signed in.
    async fn admit(&self, kernel: &Kernel, answer: &FinishLoginRequest) -> Result<Person> {
        let taken = Pending::take(&kernel.store, &answer.state, &answer.binding, kernel.clock.now()).await?;
        let (login, secrets) = taken.map_err(|unmatched| refused(unmatched.why()))?;
        let metadata = self.discovery.metadata().await?;
        match &answer.issuer {
            Some(issuer) if *issuer != self.options.issuer => {
                return Err(refused("it comes from another provider"));
            }
            None if metadata.names_itself => return Err(refused("the provider did not name itself (`iss`)")),
            _ => {}
        }
        if let Some(error) = &answer.error {
            return Err(refused(&format!("the provider says `{}`", plain(error))));
        }
        let code = answer.code.as_deref().filter(|code| (1..=MAX_CODE_BYTES).contains(&code.len()));
        let Some(code) = code else { return Err(refused("it has no code")) };
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &login.redirect_uri),
            ("code_verifier", &secrets.verifier),
        ];
        let tokens = exchange(&self.web, &metadata.token, &self.options, &form).await?;
        self.recognise(&metadata, tokens, secrets.nonce, None).await
    }

    /// Whoever the tokens are of; with `before`, it must be the same one.
    async fn recognise(
        &self,
        metadata: &Metadata,
        tokens: Tokens,
        nonce: String,
        before: Option<&Grant>,
    ) -> Result<Person> {
        let id_token = tokens.id.ok_or_else(|| broken("it has no `id_token`"))?;
        let verified = self.verifier.verify(&id_token).await.map_err(|refusal| match refusal {
            // The provider has signed with a new key before its keys may be asked for again.
            Refusal::UnknownKey if before.is_some() => {
                Error::new(ErrorKind::Unavailable, "the provider's new key is not known yet")
                    .retry(Retry::Now)
            }
            refusal => refusal.into(),
        })?;
        let client = &self.options.client;
        check_id_token(&verified, client, &nonce, before.is_some(), &tokens.access)?;
        let subject = verified.claims.subject.clone().unwrap_or_default();
        if before.is_some_and(|grant| grant.subject != subject) {
            return Err(refused("it is somebody else's now"));
        }
        let mut claims = verified.claims.all;
        if let Some(endpoint) = metadata.userinfo.as_ref().filter(|_| self.options.userinfo) {
            let more = exchange::userinfo(&self.web, endpoint, &tokens.access, &subject).await?;
            // What is signed counts before what is not.
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        let (principal, roles) = self.options.mapping.apply(&claims)?;
        let refresh_token = tokens.refresh.or_else(|| before.and_then(|grant| grant.refresh_token.clone()));
        let grant = Grant { subject, nonce, id_token, refresh_token };
        Ok(Person { principal, roles, issuer: self.options.issuer.clone(), grant })
    }

    /// The session that `text` is, and what shows it.
    async fn shown(
        &self,
        kernel: &Kernel,
        text: &str,
    ) -> Result<(crate::store::Stored<session::Session>, Presented)> {
        let none = || Error::new(ErrorKind::Unauthenticated, "this is not a session of this platform");
        let presented = Presented::parse_as(session::PREFIX, text).ok_or_else(none)?;
        let found = admit(kernel, &presented).await?;
        if found.value.issuer != self.options.issuer {
            return Err(refused("this session was made with another provider"));
        }
        Ok((found, presented))
    }
}

#[async_trait]
impl Login for Provider {
    async fn start(&self, kernel: &Kernel, request: StartLoginRequest) -> Result<LoginStarted> {
        let allowed = &self.options.redirect_uris;
        let wanted = request.redirect_uri.as_ref().or(allowed.first());
        let Some(redirect_uri) = wanted.filter(|uri| allowed.contains(uri)) else {
            let message = "this redirect is not one of `auth.oidc.redirect_uris`";
            return Err(Error::invalid(message).with("field", "redirect_uri"));
        };
        let metadata = self.discovery.metadata().await?;
        let now = kernel.clock.now();
        let expires = after(now, self.options.login_lifetime)?;
        let begun = Pending::begin(&kernel.store, redirect_uri, now, expires).await?;
        let scopes: Vec<&str> = self.options.scopes.iter().map(String::as_str).collect();
        let challenge = digest::digest(&digest::SHA256, begun.secrets.verifier.as_bytes());
        let mut url = metadata.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.options.client)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &begun.state)
            .append_pair("nonce", &begun.secrets.nonce)
            .append_pair("code_challenge", &BASE64_URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256");
        if scopes.contains(&"offline_access") {
            // OpenID Connect Core, section 11: without it the provider must ignore the scope.
            url.query_pairs_mut().append_pair("prompt", "consent");
        }
        Ok(LoginStarted { url: url.into(), state: begun.state, binding: begun.binding, expires })
    }

    async fn finish(&self, kernel: &Kernel, request: FinishLoginRequest) -> Result<SignedIn> {
        match self.admit(kernel, &request).await {
            Ok(person) => {
                let expires = after(kernel.clock.now(), self.options.session_lifetime)?;
                sessions::make(kernel, person, None, expires).await
            }
            Err(error) => {
                let entry = AuditEntry::new(What::LoginRefused, "", &*self.options.issuer, error.message());
                audit::write(kernel, entry).await;
                Err(error)
            }
        }
    }

    async fn refresh(&self, kernel: &Kernel, request: RefreshRequest) -> Result<SignedIn> {
        let (found, presented) = self.shown(kernel, &request.session).await?;
        let grant = sessions::grant(&found, &presented)?;
        let Some(refresh_token) = &grant.refresh_token else {
            let message =
                "the provider gave nothing to refresh this session with: ask for the scope `offline_access`";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        let metadata = self.discovery.metadata().await?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
        let person = match exchange(&self.web, &metadata.token, &self.options, &form).await {
            // It is not said again who it is: it is who it was.
            Ok(tokens) if tokens.id.is_none() => {
                let refresh_token = tokens.refresh.or_else(|| grant.refresh_token.clone());
                let session::Session { principal, roles, issuer, .. } = found.value.clone();
                Ok(Person { principal, roles, issuer, grant: Grant { refresh_token, ..grant } })
            }
            Ok(tokens) => {
                let renewed = tokens.refresh.clone();
                let person = self.recognise(&metadata, tokens, grant.nonce.clone(), Some(&grant)).await;
                if person.as_ref().is_err_and(|error| !is_final(error)) && renewed.is_some() {
                    // The old one may be spent; the session goes on with what came for it.
                    let grant = Grant { refresh_token: renewed, ..grant };
                    sessions::keep(kernel, &found, &presented, &grant).await?;
                }
                person
            }
            Err(error) => Err(error),
        };
        match person {
            Ok(person) => {
                let expires = after(kernel.clock.now(), self.options.session_lifetime)?;
                sessions::make(kernel, person, Some(found), expires).await
            }
            Err(error) if is_final(&error) => {
                sessions::end(kernel, &found, error.message()).await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn logout(&self, kernel: &Kernel, request: LogoutRequest) -> Result<LoggedOut> {
        let (found, presented) = self.shown(kernel, &request.session).await?;
        let grant = sessions::grant(&found, &presented);
        sessions::end(kernel, &found, "signed out").await?;
        // It is ended here, whether or not the provider can be asked where to go.
        let Ok(metadata) = self.discovery.metadata().await else { return Ok(LoggedOut { url: None }) };
        let url = metadata.end_session.clone().map(|mut url| {
            url.query_pairs_mut().append_pair("client_id", &self.options.client);
            if let Ok(grant) = &grant {
                url.query_pairs_mut().append_pair("id_token_hint", &grant.id_token);
            }
            if let Some(back) = &self.options.logout_redirect_uri {
                url.query_pairs_mut().append_pair("post_logout_redirect_uri", back);
            }
            url.into()
        });
        Ok(LoggedOut { url })
    }
}

/// Whether the provider no longer stands behind a session; that it does not know *us* (`invalid_client`) is no reason to end one.
fn is_final(error: &Error) -> bool {
    let code = error.context().iter().find(|(name, _)| *name == "code").map(|(_, code)| code.as_str());
    error.kind() == ErrorKind::Unauthenticated && code.is_none_or(|code| code == "invalid_grant")
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Unauthenticated, format!("the login is refused: {why}"))
}

fn after(now: Timestamp, length: Duration) -> Result<Timestamp> {
    now.checked_add(length)
        .map_err(|error| Error::invalid("a lifetime ends beyond all calendars").because(error))
}
