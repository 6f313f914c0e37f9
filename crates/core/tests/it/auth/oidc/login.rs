//! Logins with a certified provider.

use heptad_core::{
    ErrorKind, Kernel,
    auth::{
        self, What,
        jwt::Mapping,
        oidc::ProviderOptions,
        operations::{
            Auth, FinishLoginRequest, LogoutRequest, RefreshRequest, RevokeSessionRequest, SignedIn,
            StartLoginRequest,
        },
    },
    llm::Secret,
    operation::{Context, Handle as _},
    store::{KeyRange, Page},
};

use super::{
    super::{as_principal, assign, owner, put},
    answer, audit,
    browser::{Browser, Query},
    platform,
    real::RealProvider,
    seconds, start,
};

const SECRET: &str = "a secret & with +signs: %41/=?";

fn confidential(options: &mut ProviderOptions) {
    options.secret = Some(Secret::new(SECRET));
}

/// The answer to give back for a query, with the binding of this browser.
fn request(query: &Query, binding: &str) -> FinishLoginRequest {
    FinishLoginRequest {
        state: query.get("state").cloned().unwrap_or_default(),
        binding: binding.to_owned(),
        code: query.get("code").cloned(),
        issuer: query.get("iss").cloned(),
        error: query.get("error").cloned(),
    }
}

async fn sign_in(auth: &Auth, user: &str) -> SignedIn {
    let started = start(auth).await;
    let query = Browser::new().sign_in(&started.url, user).await;
    auth.finish_login(request(&query, &started.binding)).await.expect("signed in")
}

/// Signs in up to the answer, for those who change something on the way.
async fn answered(auth: &Auth, change: impl FnOnce(String) -> String) -> (Query, String) {
    let started = start(auth).await;
    let query = Browser::new().sign_in(&change(started.url), "ada").await;
    (query, started.binding)
}

async fn refused(auth: &Auth, request: FinishLoginRequest) -> String {
    let error = auth.finish_login(request).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    error.message().to_owned()
}

/// `url` with another value of one parameter.
fn replaced(url: &str, name: &str, value: &str) -> String {
    let mut changed = reqwest::Url::parse(url).expect("a URL");
    let pairs: Vec<(String, String)> = changed.query_pairs().into_owned().collect();
    assert!(pairs.iter().any(|(found, _)| found == name));
    let pairs = pairs.iter().map(|(found, old)| (found, if found == name { value } else { old }));
    changed.query_pairs_mut().clear().extend_pairs(pairs.collect::<Vec<_>>());
    changed.into()
}

async fn may(kernel: &Kernel, session: &str, wanted: &str) -> bool {
    auth::authenticate(kernel, session).await.expect("let in").may(wanted)
}

#[tokio::test]
async fn people_sign_in_with_every_kind_of_client_and_signature() {
    let Some(provider) = RealProvider::start() else { return };
    for client in ["confidential", "posting", "public", "es256", "eddsa", "ps256"] {
        let (kernel, _) = platform(&provider.issuer, client, |options| {
            if client != "public" {
                confidential(options);
            }
            options.secret_in_body = client == "posting";
        });
        let signed_in = sign_in(&owner(&kernel), "ada").await;
        let expected = format!("{}#ada", provider.issuer);
        assert_eq!(
            (signed_in.info.principal.as_str(), signed_in.refreshable),
            (&*expected, false),
            "{client}"
        );
        let principal = auth::authenticate(&kernel, &signed_in.session).await.expect("let in");
        let handle = as_principal(&kernel, principal.clone());
        assert_eq!(
            handle.whoami().await.expect_err("nothing was assigned").kind(),
            ErrorKind::PermissionDenied
        );
        put(&owner(&kernel), "self", &[], &["auth.whoami"], &[]).await.expect("written");
        assign(&owner(&kernel), &expected, &["self"]).await.expect("assigned");
        let principal = auth::authenticate(&kernel, &signed_in.session).await.expect("let in");
        let handle = Auth::new(Context::owner(kernel.clone()).as_principal(principal));
        assert_eq!(handle.whoami().await.expect("allowed").id, expected);
    }
}

