//! The operations `encryption.*`: what the handle does, and that it asks first.

use std::sync::{Arc, Mutex};

use heptad_core::{
    ErrorKind, Kernel,
    kernel::{Ports, Security},
    operation::{Context, Handle as _, Permission, Principal, Registry, Reply},
    progress::Progress,
    store::encrypted::{
        Encrypted, EncryptedOptions, Plain,
        operations::{AdoptRequest, Encryption},
    },
};
use serde_json::json;

use super::{append, open, plain, put, ring};

/// A platform on `store`.
pub(super) fn kernel(store: Arc<Encrypted>) -> Kernel {
    let (ports, _) = crate::platform::ports();
    let security = Security { encryption: Some(Arc::clone(&store)), ..Security::default() };
    let operations = Registry::default().with(Encryption::OPERATIONS);
    Kernel::new(Ports { store, security, operations, ..ports })
}

/// Writes down what it is told.
#[derive(Default)]
struct Told(Mutex<Vec<(u64, u64)>>);

impl Progress for Told {
    fn report(&self, done: u64, total: u64, _label: &str) {
        self.0.lock().unwrap().push((done, total));
    }
}

#[tokio::test]
async fn keys_are_changed_from_beginning_to_end() {
    let inner = plain();
    let store = Arc::new(open(&inner).await);
    for n in 0..600 {
        put(&*store, &format!("u{n}"), "x").await;
    }
    append(&*store, "log", &["x"]).await;
    let told = Arc::new(Told::default());
    let context = Context::owner(kernel(Arc::clone(&store))).with_progress(Arc::clone(&told) as _);
    let encryption = Encryption::new(context);

    let status = encryption.status().await.expect("a status");
    assert_eq!((status.encrypted, status.data_keys.len(), status.older), (true, 1, 0));
    assert_eq!(encryption.rotate().await.expect("rotated").data_key, 2);
    assert_eq!(encryption.status().await.expect("a status").older, 1);
    assert_eq!(encryption.rewrap().await.expect("wrapped").data_keys, 0, "the ring's key is the same");
    assert_eq!(encryption.retire().await.expect("looked").needed, [1]);
    let done = encryption.reencrypt().await.expect("written anew");
    assert_eq!((done.records, done.waiting.len()), (600, 1), "the stream waits until it is trimmed");
    assert_eq!(encryption.reencrypt().await.expect("nothing left").records, 0);
    assert!(told.0.lock().unwrap().iter().any(|(done, total)| done == total && *total > 0));
    let found = encryption.verify().await.expect("a report");
    assert_eq!((found.records, found.entries, found.damaged), (600, 1, 0));
    super::commit(&*store, |batch| {
        batch.trim(heptad_testkit::store::stream("log"), heptad_core::store::Offset(1));
    })
    .await;
    encryption.reencrypt().await.expect("forgotten");
    assert_eq!(encryption.retire().await.expect("retired").retired, [1]);
}

#[tokio::test]
async fn what_was_plain_is_adopted() {
    let inner = plain();
    put(&*inner, "old", "canary").await;
    let options = EncryptedOptions::default().plain(Plain::Read);
    let clock = Arc::new(heptad_core::clock::SystemClock);
    let store = Encrypted::open(Arc::clone(&inner), ring(1), options, clock).await.expect("it opens");
    let encryption = Encryption::new(Context::owner(kernel(Arc::new(store))));
    let request = |collection: &str| AdoptRequest { collection: collection.into() };
    assert_eq!(encryption.adopt(request("users")).await.expect("marked").collection, "users");
    assert_eq!(encryption.reencrypt().await.expect("encrypted").records, 1);
    let kept = inner.get(&heptad_testkit::store::key("users", "old")).await.expect("a read").expect("there");
    assert!(!kept.value.as_bytes().windows(6).any(|bytes| bytes == b"canary"));
    for wrong in ["", "heptad.encryption", "A", "x\u{0}"] {
        assert_eq!(
            encryption.adopt(request(wrong)).await.expect_err("refused").kind(),
            ErrorKind::InvalidInput
        );
    }
    let strict = Encryption::new(Context::owner(kernel(Arc::new(open(&inner).await))));
    assert_eq!(strict.adopt(request("users")).await.expect_err("refused").kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_store_that_is_not_encrypted_says_so() {
    let (kernel, _) = crate::platform::kernel();
    let encryption = Encryption::new(Context::owner(kernel));
    assert!(!encryption.status().await.expect("a status").encrypted);
    let failures = [
        encryption.rotate().await.map(drop),
        encryption.rewrap().await.map(drop),
        encryption.reencrypt().await.map(drop),
        encryption.retire().await.map(drop),
        encryption.verify().await.map(drop),
    ];
    for failure in failures {
        assert_eq!(failure.expect_err("there is nothing to change").kind(), ErrorKind::Unsupported);
    }
}

#[tokio::test]
async fn whoever_may_look_may_not_change() {
    let kernel = kernel(Arc::new(open(&plain()).await));
    let auditor =
        Principal::new("auditor", ["encryption.status", "encryption.verify"].map(Permission::named));
    let context = Context::owner(kernel.clone()).as_principal(auditor);
    for operation in Encryption::OPERATIONS {
        let name = operation.spec.full_name;
        let request = if name.ends_with("adopt") { json!({ "collection": "users" }) } else { json!({}) };
        let reply = kernel.operations.call(name, context.clone(), request).expect("known");
        let Reply::One(outcome) = reply else { panic!("{name} streams") };
        let outcome = outcome.await;
        let allowed = name.ends_with("status") || name.ends_with("verify");
        assert_eq!(outcome.is_ok(), allowed, "{name}: {outcome:?}");
    }
}
