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

#[cfg(feature = "sqlite")]
mod on_the_disk {
    use std::{fs, path::Path};

    use heptad_core::store::sqlite::{SqliteOptions, SqliteStore};

    use super::*;

    async fn file(path: &Path, erase: bool) -> Arc<dyn Store> {
        let options = SqliteOptions { erase, ..SqliteOptions::default() };
        Arc::new(SqliteStore::open(path, options, Arc::new(SystemClock)).await.expect("it opens"))
    }

    /// Whether the file has these bytes anywhere, once the whole log was copied into it and cut off.
    fn holds(path: &Path, bytes: &[u8]) -> bool {
        let look = rusqlite::Connection::open(path).expect("the file opens");
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = look.query_row(checkpoint, [], |row| row.get(0)).expect("a checkpoint");
        assert_eq!(busy, 0, "nobody reads");
        fs::read(path).expect("a file").windows(bytes.len()).any(|window| window == bytes)
    }

    #[tokio::test]
    async fn what_was_plain_and_what_was_retired_is_gone_from_a_file_that_erases() {
        let folder = tempfile::tempdir().expect("a folder");
        for erase in [false, true] {
            let path = folder.path().join(format!("{erase}.db"));
            let inner = file(&path, erase).await;
            for n in 0..300 {
                put(&*inner, &format!("u{n:03}"), &format!("canary-{}", "x".repeat(n * 20))).await;
            }
            drop(inner);
            assert!(holds(&path, b"canary-xxx"), "it was written plain");

            let inner = file(&path, erase).await;
            let plain = EncryptedOptions::default().plain(Plain::Read);
            let store = Encrypted::open(Arc::clone(&inner), ring(1), plain, Arc::new(SystemClock)).await;
            let store = store.expect("it opens");
            store.adopt("users").await.expect("marked");
            assert_eq!(store.reencrypt(&Silent).await.expect("encrypted").records, 300);
            let keys = inner.scan(KeyRange::all(super::super::OWN), Page::first(99)).await.expect("a scan");
            let wrapped = keys.iter().find(|record| record.key.id().starts_with("key/")).expect("a data key");
            let wrapped = wrapped.value.as_bytes().to_vec();
            assert!(holds(&path, &wrapped), "it is in the file as it is");
            assert_eq!(store.rotate().await.expect("rotated"), 2);
            store.reencrypt(&Silent).await.expect("encrypted");
            assert_eq!(store.retire().await.expect("retired").retired, [1]);
            drop((store, inner));
            assert_eq!(holds(&path, b"canary-xxx"), !erase, "plain values");
            assert!(!(erase && holds(&path, &wrapped)), "a data key that was retired");
        }
    }
}

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
