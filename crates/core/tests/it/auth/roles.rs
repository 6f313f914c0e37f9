//! Roles: what they come to, and who may write them.

use heptad_core::{
    ErrorKind,
    auth::{self, operations::DeleteRoleRequest},
    operation::{Permission, Principal},
};

use super::{as_principal, assign, create, kernel, owner, permissions, put, revoke};

#[tokio::test]
async fn a_role_has_what_it_inherits_and_a_denial_overrides() {
    let (kernel, _) = kernel();
    let auth = owner(&kernel);
    put(&auth, "reader", &[], &["review.rules", "search.*"], &[]).await.expect("written");
    put(&auth, "careful", &[], &[], &["review.fix"]).await.expect("written");
    let written = put(&auth, "reviewer", &["reader", "careful"], &["review.*"], &[]).await.expect("written");
    assert_eq!(written.allows, permissions(&["review.*", "review.rules", "search.*"]));
    assign(&auth, "ada", &["reviewer"]).await.expect("assigned");
    let ada = auth::principal(&kernel, "ada").await.expect("known");
    for (wanted, may) in [
        ("review.scan", true),
        ("review.fix", false),
        ("search.query", true),
        ("events.read", false),
        ("searching.query", false),
        ("auth.put_role", false),
    ] {
        assert_eq!(ada.may(wanted), may, "{wanted}");
    }
    // It counts from the next time she is let in; whoever is in stays in.
    put(&auth, "careful", &[], &[], &[]).await.expect("written");
    assert!(!ada.may("review.fix"));
    assert!(auth::principal(&kernel, "ada").await.expect("known").may("review.fix"));
    assign(&auth, "ada", &[]).await.expect("taken away");
    assert_eq!(auth::principal(&kernel, "ada").await.expect("unknown"), Principal::new("ada", []));
    assert!(auth.assignments().await.expect("a list").assignments.is_empty());
    assert_eq!(auth.roles().await.expect("a list").roles.len(), 3);
}

#[tokio::test]
async fn circles_are_refused_however_long() {
    let (kernel, _) = kernel();
    let auth = owner(&kernel);
    assert_eq!(put(&auth, "a", &["a"], &[], &[]).await.expect_err("itself").kind(), ErrorKind::NotFound);
    put(&auth, "a", &[], &[], &[]).await.expect("written");
    for (name, parent) in [("b", "a"), ("c", "b"), ("d", "c")] {
        put(&auth, name, &[parent], &[], &[]).await.expect("written");
    }
    for parent in ["a", "b", "c", "d"] {
        let error = put(&auth, "a", &[parent], &[], &[]).await.expect_err("a circle");
        assert_eq!(
            (error.kind(), error.message().contains("inherit from itself")),
            (ErrorKind::InvalidInput, true),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_is_malformed_is_refused_by_name() {
    let (kernel, _) = kernel();
    let auth = owner(&kernel);
    for (name, allow) in [
        ("", "*"),
        ("Admin", "*"),
        ("a b", "*"),
        (&*"x".repeat(65), "*"),
        ("ok", ""),
        ("ok", "review.*.scan"),
        ("ok", "*.scan"),
        ("ok", "review..scan"),
        ("ok", "Review.scan"),
        ("ok", ".*"),
        ("ok", "review.**"),
        ("ok", &*"a".repeat(129)),
    ] {
        let error = put(&auth, name, &[], &[allow], &[]).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name:?} {allow:?}");
    }
    let error = put(&auth, "ok", &["nobody"], &[], &[]).await.expect_err("refused");
    assert!(error.message().contains("nobody"), "{error}");
    assert!(assign(&auth, "ada", &["nobody"]).await.is_err());
    let many: Vec<String> = (0..300).map(|n| format!("review.op{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        put(&auth, "ok", &[], &many, &[]).await.expect_err("refused").kind(),
        ErrorKind::LimitExceeded
    );
}

#[tokio::test]
async fn nobody_writes_or_gives_a_role_above_their_own() {
    let (kernel, _) = kernel();
    let auth = owner(&kernel);
    put(&auth, "root", &[], &["*"], &[]).await.expect("written");
    put(&auth, "fenced", &[], &["review.*"], &["review.fix"]).await.expect("written");
    let manager = Principal::new("manager", ["auth.*", "review.scan"].map(Permission::named));
    let manager = as_principal(&kernel, manager);
    let refused = |outcome: heptad_core::Result<()>, what: &str| {
        assert_eq!(outcome.expect_err(what).kind(), ErrorKind::PermissionDenied, "{what}");
    };
    refused(put(&manager, "mine", &[], &["*"], &[]).await.map(drop), "a role that allows everything");
    refused(
        put(&manager, "mine", &[], &["review.*"], &[]).await.map(drop),
        "a whole system for one operation",
    );
    refused(put(&manager, "mine", &["root"], &[], &[]).await.map(drop), "by inheritance");
    refused(assign(&manager, "manager", &["root"]).await, "a role of others");
    refused(create(&manager, &["*"], &[]).await.map(drop), "a key to everything");
    refused(create(&manager, &[], &["root"]).await.map(drop), "a key with a role");
    // Taking a denial away would lift those who have the role.
    put(
        &as_principal(&kernel, Principal::new("m2", ["auth.*", "review.scan"].map(Permission::named))),
        "ok",
        &[],
        &["review.scan"],
        &["search.query"],
    )
    .await
    .expect("what they have may be passed on, and denying is free");
    refused(put(&manager, "ok", &[], &["review.scan"], &[]).await.map(drop), "a denial taken away");
    let mut fenced = Principal::new("fenced", ["auth.*", "review.*"].map(Permission::named));
    fenced.denied = permissions(&["review.fix"]);
    refused(
        put(&as_principal(&kernel, fenced), "mine", &[], &["review.*"], &[]).await.map(drop),
        "what they are denied",
    );
    put(&manager, "mine", &[], &["review.scan", "auth.roles"], &[]).await.expect("their own");
    assign(&manager, "bob", &["mine"]).await.expect("their own");
}

#[tokio::test]
async fn a_role_in_use_stays() {
    let (kernel, _) = kernel();
    let auth = owner(&kernel);
    for (name, inherits) in [("base", &[][..]), ("heir", &["base"][..]), ("given", &[]), ("keyed", &[])] {
        put(&auth, name, inherits, &["search.query"], &[]).await.expect("written");
    }
    assign(&auth, "ada", &["given"]).await.expect("assigned");
    let key = create(&auth, &[], &["keyed"]).await.expect("made");
    let delete = async |name: &str| {
        auth.delete_role(DeleteRoleRequest { name: name.into() }).await.map(|deleted| deleted.deleted)
    };
    for (name, user) in [("base", "heir"), ("given", "ada"), ("keyed", key.info.id.as_str())] {
        let error = delete(name).await.expect_err("it is in use");
        assert!(error.kind() == ErrorKind::Conflict && error.message().contains(user), "{error}");
    }
    assert!(delete("heir").await.expect("nobody has it"));
    assert!(delete("base").await.expect("no longer inherited"));
    assign(&auth, "ada", &[]).await.expect("taken away");
    assert!(delete("given").await.expect("no longer given"));
    revoke(&auth, &key.info.id).await.expect("revoked");
    assert!(delete("keyed").await.expect("the key has ended"));
    assert!(!delete("base").await.expect("it is gone"));
}
