//! A provider that lies, breaks off, or was taken over.

use std::sync::{Arc, Mutex};

use heptad_core::{
    ErrorKind, Kernel, Retry,
    auth::{
        self,
        oidc::ProviderOptions,
        operations::{Auth, LogoutRequest, RefreshRequest, SignedIn, StartLoginRequest},
    },
    config::{Config, LoadOptions},
    llm::Secret,
};
use heptad_testkit::VirtualClock;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{
    super::{
        jwt::{Signer, with},
        owner,
    },
    CALLBACK, answer, platform, start,
};

/// What the provider says; a test changes what it lies about.
struct Says {
    discovery: Value,
    keys: Value,
    /// Changes to the claims of the next ID token, and its header.
    claims: Value,
    header: Value,
    /// Changes to the answer of the token endpoint, or the whole of it.
    token: Value,
    raw: Option<(u16, String)>,
    userinfo: Value,
    /// What came in.
    requests: Vec<String>,
}

struct Liar {
    issuer: String,
    says: Arc<Mutex<Says>>,
    signer: Arc<Signer>,
}

/// The access token that it gives, and the hash of it that belongs into an ID token signed ES256.
const ACCESS: &str = "canary-access-token";

impl Liar {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let signer = Arc::new(Signer::p256());
        let at = |path: &str| format!("{issuer}/{path}");
        let discovery = json!({
            "issuer": issuer,
            "authorization_endpoint": at("auth"),
            "token_endpoint": at("token"),
            "jwks_uri": at("keys"),
            "userinfo_endpoint": at("me"),
            "end_session_endpoint": at("out"),
        });
        let says = Says {
            discovery,
            keys: json!({ "keys": [signer.jwk("k")] }),
            claims: json!({}),
            header: json!({ "alg": "ES256", "kid": "k" }),
            token: json!({}),
            raw: None,
            userinfo: json!({ "sub": "ada" }),
            requests: Vec::new(),
        };
        let liar = Self { issuer, says: Arc::new(Mutex::new(says)), signer };
        let (says, signer, issuer) = (Arc::clone(&liar.says), Arc::clone(&liar.signer), liar.issuer.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (mut request, mut piece) = (Vec::new(), [0; 4096]);
                while !complete(&request) {
                    match stream.read(&mut piece).await {
                        Ok(0) | Err(_) => break,
                        Ok(count) => request.extend_from_slice(&piece[..count]),
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let (status, body) = respond(&mut says.lock().unwrap(), &signer, &issuer, request);
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nlocation: {issuer}/keys\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(body.as_bytes()).await;
            }
        });
        liar
    }

    fn says(&self, change: impl FnOnce(&mut Says)) {
        change(&mut self.says.lock().unwrap());
    }

    fn requests(&self, path: &str) -> Vec<String> {
        let says = self.says.lock().unwrap();
        says.requests.iter().filter(|request| request.split(' ').nth(1) == Some(path)).cloned().collect()
    }
}

fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| body.len() >= length.parse().expect("a length"))
}

fn respond(says: &mut Says, signer: &Signer, issuer: &str, request: String) -> (u16, String) {
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    says.requests.push(request);
    match path.as_str() {
        "/.well-known/openid-configuration" => (200, says.discovery.to_string()),
        "/keys" => (200, says.keys.to_string()),
        "/me" => (200, says.userinfo.to_string()),
        "/token" => says.raw.clone().unwrap_or_else(|| {
            let now = heptad_core::clock::Timestamp::now().as_second();
            let claims = json!({ "iss": issuer, "aud": "us", "sub": "ada", "iat": now, "exp": now + 60 });
            let id_token = signer.token(&says.header, &with(claims, says.claims.clone()));
            let answer = json!({ "access_token": ACCESS, "token_type": "bearer", "id_token": id_token, "refresh_token": "canary-refresh-token" });
            (200, with(answer, says.token.clone()).to_string())
        }),
        _ => (404, "{}".into()),
    }
}

fn with_secret(options: &mut ProviderOptions) {
    options.secret = Some(Secret::new("canary-secret"));
}

