//! Who may do what: roles, an API key, and a token of somebody else's issuer, believed offline by a set of keys in a file.
//!
//! `cargo run --example identity --features jwt`

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeSet;

use heptad::{
    core::auth::operations::{AssignRequest, CreateKeyRequest, PutRoleRequest},
    prelude::*,
};

/// A token that was made for this example: Ed25519, to `https://api.example.org`, until 2100. The private key was thrown away.
const TOKEN: &str = include_str!("identity/token.txt");
const KEYS: &str = include_str!("identity/issuer.jwks.json");

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder for the keys");
    let keys = folder.path().join("issuer.jwks.json");
    std::fs::write(&keys, KEYS).expect("a new folder takes a file");
    let heptad = Heptad::builder()
        .in_memory()
        .set("auth.jwt.issuer", "https://login.example.org")
        .set("auth.jwt.audience", "https://api.example.org")
        .set("auth.jwt.keys", keys.display())
        .set("auth.jwt.roles_claim", "groups")
        .set("auth.jwt.roles_prefix", "staff.")
        .open()
        .await?;

    let role = |name: &str, allow: &[&str], deny: &[&str]| PutRoleRequest {
        name: name.into(),
        allow: allow.iter().map(|name| Permission::new(*name)).collect(),
        deny: deny.iter().map(|name| Permission::new(*name)).collect(),
        ..PutRoleRequest::default()
    };
    heptad.auth().put_role(role("observer", &["platform.*", "auth.whoami"], &["platform.config"])).await?;
    heptad.auth().put_role(role("staff.search", &["search.query"], &[])).await?;

    // Somebody with an API key, which is shown once and may never do more than who made it.
    let request = CreateKeyRequest {
        name: "dashboard".into(),
        roles: BTreeSet::from(["observer".into()]),
        expires_in_seconds: Some(3600),
        ..CreateKeyRequest::default()
    };
    let made = heptad.auth().create_key(request).await?;
    let dashboard = heptad.authenticate(&made.key).await?;
    println!("{} may look at the health: {:?}", made.info.name, dashboard.platform().health().await?.state);
    let refused = dashboard.platform().config().await.expect_err("the role denies it");
    println!("but not at the configuration: {refused}");

    // Somebody with a token: the roles that their issuer gives them and that exist here, and those assigned here.
    let ada = heptad.authenticate(TOKEN.trim()).await?;
    println!("{} may {:?}", ada.context().principal.id, ada.context().principal.permissions);
    assert!(ada.context().principal.may("search.query") && !ada.context().principal.may("auth.whoami"));
    let principal = ada.context().principal.id.to_string();
    heptad.auth().assign(AssignRequest { principal, roles: BTreeSet::from(["observer".into()]) }).await?;
    let ada = heptad.authenticate(TOKEN.trim()).await?;
    println!("and now {:?}", ada.auth().whoami().await?.permissions);

    // One letter of the token is another: nobody.
    let forged = TOKEN.trim().replacen("eyJ", "eyK", 1);
    println!(
        "{}",
        heptad.authenticate(&forged).await.map(drop).expect_err("a changed token has no signature that fits")
    );
    for entry in heptad
        .auth()
        .audit(
            serde_json::from_value(serde_json::json!({})).expect("every field of the request has a default"),
        )
        .await?
        .entries
    {
        println!(
            "{:>2} {:?} {} {}",
            entry.offset.0, entry.entry.what, entry.entry.principal, entry.entry.detail
        );
    }
    Ok(())
}