#[tokio::test]
async fn an_answer_counts_once_in_its_browser_and_with_its_state() {
    let Some(provider) = RealProvider::start() else { return };
    let (kernel, clock) = platform(&provider.issuer, "confidential", confidential);
    let auth = owner(&kernel);
    let (query, binding) = answered(&auth, |url| url).await;
    let good = request(&query, &binding);

    let wrong = FinishLoginRequest { state: "x".repeat(43), ..good.clone() };
    assert!(refused(&auth, wrong).await.contains("no such login"));
    let wrong = FinishLoginRequest { state: "x".repeat(100_000), ..good.clone() };
    assert!(refused(&auth, wrong).await.contains("no such login"));
    auth.finish_login(good.clone()).await.expect("the right one");
    assert!(refused(&auth, good.clone()).await.contains("finished already"), "an answer is used once");

    // The code of one login with the state of another, begun in the same browser or in another.
    let other = start(&auth).await;
    let stolen = FinishLoginRequest { state: other.state, binding: other.binding, ..good };
    assert!(refused(&auth, stolen).await.contains("invalid_grant"));

    let (query, binding) = answered(&auth, |url| url).await;
    let elsewhere = request(&query, &start(&auth).await.binding);
    assert!(refused(&auth, elsewhere).await.contains("another browser"));
    assert!(refused(&auth, request(&query, &binding)).await.contains("finished already"), "a try is a use");

    let (query, binding) = answered(&auth, |url| url).await;
    let foreign =
        FinishLoginRequest { issuer: Some("https://evil.example.org".into()), ..request(&query, &binding) };
    assert!(refused(&auth, foreign).await.contains("another provider"));
    let (query, binding) = answered(&auth, |url| url).await;
    let silent = FinishLoginRequest { issuer: None, ..request(&query, &binding) };
    assert!(refused(&auth, silent).await.contains("did not name itself"));

    let (query, binding) = answered(&auth, |url| url).await;
    clock.advance(seconds(600));
    assert!(refused(&auth, request(&query, &binding)).await.contains("too long"));
    let told = audit(&kernel).await;
    let refusals = told.iter().filter(|entry| entry.what == What::LoginRefused).count();
    assert_eq!((refusals, told.len()), (9, 10), "each refusal, and the one who signed in: {told:?}");
}

#[tokio::test]
async fn what_is_changed_on_the_way_is_noticed() {
    let Some(provider) = RealProvider::start() else { return };
    let (kernel, _) = platform(&provider.issuer, "confidential", confidential);
    let auth = owner(&kernel);
    let (query, binding) = answered(&auth, |url| replaced(&url, "nonce", "another-nonce")).await;
    assert!(refused(&auth, request(&query, &binding)).await.contains("`nonce`"));
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let (query, binding) = answered(&auth, |url| replaced(&url, "code_challenge", challenge)).await;
    assert!(refused(&auth, request(&query, &binding)).await.contains("invalid_grant"), "PKCE");
    let (query, binding) = answered(&auth, |url| url).await;
    let wrong = FinishLoginRequest { code: Some("made-up".into()), ..request(&query, &binding) };
    assert!(refused(&auth, wrong).await.contains("invalid_grant"));
    let (query, binding) = answered(&auth, |url| url).await;
    let empty = FinishLoginRequest { code: None, ..request(&query, &binding) };
    assert!(refused(&auth, empty).await.contains("no code"));
    let started = start(&auth).await;
    let denied = FinishLoginRequest {
        error: Some("access_denied\u{7}<b>".into()),
        ..answer(&started, None, Some(&provider.issuer))
    };
    assert_eq!(refused(&auth, denied).await, "the login is refused: the provider says `access_deniedb`");
    for redirect in
        ["http://127.0.0.1:9/callback/", "http://127.0.0.1:9/callback?x", "https://evil.example.org", ""]
    {
        let request = StartLoginRequest { redirect_uri: Some(redirect.into()) };
        assert_eq!(
            auth.start_login(request).await.expect_err("not on the list").kind(),
            ErrorKind::InvalidInput
        );
    }
    let wrong_secret =
        platform(&provider.issuer, "confidential", |options| options.secret = Some(Secret::new("wrong"))).0;
    let (query, binding) = answered(&owner(&wrong_secret), |url| url).await;
    assert!(refused(&owner(&wrong_secret), request(&query, &binding)).await.contains("invalid_client"));
}

#[tokio::test]
async fn tokens_of_another_time_and_keys_that_changed() {
    let Some(mut provider) = RealProvider::start() else { return };
    let patient = |options: &mut ProviderOptions| {
        confidential(options);
        options.login_lifetime = seconds(86_400);
    };
    let (kernel, clock) = platform(&provider.issuer, "confidential", patient);
    let auth = owner(&kernel);
    sign_in(&auth, "ada").await;
    provider.order("rotate");
    clock.advance(seconds(30));
    sign_in(&auth, "ada").await;

    let (query, binding) = answered(&auth, |url| url).await;
    clock.advance(seconds(2 * 3600));
    assert!(
        refused(&auth, request(&query, &binding)).await.contains("expired"),
        "of an hour ago, by our clock"
    );
    // By a clock that is behind, it was made in the future.
    let behind = heptad_testkit::VirtualClock::at(heptad_core::clock::Timestamp::now() - seconds(3600));
    let mut options = ProviderOptions::new(&provider.issuer, "confidential");
    options.redirect_uris = vec![super::CALLBACK.into()];
    confidential(&mut options);
    let login = auth::oidc::Provider::new(options, std::sync::Arc::new(behind.clone())).expect("it fits");
    let (ports, _) = crate::platform::ports();
    let security =
        heptad_core::kernel::Security { login: Some(std::sync::Arc::new(login)), ..Default::default() };
    let clock = std::sync::Arc::new(behind);
    let kernel = Kernel::new(heptad_core::kernel::Ports { security, clock, ..ports });
    let (query, binding) = answered(&owner(&kernel), |url| url).await;
    assert!(refused(&owner(&kernel), request(&query, &binding)).await.contains("not valid yet"));
}

