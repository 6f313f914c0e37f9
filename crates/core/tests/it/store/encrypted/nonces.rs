//! No pair of key and nonce is used twice, whatever is copied, restored or done at once.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::join_all;
use heptad_core::store::{KeyRange, Page, Store, Value};
use heptad_testkit::store::{key as at, text};

use super::{append, commit, open, plain, put, sealed};

/// The salt and the counter of a sealed value: with the data key they are its key and nonce.
fn nonce(value: &Value) -> (Vec<u8>, u64) {
    let bytes = &value.as_bytes()[4..];
    let (_, bytes) = number(bytes);
    let (salt, bytes) = bytes.split_at(16);
    (salt.to_vec(), number(bytes).0)
}

fn number(bytes: &[u8]) -> (u64, &[u8]) {
    let length = 1 + bytes.iter().take_while(|byte| **byte >= 0x80).count();
    let number = bytes[..length].iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7F));
    (number, &bytes[length..])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_write_at_once_have_nonces_of_their_own() {
    let inner = plain();
    let store = Arc::new(open(&inner).await);
    let writers = (0..8).map(|who| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for n in 0..50 {
                put(&*store, &format!("{who}/{n}"), "x").await;
                append(&*store, &format!("log-{who}"), &["x", "y", "z"]).await;
            }
        })
    });
    for writer in join_all(writers).await {
        writer.expect("no panic");
    }
    let mut nonces: Vec<_> = Vec::new();
    for record in inner.scan(KeyRange::all("users"), Page::first(9999)).await.expect("a scan") {
        nonces.push(nonce(&record.value));
    }
    for who in 0..8 {
        nonces.extend(sealed(&*inner, &format!("log-{who}")).await.iter().map(|entry| nonce(&entry.value)));
    }
    assert_eq!(nonces.len(), 8 * 50 * 4);
    assert_eq!(nonces.iter().collect::<HashSet<_>>().len(), nonces.len());
    assert_eq!(
        nonces.iter().map(|(salt, _)| salt).collect::<HashSet<_>>().len(),
        1,
        "one opening, one session"
    );
}

/// The counter of every opening begins at 0; what differs is the key it counts under.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn two_copies_of_one_backup_write_under_different_keys() {
    use heptad_core::{
        clock::SystemClock,
        store::sqlite::{SqliteOptions, SqliteStore},
    };

    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let file = async |name: &str| {
        let store = SqliteStore::open(path(name), SqliteOptions::default(), Arc::new(SystemClock)).await;
        Arc::new(store.expect("the file opens")) as Arc<dyn Store>
    };
    let original = file("original.db").await;
    put(&open(&original).await, "ada", "Ada").await;
    drop(original);
    let mut written = Vec::new();
    for copy in ["first.db", "second.db", "third.db"] {
        std::fs::copy(path("original.db"), path(copy)).expect("a copy");
        let inner = file(copy).await;
        let store = open(&inner).await;
        assert_eq!(store.get(&at("users", "ada")).await.expect("a read").expect("there").value, text("Ada"));
        put(&store, "bob", "the same text").await;
        written.push(inner.get(&at("users", "bob")).await.expect("a read").expect("it is there").value);
    }
    let nonces: Vec<_> = written.iter().map(nonce).collect();
    assert!(
        nonces.iter().all(|(_, counter)| *counter == nonces[0].1),
        "every copy counts from the same: {nonces:?}"
    );
    assert_eq!(nonces.iter().map(|(salt, _)| salt).collect::<HashSet<_>>().len(), 3, "but under another key");
    assert_eq!(written.iter().map(Value::as_bytes).collect::<HashSet<_>>().len(), 3);
}

/// Two stores that were restored from one file go their own ways, change keys of the same number, and are opened again and again: whatever both hold under one
/// pair of key and nonce is what they inherited, byte for byte.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn two_forks_of_one_file_never_seal_twice_with_one_pair() {
    use std::collections::HashMap;

    use heptad_core::{
        clock::SystemClock,
        progress::Silent,
        store::sqlite::{SqliteOptions, SqliteStore},
    };
    use heptad_testkit::store::stream;

    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let file = async |name: &str| {
        let store = SqliteStore::open(path(name), SqliteOptions::default(), Arc::new(SystemClock)).await;
        Arc::new(store.expect("the file opens")) as Arc<dyn Store>
    };
    let write = async |store: &dyn Store, from: u64| {
        for n in from..from + 20 {
            put(store, &format!("u{n}"), "the same text").await;
            append(store, "log", &["the same", "texts"]).await;
        }
    };
    let original = file("original.db").await;
    write(&open(&original).await, 0).await;
    drop(original);
    let mut sealed_under: HashMap<(Vec<u8>, u64), Vec<u8>> = HashMap::new();
    let (mut seen, mut inherited) = (0, 0);
    for fork in ["left.db", "right.db"] {
        std::fs::copy(path("original.db"), path(fork)).expect("a copy");
        let inner = file(fork).await;
        for life in 0..4 {
            // Some of what there was is written over, some is not.
            let store = open(&inner).await;
            write(&store, 10 + life * 20).await;
            assert_eq!(store.rotate().await.expect("rotated"), 2 + life as u32, "the same number in both");
            write(&store, 20 + life * 20).await;
            if life == 2 {
                store.reencrypt(&Silent).await.expect("written anew");
            }
        }
        let mut values: Vec<Value> = Vec::new();
        for collection in ["users", super::OWN] {
            let records = inner.scan(KeyRange::all(collection), Page::first(9_999)).await.expect("a scan");
            values.extend(records.into_iter().map(|record| record.value));
        }
        let entries = inner.read(&stream("log"), heptad_core::store::Offset::START, 9_999).await;
        values.extend(entries.expect("a read").into_iter().map(|entry| entry.value));
        for value in values.iter().filter(|value| value.as_bytes().starts_with(b"HP")) {
            seen += 1;
            if let Some(other) = sealed_under.insert(nonce(value), value.as_bytes().to_vec()) {
                assert_eq!(other, value.as_bytes(), "one pair of key and nonce sealed two texts");
                inherited += 1;
            }
        }
    }
    assert!(seen > 800 && (40..100).contains(&inherited), "{seen} envelopes, {inherited} inherited");
}

#[tokio::test]
async fn large_values_come_back_whole() {
    let store = open(&plain()).await;
    for length in [255 << 10, 257 << 10, 3 << 20] {
        let bytes: Arc<[u8]> = (0..length).map(|n| (n % 251) as u8).collect();
        commit(&store, |batch| {
            batch.put(at("blobs", "b"), Value::Bytes(Arc::clone(&bytes)));
        })
        .await;
        let found = store.get(&at("blobs", "b")).await.expect("a read").expect("it is there");
        assert!(found.value == Value::Bytes(bytes));
    }
}