/// Begins a login, has the provider use its nonce, and finishes it.
async fn sign_in(liar: &Liar, auth: &Auth) -> heptad_core::Result<SignedIn> {
    let started = start(auth).await;
    let url = reqwest::Url::parse(&started.url).expect("a URL");
    let nonce = url.query_pairs().find(|(name, _)| name == "nonce").expect("a nonce").1.into_owned();
    liar.says(|says| {
        if says.claims.get("nonce").is_none() {
            says.claims["nonce"] = json!(nonce);
        }
    });
    let outcome = auth.finish_login(answer(&started, Some("code"), None)).await;
    liar.says(|says| (says.claims, says.token, says.raw) = (json!({}), json!({}), None));
    outcome
}

async fn scene() -> (Liar, Kernel, VirtualClock) {
    let liar = Liar::start().await;
    let (kernel, clock) = platform(&liar.issuer, "us", with_secret);
    (liar, kernel, clock)
}

#[tokio::test]
async fn an_id_token_is_ours_alone_of_this_login_and_of_this_access_token() {
    let (liar, kernel, _) = scene().await;
    let auth = owner(&kernel);
    sign_in(&liar, &auth).await.expect("all is well");
    let half = {
        let hash = ring::digest::digest(&ring::digest::SHA256, ACCESS.as_bytes());
        super::super::jwt::b64(&hash.as_ref()[..16])
    };
    let now = heptad_core::clock::Timestamp::now().as_second();
    for (claims, says) in [
        (json!({ "nonce": "another" }), Some("`nonce`")),
        (json!({ "nonce": null }), Some("lacks the claim `nonce`")),
        (json!({ "nonce": ["x"] }), Some("`nonce`")),
        (json!({ "aud": "them" }), Some("audience")),
        (json!({ "aud": ["us", "them"] }), Some("audience")),
        (json!({ "aud": ["us"], "azp": "us" }), None),
        (json!({ "azp": "them" }), Some("`azp`")),
        (json!({ "azp": 7 }), Some("`azp`")),
        (json!({ "at_hash": half }), None),
        (json!({ "at_hash": format!("{half}A") }), Some("`at_hash`")),
        (json!({ "at_hash": "" }), Some("`at_hash`")),
        (json!({ "iss": "https://evil.example.org" }), Some("issuer is not trusted")),
        (json!({ "exp": now - 120 }), Some("expired")),
        (json!({ "iat": now + 120 }), Some("not valid yet")),
        (json!({ "iat": null }), Some("lacks the claim `iat`")),
        (json!({ "sub": null }), Some("lacks the claim `sub`")),
    ] {
        liar.says(|says| says.claims = claims.clone());
        let outcome = sign_in(&liar, &auth).await.map(drop);
        match says {
            None => outcome.expect("all is well"),
            Some(says) => {
                let error = outcome.expect_err("refused");
                assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{claims}: {error}");
                assert!(error.message().contains(says), "{claims}: {error}");
            }
        }
    }
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256", "kid": "k" }),
        json!({ "alg": "ES256", "kid": "k", "typ": "at+jwt" }),
        json!({ "alg": "ES256", "kid": "k", "jwk": {} }),
        json!({ "alg": "ES256", "kid": "other" }),
    ] {
        liar.says(|says| says.header = header.clone());
        assert!(sign_in(&liar, &auth).await.is_err(), "{header}");
    }
}