#[tokio::test]
async fn a_session_ends_when_it_is_time_when_it_is_revoked_and_when_somebody_signs_out() {
    let Some(mut provider) = RealProvider::start() else { return };
    let (kernel, clock) = platform(&provider.issuer, "confidential", |options| {
        confidential(options);
        options.logout_redirect_uri = Some("http://127.0.0.1:9/bye".into());
    });
    let auth = owner(&kernel);
    let unauthenticated = async |session: &str| {
        let error = auth::authenticate(&kernel, session).await.expect_err("ended");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        error.message().to_owned()
    };
    let first = sign_in(&auth, "ada").await;
    let second = sign_in(&auth, "bob").await;
    let mut browser = Browser::new();
    let started = start(&auth).await;
    let query = browser.sign_in(&started.url, "eve").await;
    let third = auth.finish_login(request(&query, &started.binding)).await.expect("signed in");
    assert_eq!(auth.sessions().await.expect("a list").sessions.len(), 3);

    auth.revoke_session(RevokeSessionRequest { id: second.info.id.clone() }).await.expect("revoked");
    assert!(unauthenticated(&second.session).await.contains("revoked"));
    auth.revoke_session(RevokeSessionRequest { id: second.info.id })
        .await
        .expect("once more changes nothing");

    let out = auth.logout(LogoutRequest { session: third.session.clone() }).await.expect("signed out");
    assert!(unauthenticated(&third.session).await.contains("revoked"));
    let (status, page) = browser.visit(&out.url.expect("the provider has a door")).await;
    assert!(status == 200 && page.contains("logout"), "{status} {page}");
    let again = auth.logout(LogoutRequest { session: third.session }).await.expect_err("it ended");
    assert_eq!(again.kind(), ErrorKind::Unauthenticated);

    let forged = format!("{}x", first.session);
    assert_eq!(unauthenticated(&forged).await, "this is not an API key of this platform");
    clock.advance(seconds(8 * 3600 - 1));
    auth::authenticate(&kernel, &first.session).await.expect("the last second");
    clock.advance(seconds(1));
    assert!(unauthenticated(&first.session).await.contains("passed"));

    provider.order("break");
    clock.advance(seconds(2 * 86_400));
    let error = auth.start_login(StartLoginRequest::default()).await.expect_err("it is away");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_session_is_exchanged_for_a_new_one_and_the_store_gives_neither_away() {
    let Some(provider) = RealProvider::start() else { return };
    let (kernel, _) = platform(&provider.issuer, "confidential", |options| {
        confidential(options);
        options.scopes.extend(["offline_access".to_owned(), "profile".to_owned()]);
        options.userinfo = true;
        options.mapping = Mapping::of("x").prefix("staff:").roles("groups", "idp.");
    });
    let auth = owner(&kernel);
    put(&auth, "idp.staff", &[], &["search.query"], &[]).await.expect("written");
    let first = sign_in(&auth, "ada").await;
    assert_eq!(first.info.principal, "staff:ada");
    assert!(
        first.refreshable && may(&kernel, &first.session, "search.query").await,
        "roles by the user's claims"
    );

    let refresh = async |session: &SignedIn| {
        auth.refresh_session(RefreshRequest { session: session.session.clone() }).await
    };
    let second = refresh(&first).await.expect("exchanged");
    assert_eq!(second.info.replaces.as_ref(), Some(&first.info.id));
    assert!(may(&kernel, &second.session, "search.query").await);
    assert_eq!(refresh(&first).await.map(drop).expect_err("used").kind(), ErrorKind::Unauthenticated);
    let (one, two) = tokio::join!(refresh(&second), refresh(&second));
    assert!(one.is_ok() != two.is_ok() || one.is_err(), "at most one of two wins");

    let mut kept = String::new();
    for collection in ["auth.sessions", "auth.logins"] {
        let records = kernel.store.scan(KeyRange::all(collection), Page::first(99)).await.expect("a scan");
        for record in records {
            kept.push_str(&String::from_utf8_lossy(record.value.as_bytes()));
        }
    }
    // `prefix_id_secret`: a secret may hold that sign as well.
    let secret = first.session.splitn(3, '_').nth(2).expect("a secret");
    // What is sealed is any text of base64url, but no text begins as a token does.
    let token = kept.split('"').any(|text| text.starts_with("eyJ"));
    assert!(!kept.contains(secret) && !token && !kept.contains("refresh_token"), "{kept}");
    let shown = format!("{first:?} {:?}", audit(&kernel).await);
    assert!(!shown.contains(secret) && !shown.contains("eyJ"), "{shown}");
}
