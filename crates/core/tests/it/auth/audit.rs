//! The audit: what is in it, who reads it, and that it cannot be flooded.

use std::time::Duration;

use futures_util::StreamExt as _;
use heptad_core::{
    ErrorKind, Kernel,
    auth::{
        What,
        operations::{AuditPage, AuditRequest},
    },
    events::{Events, TailRequest},
    operation::{Context, Handle, Platform, Principal},
    store::Offset,
};

use super::{assign, create, enter, kernel, owner, put, revoke, rotate};

async fn audit(kernel: &Kernel, after: u64) -> AuditPage {
    owner(kernel).audit(AuditRequest { after: Offset(after), limit: 10_000 }).await.expect("read")
}

#[tokio::test]
async fn changes_and_refusals_are_told_in_order() {
    let (kernel, _) = kernel();
    let auth = owner(&kernel);
    put(&auth, "reader", &[], &["search.*"], &["search.define"]).await.expect("written");
    assign(&auth, "ada", &["reader"]).await.expect("assigned");
    let key = create(&auth, &["review.scan"], &["reader"]).await.expect("made");
    let next = rotate(&auth, &key.info.id, 0).await.expect("rotated");
    revoke(&auth, &next.info.id).await.expect("revoked");
    enter(&kernel, &next.key).await.expect_err("revoked");
    enter(&kernel, "hp_abc_def").await.expect_err("unknown");
    let mallory = Context::owner(kernel.clone()).as_principal(Principal::new("mallory", []));
    Platform::new(mallory.clone()).health().await.expect_err("denied");
    let tail = serde_json::from_value::<TailRequest>(serde_json::json!({ "topic": "t" })).expect("a request");
    let mut items = Events::new(mallory).tail(tail);
    assert_eq!(items.next().await.expect("an item").expect_err("denied").kind(), ErrorKind::PermissionDenied);
    assert!(items.next().await.is_none());
    put(&auth, "reader", &["nobody"], &[], &[]).await.expect_err("what is refused is no change");

    let page = audit(&kernel, 0).await;
    let told: Vec<_> = page
        .entries
        .iter()
        .map(|e| {
            (e.entry.what, e.entry.principal.as_str(), e.entry.subject.as_str(), e.entry.detail.as_str())
        })
        .collect();
    let (id, new) = (key.info.id.as_str(), next.info.id.as_str());
    let replaced = format!("replaced by {new}");
    let expected = [
        (What::RolePut, "owner", "reader", "allows search.*; denies search.define"),
        (What::Assigned, "owner", "ada", "reader"),
        (What::KeyCreated, "owner", id, "review.scan role:reader"),
        (What::KeyRotated, "owner", id, &*replaced),
        (What::KeyRevoked, "owner", new, ""),
        (What::KeyRefused, "", new, "revoked"),
        (What::KeyRefused, "", "abc", "unknown key or wrong secret"),
        (What::Denied, "mallory", "platform.health", "platform.health"),
        (What::Denied, "mallory", "events.tail", "events.tail"),
    ];
    assert_eq!(told, expected);
    let rest = audit(&kernel, 7).await;
    assert_eq!((rest.entries.len(), rest.next), (2, Offset(9)));
    let nobody = Context::owner(kernel.clone()).as_principal(Principal::new("nobody", []));
    let request = AuditRequest { after: Offset(0), limit: 1 };
    let handle = heptad_core::auth::operations::Auth::new(nobody);
    assert_eq!(
        handle.audit(request).await.expect_err("not for everybody").kind(),
        ErrorKind::PermissionDenied
    );
    let wrong = AuditRequest { after: Offset(0), limit: 0 };
    assert_eq!(auth.audit(wrong).await.expect_err("no page").kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn whoever_is_refused_again_and_again_does_not_fill_the_disk() {
    let (kernel, clock) = kernel();
    let name = "m".repeat(5_000);
    let platform = Platform::new(Context::owner(kernel.clone()).as_principal(Principal::new(name, [])));
    for _ in 0..250 {
        platform.health().await.expect_err("denied");
    }
    let page = audit(&kernel, 0).await;
    assert_eq!(page.entries.len(), 100);
    assert!(page.entries[0].entry.principal.len() < 300);
    clock.advance(Duration::from_secs(1));
    platform.health().await.expect_err("denied");
    let page = audit(&kernel, 100).await;
    assert_eq!(
        (page.entries.len(), page.entries[0].entry.suppressed),
        (1, 150),
        "what was not written is counted"
    );
}