#[tokio::test]
async fn what_the_token_endpoint_answers_is_read_strictly_and_shown_nowhere() {
    let (liar, kernel, _) = scene().await;
    let auth = owner(&kernel);
    let good = json!({ "access_token": ACCESS, "token_type": "Bearer" }).to_string();
    for (status, body, kind) in [
        (200, String::new(), ErrorKind::Unavailable),
        (200, "<html>canary</html>".into(), ErrorKind::Unavailable),
        (200, good.clone(), ErrorKind::Unavailable),
        (200, good.replace("Bearer", "DPoP"), ErrorKind::Unavailable),
        (200, good.replacen('{', "{\"access_token\":\"other\",", 1), ErrorKind::Unavailable),
        (200, "x".repeat(300 << 10), ErrorKind::Unavailable),
        (302, String::new(), ErrorKind::Unauthenticated),
        (400, r#"{"error":"invalid_grant","error_description":"canary"}"#.into(), ErrorKind::Unauthenticated),
        (401, "canary".into(), ErrorKind::Unauthenticated),
        (500, "canary".into(), ErrorKind::Unavailable),
    ] {
        liar.says(|says| says.raw = Some((status, body.clone())));
        let error = sign_in(&liar, &auth).await.expect_err("refused");
        assert_eq!(error.kind(), kind, "{status} {error:?}");
        assert!(!format!("{error:?} {:?}", super::audit(&kernel).await).contains("canary"), "{error:?}");
    }
    for token in [
        json!({ "id_token": null }),
        json!({ "id_token": 7 }),
        json!({ "id_token": "" }),
        json!({ "id_token": "a.b.c" }),
    ] {
        liar.says(|says| says.token = token.clone());
        assert!(sign_in(&liar, &auth).await.is_err(), "{token}");
    }
    assert_eq!(
        liar.requests("/keys").len(),
        0,
        "no redirect is followed, and no key is asked for without a token"
    );
    let sent = liar.requests("/token").pop().expect("it was asked");
    assert!(sent.contains("code_verifier=") && sent.to_lowercase().contains("authorization: basic"));
    assert!(!sent.contains("client_secret"), "the secret is in the header");
}

#[tokio::test]
async fn a_discovery_document_of_somebody_else_begins_nothing() {
    for (member, value) in [
        ("issuer", json!("https://evil.example.org")),
        ("token_endpoint", json!("http://evil.example.org/token")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("jwks_uri", json!(null)),
        ("code_challenge_methods_supported", json!(["plain"])),
    ] {
        let (liar, kernel, _) = scene().await;
        liar.says(|says| says.discovery[member] = value.clone());
        assert!(owner(&kernel).start_login(StartLoginRequest::default()).await.is_err(), "{member}: {value}");
    }
}

#[tokio::test]
async fn claims_of_somebody_else_are_not_added() {
    let liar = Liar::start().await;
    let (kernel, _) = platform(&liar.issuer, "us", |options| {
        with_secret(options);
        options.userinfo = true;
        options.mapping = options.mapping.clone().roles("groups", "");
    });
    let auth = owner(&kernel);
    liar.says(|says| {
        says.userinfo = json!({ "sub": "ada", "groups": ["a"], "iss": "https://evil.example.org" });
    });
    let signed_in = sign_in(&liar, &auth).await.expect("all is well");
    assert!(signed_in.info.roles.contains("a"));
    liar.says(|says| says.claims = json!({ "groups": ["b"] }));
    let signed_in = sign_in(&liar, &auth).await.expect("all is well");
    assert!(
        signed_in.info.roles.contains("b") && !signed_in.info.roles.contains("a"),
        "what is signed counts"
    );
    for userinfo in [json!({ "sub": "eve", "groups": ["root"] }), json!({ "groups": ["root"] }), json!([])] {
        liar.says(|says| says.userinfo = userinfo.clone());
        assert!(sign_in(&liar, &auth).await.is_err(), "{userinfo}");
    }
}

#[tokio::test]
async fn a_session_ends_when_the_provider_no_longer_stands_behind_it() {
    let (liar, kernel, _) = scene().await;
    let auth = owner(&kernel);
    let refresh = async |session: &SignedIn| {
        let outcome = auth.refresh_session(RefreshRequest { session: session.session.clone() }).await;
        liar.says(|says| (says.claims, says.token, says.raw) = (json!({}), json!({}), None));
        outcome
    };
    let first = sign_in(&liar, &auth).await.expect("signed in");
    liar.says(|says| says.raw = Some((503, String::new())));
    assert_eq!(refresh(&first).await.expect_err("it is away").kind(), ErrorKind::Unavailable);
    auth::authenticate(&kernel, &first.session).await.expect("that is no reason to end it");
    liar.says(|says| (says.raw, says.claims) = (None, json!({ "sub": "eve" })));
    assert!(refresh(&first).await.expect_err("somebody else").message().contains("somebody else"));
    auth::authenticate(&kernel, &first.session).await.expect_err("ended");

    let first = sign_in(&liar, &auth).await.expect("signed in");
    liar.says(|says| says.raw = Some((401, r#"{"error":"invalid_client"}"#.into())));
    refresh(&first).await.expect_err("our secret is wrong");
    auth::authenticate(&kernel, &first.session).await.expect("that is not their fault");
    liar.says(|says| (says.raw, says.claims) = (None, json!({ "nonce": "another" })));
    assert!(refresh(&first).await.is_err());
    let first = sign_in(&liar, &auth).await.expect("signed in");
    liar.says(|says| says.token = json!({ "id_token": null, "refresh_token": null }));
    let second = refresh(&first).await.expect("who it is need not be said again");
    assert_eq!(second.info.principal, first.info.principal);
    assert!(second.refreshable, "the old refresh token stays when there is no new one");
    liar.says(|says| {
        (says.token, says.raw) = (json!({}), Some((400, r#"{"error":"invalid_grant"}"#.into())))
    });
    assert_eq!(refresh(&second).await.expect_err("revoked there").kind(), ErrorKind::Unauthenticated);
    auth::authenticate(&kernel, &second.session).await.expect_err("ended");
    assert!(auth.logout(LogoutRequest { session: second.session }).await.is_err());
    let told = format!("{:?} {}", super::audit(&kernel).await, kernel.metrics.render());
    assert!(!told.contains("canary"), "{told}");
}

#[tokio::test]
async fn a_session_outlives_a_key_of_the_provider_that_is_not_known_yet() {
    let (liar, kernel, clock) = scene().await;
    let auth = owner(&kernel);
    let first = sign_in(&liar, &auth).await.expect("signed in");
    let refresh = || auth.refresh_session(RefreshRequest { session: first.session.clone() });
    liar.says(|says| {
        says.keys = json!({ "keys": [liar.signer.jwk("new")] });
        says.header = json!({ "alg": "ES256", "kid": "new" });
        says.token = json!({ "refresh_token": "canary-refresh-token-2" });
    });
    let error = refresh().await.expect_err("its keys were asked for a moment ago");
    assert_eq!((error.kind(), error.retryable()), (ErrorKind::Unavailable, Retry::Now), "{error}");
    auth::authenticate(&kernel, &first.session).await.expect("that is no reason to end it");
    clock.advance(super::seconds(30));
    refresh().await.expect("now it is known");
    let asked = liar.requests("/token").pop().expect("it was asked");
    assert!(asked.contains("refresh_token=canary-refresh-token-2"), "the first one was spent");
    auth::authenticate(&kernel, &first.session).await.expect_err("exchanged");
}

#[tokio::test]
async fn the_configuration_says_where_people_sign_in() {
    let clock: Arc<dyn heptad_core::clock::Clock> = Arc::new(VirtualClock::new());
    let open = async |settings: &[(&str, &str)]| {
        let options = LoadOptions::new().keys(auth::config::KEYS);
        let options = settings.iter().fold(options, |options, (key, value)| options.set(*key, value));
        let variable = |name: &str| (name == "OIDC_SECRET").then(|| "canary".to_owned());
        auth::config::open(&Config::load(options)?, &variable, &clock).await
    };
    let good = [
        ("auth.oidc.issuer", "https://login.example.org"),
        ("auth.oidc.client_id", "us"),
        ("auth.oidc.client_secret_variable", "OIDC_SECRET"),
        ("auth.oidc.redirect_uris", CALLBACK),
    ];
    assert!(open(&good).await.expect("it opens").1.is_some());
    for (key, value, says) in [
        ("auth.oidc.client_id", "", "no `auth.oidc.client_id`"),
        ("auth.oidc.redirect_uris", "", "no `auth.oidc.redirect_uris`"),
        ("auth.oidc.redirect_uris", "http://app.example.org/x", "no redirect URI"),
        ("auth.oidc.redirect_uris", "https://app.example.org/#x", "no redirect URI"),
        ("auth.oidc.redirect_uris", "javascript:alert(1)", "no redirect URI"),
        ("auth.oidc.client_secret_variable", "NOT_SET", "does not hold"),
        ("auth.oidc.issuer", "http://login.example.org", "not https"),
        ("auth.oidc.algorithms", "HS256", "HS256"),
        ("auth.oidc.leeway", "1h", "300 s"),
    ] {
        let mut settings: Vec<_> = good.iter().copied().filter(|(name, _)| *name != key).collect();
        if !value.is_empty() {
            settings.push((key, value));
        }
        let error = open(&settings).await.map(drop).expect_err("refused").to_string();
        assert!(error.contains(says) && !error.contains("canary"), "{key} = {value}: {error}");
    }
    let (kernel, _) = super::super::kernel();
    let error = owner(&kernel).start_login(StartLoginRequest::default()).await.expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
