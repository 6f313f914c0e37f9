//! Who comes in with a token: the principal, its roles, and what the audit tells.

use std::sync::Arc;

use heptad_core::{
    ErrorKind, Kernel,
    auth::{
        self, What,
        jwt::{Issuer, Mapping},
        operations::{AuditRequest, DeleteRoleRequest},
    },
    config::{Config, LoadOptions},
    kernel::{Ports, Security},
    store::Offset,
};
use heptad_testkit::VirtualClock;
use serde_json::{Value, json};

use super::{
    super::{as_principal, assign, owner, put},
    AUDIENCE, ISSUER, Signer, claims, issuer, set, trusting, with,
};

fn kernel(issuer: Issuer, signer: &Signer) -> (Kernel, VirtualClock) {
    let (ports, clock) = crate::platform::ports();
    let tokens = Arc::new(trusting(&clock, issuer, set(&[signer.jwk("k")])));
    let security = Security { tokens: Some(tokens), ..Security::default() };
    (Kernel::new(Ports { security, ..ports }), clock)
}

#[tokio::test]
async fn roles_are_those_assigned_and_those_claimed_that_exist() {
    let signer = Signer::p256();
    let mapping = Mapping::of(ISSUER).roles("realm_access.roles", "idp.");
    let (kernel, clock) = kernel(issuer().mapping(mapping), &signer);
    let auth = owner(&kernel);
    put(&auth, "reader", &[], &["search.query"], &[]).await.expect("written");
    put(&auth, "admin", &[], &["*"], &[]).await.expect("written");
    put(&auth, "idp.reviewer", &[], &["review.*"], &["review.fix"]).await.expect("written");
    assign(&auth, &format!("{ISSUER}#ada"), &["reader"]).await.expect("assigned");
    let enter = async |changes: Value| {
        let token = signer.claim("k", &with(claims(&clock), changes));
        auth::authenticate(&kernel, &token).await.expect("let in")
    };
    let ada = enter(json!({ "realm_access": { "roles": ["reviewer", "admin", "nobody", "A B", ""] } })).await;
    assert_eq!(ada.id, format!("{ISSUER}#ada"));
    assert!(ada.may("search.query") && ada.may("review.scan") && !ada.may("review.fix"));
    assert!(!ada.may("auth.put_role"), "`admin` of the issuer is `idp.admin` here, which does not exist");
    for roles in [json!("reviewer other"), json!(["reviewer"])] {
        let bob = enter(json!({ "sub": "bob", "realm_access": { "roles": roles } })).await;
        assert!(bob.may("review.scan") && !bob.may("search.query"));
    }
    for access in [json!({ "roles": null }), json!({ "roles": [] }), json!({}), json!(null)] {
        let eve = enter(json!({ "sub": "eve", "realm_access": access })).await;
        assert!(eve.permissions.is_empty(), "{eve:?}");
    }
}

/// One of the roles may be a denial: what is not understood, or too much, lets nobody in.
#[tokio::test]
async fn roles_that_cannot_all_be_read_let_nobody_in() {
    let signer = Signer::p256();
    let (kernel, clock) = kernel(issuer().mapping(Mapping::of(ISSUER).roles("groups", "")), &signer);
    put(&owner(&kernel), "everything", &[], &["*"], &[]).await.expect("written");
    put(&owner(&kernel), "fence", &[], &[], &["encryption.*"]).await.expect("written");
    let enter = async |groups: &Value| {
        let token = signer.claim("k", &with(claims(&clock), json!({ "groups": groups })));
        auth::authenticate(&kernel, &token).await
    };
    let many = |count: usize| {
        let others = (2..count).map(|n| format!("g{n}"));
        ["everything".to_owned()].into_iter().chain(others).chain(["fence".to_owned()]).collect::<Vec<_>>()
    };
    for groups in [json!(many(256)), json!(many(256).join(" "))] {
        let ada = enter(&groups).await.expect("let in");
        assert!(ada.may("search.query") && !ada.may("encryption.rotate"));
    }
    for groups in [
        json!(many(257)),
        json!(many(257).join(" ")),
        json!(7),
        json!(true),
        json!({ "everything": true }),
        json!(["everything", 7]),
        json!(["everything", ["fence"]]),
    ] {
        let error = enter(&groups).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(error.message().contains("its claim `groups`"), "{error}");
    }
}

