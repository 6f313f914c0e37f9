//! Stores that were written before they were encrypted.

use std::sync::Arc;

use heptad_core::{
    ErrorKind,
    clock::SystemClock,
    crypto::Fault,
    progress::Silent,
    store::{KeyRange, Page, Store, Value},
};
use heptad_testkit::store::key as at;

use super::{Encrypted, EncryptedOptions, Plain, append, fault, open, plain, put, read, ring, try_open};

#[tokio::test]
async fn a_store_that_was_written_plain_is_refused_unless_it_is_said() {
    let inner = plain();
    put(&*inner, "ada", "Ada").await;
    let error = try_open(&inner, ring(1)).await.map(drop).expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("encryption.existing"), "{error}");
    assert_eq!(
        inner.scan(KeyRange::all(super::OWN), Page::first(9)).await.expect("a scan"),
        [],
        "nothing was changed"
    );
}

#[tokio::test]
async fn a_plain_store_is_encrypted_collection_by_collection() {
    let inner = plain();
    for n in 0..600 {
        put(&*inner, &format!("u{n:03}"), &n.to_string()).await;
    }
    append(&*inner, "log", &["one", "two"]).await;
    let options = EncryptedOptions::default().plain(Plain::Read);
    let store =
        Encrypted::open(Arc::clone(&inner), ring(1), options, Arc::new(SystemClock)).await.expect("it opens");
    append(&store, "log", &["three"]).await;
    assert_eq!(read(&store, "log").await.expect("a read"), ["one", "two", "three"]);
    put(&store, "u001", "new").await;
    store.adopt("users").await.expect("marked");
    assert_eq!(store.reencrypt(&Silent).await.expect("encrypted").records, 599);
    assert_eq!(store.reencrypt(&Silent).await.expect("encrypted").records, 0);
    let below = inner.scan(KeyRange::all("users"), Page::first(999)).await.expect("a scan");
    assert!(below.iter().all(|record| matches!(record.value, Value::Bytes(_))));
    drop(store);

    let strict = open(&inner).await;
    assert_eq!(strict.scan(KeyRange::all("users"), Page::first(999)).await.expect("a scan").len(), 600);
    let value = strict.get(&at("users", "u599")).await.expect("a read").expect("there").value;
    assert_eq!(value.decode::<String>().expect("a text"), "599");
    assert_eq!(fault(read(&strict, "log").await), Fault::NotEncrypted, "entries cannot be encrypted anew");
    assert_eq!(
        strict.adopt("users").await.expect_err("plain values are refused").kind(),
        ErrorKind::InvalidInput
    );
}
