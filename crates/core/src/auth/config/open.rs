//! From the configuration to who vouches for callers.

use std::sync::Arc;

use super::keys::*;
use crate::{
    auth::{Login, TokenVerifier},
    clock::Clock,
    config::Config,
    error::{Error, ErrorKind, Result},
};

/// Who vouches for callers by `config`; nobody where it names nobody. `variable` looks up an environment variable: the one that holds the client's secret.
/// Nothing is fetched yet.
///
/// # Errors
/// [`InvalidInput`](ErrorKind::InvalidInput) where keys do not fit together, [`Unsupported`](ErrorKind::Unsupported) where this build lacks the feature,
/// [`NotFound`](ErrorKind::NotFound) where a file does not exist.
pub async fn open(
    config: &Config,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    clock: &Arc<dyn Clock>,
) -> Result<(Option<Arc<dyn TokenVerifier>>, Option<Arc<dyn Login>>)> {
    let tokens = match config.get(&AUTH_JWT_ISSUER) {
        Some(issuer) => Some(tokens(issuer, config, clock).await?),
        None => None,
    };
    let login = match config.get(&AUTH_OIDC_ISSUER) {
        Some(issuer) => Some(login(issuer, config, variable, clock)?),
        None => None,
    };
    Ok((tokens, login))
}

#[cfg(not(feature = "jwt"))]
async fn tokens(_: String, _: &Config, _: &Arc<dyn Clock>) -> Result<Arc<dyn TokenVerifier>> {
    Err(lacking("jwt", "auth.jwt.issuer"))
}

#[cfg(not(feature = "oidc"))]
fn login(
    _: String,
    _: &Config,
    _: &(dyn Fn(&str) -> Option<String> + Sync),
    _: &Arc<dyn Clock>,
) -> Result<Arc<dyn Login>> {
    Err(lacking("oidc", "auth.oidc.issuer"))
}

#[cfg(feature = "jwt")]
async fn tokens(name: String, config: &Config, clock: &Arc<dyn Clock>) -> Result<Arc<dyn TokenVerifier>> {
    use crate::auth::jwt::{Issuer, KeySet, Keys, Mapping, Verifier};
    let Some(audience) = config.get(&AUTH_JWT_AUDIENCE) else {
        let message =
            "there is an `auth.jwt.issuer`, but no `auth.jwt.audience`: say whom its tokens must be for";
        return Err(wrong("auth.jwt.audience", message));
    };
    let mut issuer = Issuer::new(&name, "");
    issuer.audiences = words(&audience);
    issuer.algorithms = algorithms(&config.get(&AUTH_JWT_ALGORITHMS), "auth.jwt.algorithms")?;
    issuer.leeway = config.get(&AUTH_JWT_LEEWAY);
    issuer.max_age = config.get(&AUTH_JWT_MAX_AGE);
    issuer.required.extend(words(&config.get(&AUTH_JWT_REQUIRED_CLAIMS).unwrap_or_default()));
    issuer.mapping = mapping(
        Mapping::of(&name),
        config.get(&AUTH_JWT_SUBJECT_CLAIM),
        [&AUTH_JWT_PRINCIPAL_PREFIX, &AUTH_JWT_ROLES_CLAIM, &AUTH_JWT_ROLES_PREFIX]
            .map(|key| config.get(key)),
    );
    let keys = match (config.get(&AUTH_JWT_KEYS), config.get(&AUTH_JWT_KEYS_URL)) {
        (Some(_), Some(_)) => {
            return Err(wrong(
                "auth.jwt.keys_url",
                "keys are in a file (`auth.jwt.keys`) or fetched, not both",
            ));
        }
        (Some(path), None) => {
            let text = read(&path).await?;
            let set = KeySet::parse(&text).map_err(|error| error.with("file", path.display()))?;
            Keys::Fixed(Arc::new(set))
        }
        (None, url) => fetched(&name, url, clock)?,
    };
    Ok(Arc::new(Verifier::new(Arc::clone(clock)).trust(issuer, keys)?))
}

#[cfg(all(feature = "jwt", not(feature = "oidc")))]
fn fetched(_: &str, _: Option<String>, _: &Arc<dyn Clock>) -> Result<crate::auth::jwt::Keys> {
    let message = "this build cannot fetch keys, for it lacks the feature `oidc`: put them into a file and name it by `auth.jwt.keys`";
    Err(Error::new(ErrorKind::Unsupported, message).with("field", "auth.jwt.keys"))
}

#[cfg(feature = "oidc")]
fn fetched(issuer: &str, url: Option<String>, clock: &Arc<dyn Clock>) -> Result<crate::auth::jwt::Keys> {
    use crate::auth::{jwt, oidc};
    let source = match url {
        Some(url) => oidc::RemoteKeys::at(&url)?,
        None => oidc::RemoteKeys::of(issuer, Arc::clone(clock))?,
    };
    let policy = jwt::CachePolicy::default();
    Ok(jwt::Keys::Cached(jwt::KeyCache::new(Arc::new(source), policy, Arc::clone(clock))))
}