/// Roles come from two sides here: who has none assigned may still have those that the issuer names.
#[tokio::test]
async fn nobody_lifts_a_denial_by_taking_roles_away() {
    let signer = Signer::p256();
    let (kernel, clock) = kernel(issuer().mapping(Mapping::of(ISSUER).roles("groups", "")), &signer);
    let owner = owner(&kernel);
    put(&owner, "dev", &[], &["*"], &[]).await.expect("written");
    put(&owner, "fence", &[], &[], &["encryption.*"]).await.expect("written");
    put(&owner, "guest", &["fence"], &[], &[]).await.expect("written");
    let enter = async |groups: Value| {
        let token = signer.claim("k", &with(claims(&clock), json!({ "groups": groups })));
        auth::authenticate(&kernel, &token).await.expect("let in")
    };
    let refused = |outcome: heptad_core::Result<()>| {
        assert_eq!(outcome.expect_err("refused").kind(), ErrorKind::PermissionDenied);
    };
    assign(&owner, &format!("{ISSUER}#ada"), &["fence"]).await.expect("assigned");
    let ada = enter(json!(["dev"])).await;
    assert!(ada.may("auth.assign") && !ada.may("encryption.rotate"));
    let auth = as_principal(&kernel, ada.clone());
    refused(assign(&auth, &ada.id, &[]).await);
    assert!(!enter(json!(["dev"])).await.may("encryption.rotate"));
    // Nobody here has it, so it is not in use; but it denies those of whom the issuer says it.
    refused(auth.delete_role(DeleteRoleRequest { name: "guest".into() }).await.map(drop));
    assert!(!enter(json!(["dev", "guest"])).await.may("encryption.rotate"));
    assign(&owner, &ada.id, &[]).await.expect("whoever may do it themselves takes it away");
    assert!(enter(json!(["dev"])).await.may("encryption.rotate"));
}

#[tokio::test]
async fn a_subject_cannot_pretend_to_be_somebody_of_this_platform() {
    let signer = Signer::p256();
    let (kernel, clock) = kernel(issuer(), &signer);
    put(&owner(&kernel), "root", &[], &["*"], &[]).await.expect("written");
    assign(&owner(&kernel), "owner", &["root"]).await.expect("assigned");
    assign(&owner(&kernel), "ada", &["root"]).await.expect("assigned");
    for subject in ["owner", "ada", "key:01", "*"] {
        let token = signer.claim("k", &with(claims(&clock), json!({ "sub": subject })));
        let principal = auth::authenticate(&kernel, &token).await.expect("let in");
        assert!(principal.permissions.is_empty() && principal.id.starts_with(ISSUER), "{principal:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_to_the_audit_and_quotes_nothing() {
    let signer = Signer::p256();
    let (kernel, clock) = kernel(issuer(), &signer);
    let expired = with(claims(&clock), json!({ "exp": 1, "sub": "canary-subject" }));
    for token in [signer.claim("k", &expired), signer.claim("canary-kid", &claims(&clock))] {
        let error = auth::authenticate(&kernel, &token).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    let page = owner(&kernel).audit(AuditRequest { after: Offset(0), limit: 10 }).await.expect("read");
    let told: Vec<_> = page.entries.iter().map(|entry| (entry.entry.what, &*entry.entry.detail)).collect();
    assert_eq!(
        told,
        [
            (What::TokenRefused, "the token is refused: it has expired"),
            (What::TokenRefused, "the token is refused: its issuer has no key that fits"),
        ]
    );
}

#[tokio::test]
async fn without_a_trusted_issuer_a_token_is_no_key() {
    let (kernel, clock) = super::super::kernel();
    let token = Signer::p256().claim("k", &claims(&clock));
    let error = auth::authenticate(&kernel, &token).await.expect_err("nobody is trusted");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn the_configuration_says_whom_to_trust() {
    let (folder, signer, clock) =
        (tempfile::tempdir().expect("a folder"), Signer::p256(), VirtualClock::new());
    let keys = folder.path().join("keys.json");
    std::fs::write(&keys, json!({ "keys": [signer.jwk("k")] }).to_string()).expect("a file");
    let open = async |settings: &[(&str, &str)]| {
        let options = LoadOptions::new().keys(auth::config::KEYS);
        let options = settings.iter().fold(options, |options, (key, value)| options.set(*key, value));
        let config = Config::load(options)?;
        auth::config::open(&config, &|_| None, &(Arc::new(clock.clone()) as _)).await
    };
    assert!(open(&[]).await.expect("nothing is configured").0.is_none());
    let file = keys.display().to_string();
    let good = [
        ("auth.jwt.issuer", ISSUER),
        ("auth.jwt.audience", AUDIENCE),
        ("auth.jwt.keys", &*file),
        ("auth.jwt.principal_prefix", "staff:"),
        ("auth.jwt.roles_claim", "groups"),
    ];
    let (tokens, login) = open(&good).await.expect("it opens");
    assert!(login.is_none());
    let token = signer.claim("k", &with(claims(&clock), json!({ "groups": ["a", "b"] })));
    let proved = tokens.expect("somebody").prove(&token).await.expect("believed");
    assert_eq!((proved.principal.as_str(), proved.roles.len()), ("staff:ada", 2));
    for (key, value, says) in [
        ("auth.jwt.audience", "", "audience"),
        ("auth.jwt.algorithms", "RS256 none", "`none` is not an algorithm"),
        ("auth.jwt.algorithms", "RS256 HS256", "never with either"),
        ("auth.jwt.leeway", "10m", "300 s"),
        ("auth.jwt.keys", "/nowhere/keys.json", "cannot be read"),
        ("auth.jwt.keys_url", "https://login.example.org/keys", "not both"),
    ] {
        let mut settings: Vec<_> = good.iter().copied().filter(|(name, _)| *name != key).collect();
        if !value.is_empty() {
            settings.push((key, value));
        }
        let error = open(&settings).await.map(drop).expect_err("refused");
        assert!(error.to_string().contains(says), "{key} = {value}: {error}");
    }
}
