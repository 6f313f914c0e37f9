//! The token endpoint, and what comes from it.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use reqwest::Url;
use ring::digest;
use serde_json::{Map, Value};

use super::{
    options::ProviderOptions,
    web::{Answer, Web, encoded_word},
};
use crate::{
    auth::jwt::{Refusal, Verified, object},
    error::{Error, ErrorKind, Result, Retry},
    suggest::shortened,
};

/// A longer token is none.
const MAX_TOKEN_BYTES: usize = 16 << 10;

/// What the provider gave. Never printed.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) id: Option<String>,
    pub(super) refresh: Option<String>,
}

/// Sends a grant as this client.
pub(super) async fn exchange(
    web: &Web,
    endpoint: &Url,
    options: &ProviderOptions,
    grant: &[(&str, &str)],
) -> Result<Tokens> {
    let mut form = grant.to_vec();
    let basic = match &options.secret {
        Some(secret) if !options.secret_in_body => {
            let pair = format!("{}:{}", encoded_word(&options.client), encoded_word(secret.expose()));
            Some(BASE64_STANDARD.encode(pair))
        }
        secret => {
            form.push(("client_id", &options.client));
            form.extend(secret.as_ref().map(|secret| ("client_secret", secret.expose())));
            None
        }
    };
    Tokens::read(&web.post(endpoint, &form, basic.as_deref()).await?)
}

impl Tokens {
    fn read(answer: &Answer) -> Result<Self> {
        if answer.status >= 500 {
            let message = format!("the OpenID provider answers {}", answer.status);
            return Err(Error::new(ErrorKind::Unavailable, message).retry(Retry::Now));
        }
        let members = object(&answer.body).unwrap_or_default();
        if !answer.is_ok() {
            let code = members.get("error").and_then(Value::as_str).unwrap_or("no reason");
            let message = format!("the OpenID provider refused: {}", plain(code));
            return Err(Error::new(ErrorKind::Unauthenticated, message).with("code", plain(code)));
        }
        let bearer = members.get("token_type").and_then(Value::as_str);
        if !bearer.is_some_and(|kind| kind.eq_ignore_ascii_case("Bearer")) {
            return Err(broken("its `token_type` is not `Bearer`"));
        }
        let token = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(token)) if (1..=MAX_TOKEN_BYTES).contains(&token.len()) => {
                Ok(Some(token.clone()))
            }
            Some(_) => Err(broken("a token of it is no text, or too long")),
        };
        let access = token("access_token")?.ok_or_else(|| broken("it has no `access_token`"))?;
        Ok(Self { access, id: token("id_token")?, refresh: token("refresh_token")? })
    }
}

/// What an ID token must be beside what [`Verifier`](crate::auth::jwt::Verifier) proves (OpenID Connect Core, section 3.1.3.7): for `client` alone, with the
/// nonce that was asked for, and of this access token. A refreshed one need not repeat the nonce, but must not have another.
pub(super) fn check_id_token(
    token: &Verified,
    client: &str,
    nonce: &str,
    refreshed: bool,
    access: &str,
) -> Result<(), Refusal> {
    let wrong = |claim: &str| Err(Refusal::Claim(claim.to_owned()));
    let claim = |name: &str| token.claims.all.get(name);
    if token.claims.audience.iter().any(|audience| audience != client) {
        return Err(Refusal::Audience);
    }
    if claim("azp").is_some_and(|party| party != client) {
        return wrong("azp");
    }
    match claim("nonce") {
        None if refreshed => {}
        None => return Err(Refusal::Missing("nonce".into())),
        Some(found) if found == nonce => {}
        Some(_) => return wrong("nonce"),
    }
    let expected = half_hash(token, access);
    if claim("at_hash").is_some_and(|hash| *hash != *expected) {
        return wrong("at_hash");
    }
    Ok(())
}

/// The left half of the hash of the access token, by the hash of the ID token's algorithm.
fn half_hash(token: &Verified, access: &str) -> String {
    let hash = digest::digest(token.header.algorithm.digest(), access.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

/// The user's claims, if they are of the same subject (section 5.3.2).
pub(super) async fn userinfo(
    web: &Web,
    endpoint: &Url,
    access: &str,
    subject: &str,
) -> Result<Map<String, Value>> {
    let answer = web.get(endpoint, Some(access)).await?;
    if !answer.is_ok() {
        let message =
            format!("the OpenID provider answers {} where the user's claims should be", answer.status);
        return Err(Error::new(ErrorKind::Unavailable, message).retry(Retry::Now));
    }
    let claims = object(&answer.body).map_err(|_| broken("the user's claims are no JSON object"))?;
    if claims.get("sub").and_then(Value::as_str) != Some(subject) {
        return Err(Error::new(ErrorKind::Unauthenticated, "the user's claims are those of somebody else"));
    }
    Ok(claims)
}

pub(super) fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the OpenID provider's answer cannot be used: {what}"))
}

/// What a provider calls an error, as far as it may show: RFC 6749 allows letters, digits and signs.
pub(super) fn plain(code: &str) -> String {
    let clean: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || "_-. ".contains(*c)).collect();
    shortened(&clean, 60)
}
