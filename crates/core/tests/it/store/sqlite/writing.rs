//! Group commit, merging, and closing.

use std::{path::Path, pin::pin};

use futures_util::{FutureExt, future::join_all, poll};
use heptad_core::store::{Batch, Store, sqlite::SqliteOptions};
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
        batch.trim(stream("log"), heptad_core::store::Offset(upto));
        store.commit(batch).await.expect("a commit");
        assert_eq!(segments(&path), left, "trimmed up to {upto}");
    }
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
