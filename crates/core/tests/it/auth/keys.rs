//! API keys: from making one to its end.

use std::time::Duration;

use heptad_core::{
    ErrorKind,
    auth::{Presented, operations::CreateKeyRequest},
    operation::{Context, Handle as _, Permission, Platform, Principal},
    store::{KeyRange, Page},
};

use super::{as_principal, assign, create, enter, kernel, owner, permissions, put, revoke, rotate};

#[tokio::test]
async fn a_key_lets_in_whoever_shows_it_and_nobody_else() {
    let (kernel, _) = kernel();
    let made = create(&owner(&kernel), &["platform.health"], &[]).await.expect("made");
    assert!(made.key.starts_with(&format!("hp_{}_", made.info.id)), "{}", made.key.len());
    let principal = enter(&kernel, &made.key).await.expect("let in");
    assert_eq!(principal.id, format!("key:{}", made.info.id));
    let platform = Platform::new(Context::owner(kernel.clone()).as_principal(principal));
    platform.health().await.expect("allowed");
    assert_eq!(platform.config().await.expect_err("not allowed").kind(), ErrorKind::PermissionDenied);

    let (id, end) = (&made.info.id, made.key.len() - 1);
    let secret = &made.key[format!("hp_{id}_").len()..];
    let last = if made.key.ends_with('A') { "B" } else { "A" };
    let wrong = [
        String::new(),
        "hp".into(),
        "hp__".into(),
        format!("hp_{id}"),
        format!("hp_{id}_"),
        format!("xx_{id}_{secret}"),
        format!("hp_{}_{secret}", id.to_uppercase()),
        format!("hp_{id}x_{secret}"),
        format!("{}{last}", &made.key[..end]),
        made.key[..end].to_owned(),
        format!("{}A", made.key),
        format!(" {}", made.key),
        "hp_".to_owned() + &"a".repeat(10_000),
        "hp_\u{0}_x".into(),
        "ключ".into(),
    ];
    let mut messages = Vec::new();
    for key in wrong {
        let error = enter(&kernel, &key).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{key}");
        messages.push(error.to_string());
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "whoever tries does not learn how near they are");
}

#[tokio::test]
async fn the_secret_is_shown_once_and_kept_nowhere() {
    let (kernel, _) = kernel();
    let auth = owner(&kernel);
    let made = create(&auth, &["search.*"], &[]).await.expect("made");
    let secret = &made.key[format!("hp_{}_", made.info.id).len()..];
    enter(&kernel, &made.key).await.expect("let in");
    let mut seen =
        format!("{made:?} {:?} {:?}", Presented::parse(&made.key), auth.list_keys().await.expect("a list"));
    for collection in ["auth.keys", "auth.roles", "auth.assignments", "auth.turns"] {
        let records = kernel.store.scan(KeyRange::all(collection), Page::first(99)).await.expect("a scan");
        seen.push_str(&format!("{records:?}"));
    }
    let audit =
        auth.audit(serde_json::from_value(serde_json::json!({})).expect("a request")).await.expect("read");
    seen.push_str(&format!("{audit:?} {}", kernel.metrics.render()));
    assert!(!seen.contains(&secret[..12]), "the secret can be seen");
    assert!(seen.contains(&made.info.id));
}

