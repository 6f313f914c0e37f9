//! Damaged rows, and a disk that makes trouble.

use heptad_core::{
    ErrorKind,
    store::{Offset, Store, sqlite::SqliteOptions},
};
use heptad_testkit::store::{key, stream};

use super::{append, look, open, texts};

#[tokio::test]
async fn a_damaged_segment_is_refused_by_name_and_the_rest_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let changes = [
        "data = zeroblob(length(data))",
        "data = substr(data, 1, length(data) - 1)",
        "data = x''",
        "count = count + 1",
        "min_time = min_time + 1",
        "crc32c = crc32c + 1",
        "codec = 9",
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let name = format!("log-{n}");
        let store = open(&path, SqliteOptions::default()).await.expect("a store");
        for entry in ["1", "2", "3"] {
            append(&store, &name, entry).await.expect("a commit");
        }
        append(&store, &format!("{name}.whole"), "x").await.expect("a commit");
        let rows = look(&path)
            .execute(
                &format!(
                    "UPDATE segments SET {change}
                     WHERE base = 2 AND stream = (SELECT id FROM streams WHERE name = '{name}')"
                ),
                [],
            )
            .expect("a change");
        assert_eq!(rows, 1);
        let damaged = store.read(&stream(&name), Offset::START, 9).await;
        let error = damaged.expect_err("the segment is damaged");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{change}: {error:?}");
        for fact in [("stream", name.as_str()), ("offset", "2")] {
            assert!(
                error.context().iter().any(|(what, which)| (*what, which.as_str()) == fact),
                "{change}: {error}"
            );
        }
        let before = store.read(&stream(&name), Offset::START, 1).await.expect("what is before it is whole");
        assert_eq!(before[0].offset, Offset(1));
        let behind = store.read(&stream(&name), Offset(2), 9).await.expect("what is behind it is whole");
        assert_eq!(behind[0].offset, Offset(3));
        assert_eq!(texts(&store, &format!("{name}.whole")).await, ["x"]);
        append(&store, &name, "4").await.expect("the stream goes on");
    }
}

#[tokio::test]
async fn a_record_that_is_not_ours_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = open(&path, SqliteOptions::default()).await.expect("a store");
    look(&path)
        .execute_batch(
            "INSERT INTO records VALUES ('things', 'number', 7, 1), ('things', 'latin1', CAST(x'22E422' AS TEXT), 1)",
        )
        .expect("rows");
    for id in ["number", "latin1"] {
        let error = store.get(&key("things", id)).await.expect_err("it is no value");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
        assert!(error.to_string().contains(id), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_failing_disk_fails_every_waiter_and_leaves_nothing_half_written() {
    use futures_util::future::join_all;
    use heptad_testkit::vfs::{self, Trouble};

    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().canonicalize().expect("the folder has a place");
    let path = place.join("store.db");
    let options = SqliteOptions { vfs: Some(vfs::register().into()), ..SqliteOptions::default() };
    let store = open(&path, options).await.expect("a store");
    let mut expected = Vec::new();
    for (round, trouble) in [Trouble::Full, Trouble::Unsyncable, Trouble::Full].into_iter().enumerate() {
        for n in 0..3 {
            let entry = format!("{round}.{n}");
            append(&store, "log", &entry).await.expect("a commit");
            expected.push(entry);
        }
        vfs::trouble(&place, Some(trouble));
        for outcome in join_all((0..20).map(|_| append(&store, "log", "never"))).await {
            let error = outcome.expect_err("the disk fails");
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{trouble:?}: {error:?}");
        }
        assert_eq!(texts(&store, "log").await, expected, "{trouble:?}");
        vfs::trouble(&place, None);
    }
    append(&store, "log", "last").await.expect("the disk works again, and so does the store");
    expected.push("last".into());
    assert_eq!(texts(&store, "log").await, expected);
    drop(store);
    let store = open(&path, SqliteOptions::default()).await.expect("the file is whole");
    assert_eq!(texts(&store, "log").await, expected);
}
