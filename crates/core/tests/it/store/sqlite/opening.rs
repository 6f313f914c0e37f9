//! Opening files: ours, older, newer, foreign, damaged, in use.

use std::{path::PathBuf, time::Duration};

use heptad_core::{
    ErrorKind, Retry,
    store::{
        Batch, Offset, Producer, Store,
        sqlite::{Integrity, SqliteOptions},
    },
};
use heptad_testkit::store::{key, stream, text};

use super::{append, look, open, texts};

#[tokio::test]
async fn what_cannot_be_a_store_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("text"), "not a database, but long enough to have a header ".repeat(40))
        .expect("a file");
    look(&at("foreign.db")).execute_batch("CREATE TABLE theirs (x)").expect("a table");
    drop(open(&at("newer.db"), SqliteOptions::default()).await.expect("a store"));
    look(&at("newer.db")).pragma_update(None, "user_version", 1000).expect("a version");
    let cases: [(PathBuf, ErrorKind, &str); 5] = [
        (folder.path().to_owned(), ErrorKind::InvalidInput, "folder"),
        (at("missing/store.db"), ErrorKind::NotFound, "does not exist"),
        (at("text"), ErrorKind::Corrupt, "not a SQLite database"),
        (at("foreign.db"), ErrorKind::InvalidInput, "another program"),
        (at("newer.db"), ErrorKind::Unsupported, "schema 1000"),
    ];
    for (path, kind, says) in cases {
        let before = std::fs::read(&path).unwrap_or_default();
        let error = open(&path, SqliteOptions::default()).await.map(drop).expect_err("it is refused");
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.message().contains(says), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "the error names the file: {error}");
        assert_eq!(std::fs::read(&path).unwrap_or_default(), before, "what is refused is not touched");
    }
}

#[tokio::test]
async fn a_closed_store_is_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, SqliteOptions::default()).await.expect("a store");
    append(&store, "log", "x").await.expect("a commit");
    assert_eq!(texts(&store, "log").await, ["x"]);
    drop(store);
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["store.db"]);
}

#[tokio::test]
async fn a_file_of_the_first_schema_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    look(&path).execute_batch(include_str!("v1.sql")).expect("a file as it was written then");
    for _ in 0..2 {
        let store = open(&path, SqliteOptions::default()).await.expect("it opens");
        let record = store.get(&key("users", "ada")).await.expect("a read").expect("it is there");
        assert_eq!((record.value, record.version.0), (text("Ada"), 2));
        assert_eq!(texts(&store, "log").await, ["one", "two", "three"]);
        let mut batch = Batch::new();
        let producer = Producer { id: "p".into(), epoch: 1, sequence: 1 };
        batch.append_once(stream("log"), vec![text("three")], producer);
        let receipt = store.commit(batch).await.expect("a commit");
        assert_eq!((receipt.appended[0].first, receipt.appended[0].duplicate), (Offset(3), true));
    }
}

#[tokio::test]
async fn a_damaged_file_is_noticed_when_it_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, SqliteOptions::default()).await.expect("a store");
    for n in 0..200 {
        let mut batch = Batch::new();
        batch.put(key("things", &n.to_string()), text(&"x".repeat(500)));
        store.commit(batch).await.expect("a commit");
    }
    drop(store);
    let mut bytes = std::fs::read(&path).expect("the file can be read");
    let pages = bytes.len() / 4096;
    for page in pages / 2..pages / 2 + 3 {
        bytes[page * 4096..page * 4096 + 200].fill(0xAB);
    }
    std::fs::write(&path, bytes).expect("the file can be written");
    for integrity in [Integrity::Automatic, Integrity::Quick, Integrity::Full] {
        let options = SqliteOptions { integrity, ..SqliteOptions::default() };
        let error = open(&path, options).await.map(drop).expect_err("it is damaged");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{integrity:?}: {error:?}");
    }
    let options = SqliteOptions { integrity: Integrity::Skip, ..SqliteOptions::default() };
    drop(open(&path, options).await.expect("whoever wants to save what is left may look"));
}

#[tokio::test]
async fn a_lock_of_another_process_is_waited_for_and_then_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let options = SqliteOptions { busy_timeout: Duration::from_millis(30), ..SqliteOptions::default() };
    let store = open(&path, options).await.expect("a store");
    append(&store, "log", "before").await.expect("a commit");
    let other = look(&path);
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let error = append(&store, "log", "meanwhile").await.expect_err("the file is locked");
    assert_eq!((error.kind(), error.retryable()), (ErrorKind::Unavailable, Retry::Now), "{error:?}");
    assert_eq!(texts(&store, "log").await, ["before"], "reading waits for nobody");
    other.execute_batch("ROLLBACK").expect("the lock is given back");
    append(&store, "log", "after").await.expect("a commit");
    assert_eq!(texts(&store, "log").await, ["before", "after"]);
}

#[tokio::test]
async fn many_open_a_new_file_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let opening = (0..8).map(|n: u32| {
        let path = path.clone();
        tokio::spawn(async move {
            let store = open(&path, SqliteOptions::default()).await.expect("it opens");
            append(&store, "log", &n.to_string()).await.expect("a commit");
        })
    });
    for outcome in futures_util::future::join_all(opening).await {
        outcome.expect("no panic");
    }
    let store = open(&path, SqliteOptions::default()).await.expect("it opens");
    assert_eq!(texts(&store, "log").await.len(), 8);
}