#[tokio::test]
async fn a_key_ends_when_it_expires_or_is_revoked() {
    let (kernel, clock) = kernel();
    let auth = owner(&kernel);
    let request = CreateKeyRequest {
        name: "short".into(),
        scopes: permissions(&["search.query"]),
        expires_in_seconds: Some(60),
        ..CreateKeyRequest::default()
    };
    let short = auth.create_key(request.clone()).await.expect("made");
    let long = create(&auth, &["search.query"], &[]).await.expect("made");
    clock.advance(Duration::from_secs(59));
    enter(&kernel, &short.key).await.expect("a second left");
    clock.advance(Duration::from_secs(1));
    let error = enter(&kernel, &short.key).await.expect_err("expired");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.message().contains("passed"), "{error}");
    revoke(&auth, &long.info.id).await.expect("revoked");
    revoke(&auth, &long.info.id).await.expect("once more changes nothing");
    assert!(enter(&kernel, &long.key).await.expect_err("revoked").message().contains("revoked"));
    assert!(auth.list_keys().await.expect("a list").keys.iter().all(|key| !key.active));
    for (name, expires) in
        [("", Some(1)), (&*"x".repeat(200), None), ("ok", Some(u64::MAX)), ("ok", Some(1 << 50))]
    {
        let request = CreateKeyRequest { name: name.into(), expires_in_seconds: expires, ..request.clone() };
        assert_eq!(auth.create_key(request).await.expect_err("refused").kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(
        create(&auth, &[], &[]).await.expect_err("it could do nothing").kind(),
        ErrorKind::InvalidInput
    );
    assert_eq!(revoke(&auth, "nobody").await.expect_err("unknown").kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_rotated_key_overlaps_with_the_old_one_and_no_longer() {
    let (kernel, clock) = kernel();
    let auth = owner(&kernel);
    let old = create(&auth, &["search.query"], &[]).await.expect("made");
    let new = rotate(&auth, &old.info.id, 300).await.expect("rotated");
    assert_eq!(new.info.replaces.as_deref(), Some(old.info.id.as_str()));
    assert_eq!(new.info.scopes, old.info.scopes);
    clock.advance(Duration::from_secs(299));
    enter(&kernel, &old.key).await.expect("both are valid");
    enter(&kernel, &new.key).await.expect("both are valid");
    rotate(&auth, &old.info.id, 86_400).await.expect("rotating again does not prolong the old one");
    clock.advance(Duration::from_secs(1));
    assert!(enter(&kernel, &old.key).await.is_err());
    enter(&kernel, &new.key).await.expect("the new one stays");
    assert_eq!(rotate(&auth, &old.info.id, 0).await.expect_err("it has ended").kind(), ErrorKind::Conflict);
    let newest = rotate(&auth, &new.info.id, 0).await.expect("rotated");
    assert!(enter(&kernel, &new.key).await.is_err(), "without an overlap it ends at once");
    enter(&kernel, &newest.key).await.expect("let in");
}

#[tokio::test]
async fn a_key_is_not_taken_over_by_rotating_it() {
    let (kernel, _) = kernel();
    let admin = create(&owner(&kernel), &["*"], &[]).await.expect("made");
    let helper =
        as_principal(&kernel, Principal::new("helper", ["auth.*", "search.*"].map(Permission::named)));
    assert_eq!(
        rotate(&helper, &admin.info.id, 60).await.expect_err("more than they have").kind(),
        ErrorKind::PermissionDenied
    );
    enter(&kernel, &admin.key).await.expect("it is untouched");
    let own = create(&helper, &["auth.rotate_key", "search.query"], &[]).await.expect("made");
    let itself = as_principal(&kernel, enter(&kernel, &own.key).await.expect("let in"));
    let next = rotate(&itself, &own.info.id, 0).await.expect("a key may rotate itself");
    assert!(enter(&kernel, &next.key).await.expect("let in").may("search.query"));
}

#[tokio::test]
async fn a_role_that_grows_does_not_lift_a_key_above_its_maker() {
    let (kernel, _) = kernel();
    let auth = owner(&kernel);
    put(&auth, "team", &[], &["search.query"], &[]).await.expect("written");
    let maker = Principal::new("maker", ["auth.*", "search.*"].map(Permission::named));
    let key = create(&as_principal(&kernel, maker), &[], &["team"]).await.expect("made");
    put(&auth, "team", &[], &["*"], &[]).await.expect("grown");
    let principal = enter(&kernel, &key.key).await.expect("let in");
    assert!(principal.may("search.define") && !principal.may("review.scan"));
    put(&auth, "team", &[], &["search.query"], &["search.query"]).await.expect("denied");
    assert!(!enter(&kernel, &key.key).await.expect("let in").may("search.query"), "a denial counts at once");
    assign(&auth, "maker", &[]).await.expect("nothing to take away");
}

#[tokio::test]
async fn the_last_use_is_written_down_once_a_minute() {
    let (kernel, clock) = kernel();
    let auth = owner(&kernel);
    let made = create(&auth, &["search.query"], &[]).await.expect("made");
    let last = async || auth.list_keys().await.expect("a list").keys[0].last_used;
    assert_eq!(last().await, None);
    enter(&kernel, &made.key).await.expect("let in");
    let first = last().await.expect("used");
    clock.advance(Duration::from_secs(59));
    enter(&kernel, &made.key).await.expect("let in");
    assert_eq!(last().await, Some(first));
    clock.advance(Duration::from_secs(1));
    enter(&kernel, &made.key).await.expect("let in");
    assert!(last().await > Some(first));
}