#[cfg(feature = "oidc")]
fn login(
    issuer: String,
    config: &Config,
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Login>> {
    use crate::{
        auth::{jwt::Mapping, oidc},
        llm::Secret,
    };
    let needs = |key: &crate::config::Key<Option<String>>| {
        let name = key.declaration().name;
        config
            .get(key)
            .ok_or_else(|| wrong(name, format!("there is an `auth.oidc.issuer`, but no `{name}`: set it")))
    };
    let mut options = oidc::ProviderOptions::new(&issuer, needs(&AUTH_OIDC_CLIENT_ID)?);
    options.redirect_uris = needs(&AUTH_OIDC_REDIRECT_URIS)?.split_whitespace().map(str::to_owned).collect();
    if let Some(name) = config.get(&AUTH_OIDC_CLIENT_SECRET_VARIABLE) {
        let secret = variable(&name).filter(|value| !value.trim().is_empty());
        options.secret = Some(secret.map(Secret::new).ok_or_else(|| {
            let shown = crate::suggest::shortened(&name.escape_debug().to_string(), 60);
            let message = format!("the environment variable `{shown}` does not hold the client's secret");
            wrong("auth.oidc.client_secret_variable", message)
        })?);
    }
    options.secret_in_body = config.get(&AUTH_OIDC_CLIENT_AUTH) == "post";
    options.logout_redirect_uri = config.get(&AUTH_OIDC_LOGOUT_REDIRECT_URI);
    options.scopes.extend(words(&config.get(&AUTH_OIDC_SCOPES)));
    options.algorithms = algorithms(&config.get(&AUTH_OIDC_ALGORITHMS), "auth.oidc.algorithms")?;
    options.leeway = config.get(&AUTH_OIDC_LEEWAY);
    options.login_lifetime = config.get(&AUTH_OIDC_LOGIN_LIFETIME);
    options.session_lifetime = config.get(&AUTH_OIDC_SESSION_LIFETIME);
    options.userinfo = config.get(&AUTH_OIDC_USERINFO);
    options.mapping = mapping(
        Mapping::of(&issuer),
        config.get(&AUTH_OIDC_SUBJECT_CLAIM),
        [&AUTH_OIDC_PRINCIPAL_PREFIX, &AUTH_OIDC_ROLES_CLAIM, &AUTH_OIDC_ROLES_PREFIX]
            .map(|key| config.get(key)),
    );
    Ok(Arc::new(oidc::Provider::new(options, Arc::clone(clock))?))
}

#[cfg(feature = "jwt")]
fn mapping(
    mut mapping: crate::auth::jwt::Mapping,
    subject: String,
    [prefix, roles, role_prefix]: [Option<String>; 3],
) -> crate::auth::jwt::Mapping {
    (mapping.subject, mapping.role_prefix, mapping.roles) = (subject, role_prefix.unwrap_or_default(), roles);
    if let Some(prefix) = prefix {
        mapping.prefix = prefix;
    }
    mapping
}

#[cfg(feature = "jwt")]
fn algorithms(
    text: &str,
    field: &'static str,
) -> Result<std::collections::BTreeSet<crate::auth::jwt::Algorithm>> {
    use crate::auth::jwt::Algorithm;
    let known = Algorithm::ALL.map(Algorithm::as_str);
    let read = |word: &str| {
        Algorithm::named(word).ok_or_else(|| {
            let shown = crate::suggest::shortened(&word.escape_debug().to_string(), 20);
            let known = known.join(" ");
            wrong(field, format!("`{shown}` is not an algorithm; these are: {known}"))
        })
    };
    text.split_whitespace().map(read).collect()
}

#[cfg(feature = "jwt")]
fn words(text: &str) -> std::collections::BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(feature = "jwt")]
fn wrong(field: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::invalid(message).with("field", field)
}

#[cfg(not(all(feature = "jwt", feature = "oidc")))]
fn lacking(feature: &str, field: &'static str) -> Error {
    let message = format!("this build lacks the feature `{feature}`, which `{field}` asks for");
    Error::new(ErrorKind::Unsupported, message).with("field", field)
}

#[cfg(feature = "jwt")]
async fn read(path: &std::path::Path) -> Result<Vec<u8>> {
    use std::io::Read as _;

    use crate::auth::jwt::MAX_SET_BYTES;
    let (owned, name) = (path.to_owned(), path.display().to_string());
    let reading = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        std::fs::File::open(owned)?.take(MAX_SET_BYTES as u64 + 1).read_to_end(&mut text)?;
        std::io::Result::Ok(text)
    });
    let read =
        reading.await.map_err(|error| Error::internal("the reader of the keys panicked").because(error))?;
    read.map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let kind = if missing { ErrorKind::NotFound } else { ErrorKind::Unavailable };
        Error::new(kind, format!("the file of keys {name} cannot be read")).because(error)
    })
}
