//! Group commit, merging, and closing.

use std::{path::Path, pin::pin};

use futures_util::{FutureExt, future::join_all, poll};
use heptad_core::{
    ErrorKind,
    store::{Batch, Offset, Store, sqlite::SqliteOptions},
};
use heptad_testkit::store::{key, stream, text};

use super::{append, look, open, texts};

fn segments(path: &Path) -> i64 {
    look(path).query_row("SELECT count(*) FROM segments", [], |row| row.get(0)).expect("a count")
}

#[tokio::test]
async fn commits_that_wait_share_one_transaction() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, SqliteOptions::default()).await.expect("a store");
    // While another process holds the lock, the first group cannot begin and everybody else gathers.
    let other = look(&path);
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let expected: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let mut commits: Vec<_> = expected.iter().map(|entry| append(&store, "log", entry).boxed()).collect();
    for commit in &mut commits {
        assert!(poll!(commit).is_pending());
    }
    other.execute_batch("ROLLBACK").expect("the lock is given back");
    for outcome in join_all(commits).await {
        outcome.expect("a commit");
    }
    assert_eq!(texts(&store, "log").await, expected, "first come, first served");
    assert!(segments(&path) <= 2, "the first, and all who came while it waited");
}

#[tokio::test]
async fn a_commit_that_nobody_waits_for_is_done_before_the_store_closes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, SqliteOptions::default()).await.expect("a store");
    for n in 0..50 {
        let entry = n.to_string();
        let commit = pin!(append(&store, "log", &entry));
        // Handed over with the first poll; then the caller gives up.
        let _ = poll!(commit);
    }
    drop(store);
    let store = open(&path, SqliteOptions::default()).await.expect("it opens");
    assert_eq!(texts(&store, "log").await.len(), 50);
}

#[tokio::test]
async fn small_segments_are_merged_even_while_commits_keep_coming() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let options = || SqliteOptions {
        durability: heptad_core::store::sqlite::Durability::Normal,
        ..SqliteOptions::default()
    };
    let mut expected = Vec::new();
    for round in 0..3 {
        let store = open(&path, options()).await.expect("a store");
        for n in 0..700 {
            let entry = format!("{round} {n} {}", "x".repeat(n % 50));
            append(&store, "log", &entry).await.expect("a commit");
            expected.push(entry);
        }
        assert_eq!(texts(&store, "log").await, expected);
        assert!(segments(&path) < 512, "{} segments for {} commits", segments(&path), expected.len());
    }
}

#[tokio::test]
async fn retention_frees_the_space_of_whole_segments() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, SqliteOptions::default()).await.expect("a store");
    for _ in 0..10 {
        let mut batch = Batch::new();
        batch.append(stream("log"), vec![text("x"); 10]);
        store.commit(batch).await.expect("a commit");
    }
    for (upto, left) in [(9, 10), (10, 9), (55, 5), (1000, 0)] {
        let mut batch = Batch::new();
        batch.trim(stream("log"), Offset(upto));
        store.commit(batch).await.expect("a commit");
        assert_eq!(segments(&path), left, "trimmed up to {upto}");
    }
}

#[tokio::test]
async fn a_stream_that_is_full_refuses_more_and_keeps_what_it_has() {
    const LAST: u64 = (1 << 39) - 1;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, SqliteOptions::default()).await.expect("a store");
    append(&store, "log", "first").await.expect("a commit");
    let change = format!("UPDATE streams SET head = {}", LAST - 2);
    look(&path).execute(&change, []).expect("a stream that had nearly all it can have");
    let entries = |count: usize| {
        let mut batch = Batch::new();
        batch.append(stream("log"), vec![text("x"); count]).put(key("things", "a"), text("a"));
        batch
    };
    let error = store.commit(entries(3)).await.expect_err("one too many");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error:?}");
    assert!(store.get(&key("things", "a")).await.expect("a look").is_none(), "nothing of the batch happened");
    let receipt = store.commit(entries(2)).await.expect("just enough");
    assert_eq!(receipt.appended[0].first, Offset(LAST - 1));
    let error = append(&store, "log", "more").await.expect_err("it is full");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error:?}");
    append(&store, "other", "x").await.expect("another stream has room");
    drop(store);
    let store = open(&path, SqliteOptions::default()).await.expect("it opens again");
    assert_eq!(store.read(&stream("log"), Offset(LAST - 2), 9).await.expect("entries").len(), 2);
}

#[tokio::test]
async fn a_store_with_all_the_streams_it_can_have_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, SqliteOptions::default()).await.expect("a store");
    look(&path)
        .execute("INSERT INTO streams (id, name, head, trimmed) VALUES (0xFFFFFF, 'last', 0, 0)", [])
        .expect("the last stream");
    let error = append(&store, "one.more", "x").await.expect_err("there is no place for it");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error:?}");
    append(&store, "last", "x").await.expect("those that are there go on");
    assert_eq!(texts(&store, "last").await, ["x"]);
}

#[tokio::test]
async fn json_can_be_read_with_the_shell_of_the_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, SqliteOptions::default()).await.expect("a store");
    let mut batch = Batch::new();
    batch.put(
        key("users", "ada"),
        heptad_core::store::Value::json(&serde_json::json!({"age": 36})).expect("JSON"),
    );
    store.commit(batch).await.expect("a commit");
    let sql = "SELECT json_extract(value, '$.age') FROM records WHERE collection = 'users' AND id = 'ada'";
    let age: i64 = look(&path).query_row(sql, [], |row| row.get(0)).expect("one row");
    assert_eq!(age, 36);
}
