//! Whatever becomes of an object is found.

use std::{path::Path, sync::Arc};

use super::place::{held, opened, options, restored, site};
use heptad_core::{
    ErrorKind,
    backup::{BackupTarget, RestorePoint, target::MemoryTarget, verify},
    clock::Timestamp,
    progress::Silent,
};

/// A backup with some history: two snapshots, a merged object.
async fn history(folder: &Path) -> MemoryTarget {
    let memory = MemoryTarget::new();
    let place = site(folder, Arc::new(memory.clone()), options()).await;
    for n in 1..=20 {
        place.commit(n).await;
        place.ship().await;
    }
    place.backup.run(true).await.expect("a snapshot");
    place.commit(21).await;
    place.ship_until(|| memory.names().iter().any(|name| name.contains("/log/1/"))).await;
    memory
}

async fn problems(target: &MemoryTarget, folder: &Path) -> Vec<String> {
    verify(Arc::new(target.clone()), folder, Arc::new(Silent))
        .await
        .map_or_else(|error| vec![error.to_string()], |found| found.problems)
}

#[tokio::test]
async fn a_thousand_random_bit_flips_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = history(folder.path()).await;
    assert_eq!(problems(&target, folder.path()).await, Vec::<String>::new());
    let names = target.names();
    let mut random: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = |limit: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    for round in 0..1000 {
        let name = &names[next(names.len())];
        let whole = target.get(name).await.expect("an object");
        let mut flipped = whole.clone();
        let bit = next(whole.len() * 8);
        flipped[bit / 8] ^= 1 << (bit % 8);
        target.replace(name, flipped.into());
        let found = problems(&target, folder.path()).await;
        assert!(!found.is_empty(), "round {round}: bit {bit} of {name}");
        target.replace(name, whole.into());
    }
    assert_eq!(problems(&target, folder.path()).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_cut_missing_moved_or_foreign_is_found() {
    let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let target = history(folder.path()).await;
    let foreign = history(other.path()).await;
    let stranger = |name: &str| {
        let kind = if name.contains("/log/0/") { "/log/0/" } else { "manifest" };
        foreign.names().into_iter().rfind(|other| other.contains(kind)).expect("an object of that kind")
    };
    let shared: Arc<dyn BackupTarget> = Arc::new(target.clone());
    let names = target.names();
    let logs: Vec<_> = names.iter().filter(|name| name.contains("/log/0/")).cloned().collect();
    for name in &names {
        let whole = target.get(name).await.expect("an object");
        let cut = |len: usize| whole[..len].to_vec();
        let mut changes = vec![
            cut(0),
            cut(1),
            cut(30),
            cut(whole.len() / 2),
            cut(whole.len() - 1),
            [&whole[..], b"x"].concat(),
        ];
        changes.push(foreign.get(&stranger(name)).await.expect("a foreign object"));
        if let Some(sibling) = logs.iter().find(|sibling| *sibling != name) {
            changes.push(target.get(sibling).await.expect("another object"));
        }
        for changed in changes {
            target.replace(name, changed.into());
            let found = problems(&target, folder.path()).await;
            assert!(!found.is_empty(), "{name} was changed");
        }
        target.delete(name).await.expect("a delete");
        // A merged object, and a manifest, can be done without: the rest says the same. And the end of the log cannot be known to be missing.
        let last = logs.last() == Some(name);
        let spare = name.contains("/log/1/") || name.ends_with("manifest") || last;
        let found = problems(&target, folder.path()).await;
        assert_eq!(found.is_empty(), spare, "{name} is missing: {found:?}");
        target.replace(name, whole.into());
    }

    // A whole foreign object, checksum and all, is not taken for ours, nor is one of ours in the place of another: also where nobody verifies.
    let path = folder.path().join("restored.db");
    restored(&shared, RestorePoint::Latest, &path).await.expect("it is restored");
    let right = held(&opened(&path).await).await;
    remove(&path);
    let (mut refused, mut done_without) = (0, 0);
    for name in &names {
        let whole = target.get(name).await.expect("an object");
        let same_name = foreign.names().into_iter().find(|other| tail(other) == tail(name));
        let changed = same_name.unwrap_or_else(|| stranger(name));
        target.replace(name, foreign.get(&changed).await.expect("a foreign object").into());
        match restored(&shared, RestorePoint::Latest, &path).await {
            // What stands behind it, or is merged, does not need it.
            Ok(_) => {
                done_without += 1;
                assert_eq!(held(&opened(&path).await).await, right, "without {name}");
                remove(&path);
            }
            Err(error) => {
                refused += 1;
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{name}: {error:?}");
                assert!(!path.exists(), "nothing is restored by halves");
            }
        }
        target.replace(name, whole.into());
    }
    assert!(refused > 0 && done_without > 0, "{refused} {done_without}");
}

/// The name of an object in its chain.
fn tail(name: &str) -> Option<&str> {
    name.splitn(3, '/').nth(2)
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
}

/// A copy of a backup that was made while it was shipped to, the log first.
#[tokio::test]
async fn a_log_that_ends_before_a_snapshot_is_not_taken_for_the_latest_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = MemoryTarget::new();
    let shared: Arc<dyn BackupTarget> = Arc::new(target.clone());
    let place = site(folder.path(), Arc::clone(&shared), options()).await;
    let mut commits = Vec::new();
    for n in 1..=9 {
        commits.push((place.commit(n).await, held(&*place.store).await));
        place.ship().await;
        if n == 8 {
            place.backup.run(true).await.expect("a snapshot");
        }
    }
    drop(place);
    let logs: Vec<_> = target.names().into_iter().filter(|name| name.contains("/log/0/")).collect();
    for name in &logs[logs.len() - 3..] {
        target.delete(name).await.expect("a delete");
    }
    let path = folder.path().join("restored.db");
    let now = Timestamp::now();
    for point in [RestorePoint::Latest, RestorePoint::Time(now), RestorePoint::Commit(commits[8].0)] {
        let error = restored(&shared, point, &path).await.expect_err("an older state is not the latest one");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
        assert!(error.message().contains("the log ends with"), "{error}");
    }
    let found = problems(&target, folder.path()).await;
    assert!(found.iter().any(|problem| problem.contains("a snapshot goes up to")), "{found:?}");
    // A commit that is there is restored: whoever names it knows what they get.
    let (commit, then) = &commits[3];
    restored(&shared, RestorePoint::Commit(*commit), &path).await.expect("it is restored");
    assert_eq!(held(&opened(&path).await).await, *then);
}

#[tokio::test]
async fn what_is_damaged_is_done_without_where_that_can_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = history(folder.path()).await;
    let shared: Arc<dyn BackupTarget> = Arc::new(target.clone());
    let path = folder.path().join("restored.db");
    let latest = restored(&shared, RestorePoint::Latest, &path).await.expect("it is restored").commit;
    let right = held(&opened(&path).await).await;
    remove(&path);
    let names = target.names();
    let manifests: Vec<_> = names.iter().filter(|name| name.ends_with("/manifest")).collect();
    assert!(manifests.len() >= 2);
    for name in manifests.into_iter().chain([&"database".to_owned()]) {
        let whole = target.get(name).await.expect("an object");
        for changed in [Some(whole[..whole.len() / 2].to_vec()), None] {
            match changed {
                Some(changed) => target.replace(name, changed.into()),
                None => target.delete(name).await.expect("a delete"),
            }
            let done = restored(&shared, RestorePoint::Latest, &path).await.expect("it is restored");
            assert_eq!(done.commit, latest, "without {name}");
            assert_eq!(held(&opened(&path).await).await, right, "without {name}");
            remove(&path);
            target.replace(name, whole.clone().into());
        }
    }
    // It is gone on with as well.
    target.replace("database", b"no object"[..].into());
    let place = site(folder.path(), Arc::clone(&shared), options()).await;
    let last = place.commit(22).await;
    assert_eq!(place.ship().await, last);
}

/// Changes a bit in the middle of the object.
async fn spoil(target: &MemoryTarget, name: &str) {
    let mut bytes = target.get(name).await.expect("an object");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    target.replace(name, bytes.into());
}

#[tokio::test]
async fn shipping_goes_on_where_an_object_before_is_damaged_or_gone() {
    for gone in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let target = MemoryTarget::new();
        let shared: Arc<dyn BackupTarget> = Arc::new(target.clone());
        let mut place = site(folder.path(), Arc::clone(&shared), options()).await;
        for n in 1..=10 {
            place.commit(n).await;
            place.ship().await;
        }
        let log = |n: usize| target.names().into_iter().filter(|name| name.contains("/log/0/")).nth(n);
        let first = log(0).expect("an object");
        if gone {
            // The write-ahead log began with it: a process that goes on asks for it.
            drop(place);
            target.delete(&first).await.expect("a delete");
            place = site(folder.path(), Arc::clone(&shared), options()).await;
        } else {
            spoil(&target, &log(3).expect("an object")).await;
        }
        // Sixteen are merged on the way.
        for n in 11..=20 {
            let last = place.commit(n).await;
            assert_eq!(place.ship().await, last, "{gone}");
        }
        let chains = async || shared.list("chains").await.expect("a list").folders.len();
        while chains().await < 2 {
            place.ship().await;
        }
        let path = folder.path().join("restored.db");
        restored(&shared, RestorePoint::Latest, &path).await.expect("it is restored");
        assert_eq!(held(&opened(&path).await).await, held(&*place.store).await);
    }
}

#[tokio::test]
async fn names_that_are_none_of_ours_are_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = history(folder.path()).await;
    let shared: Arc<dyn BackupTarget> = Arc::new(target.clone());
    let names = target.names();
    let log = names.iter().find(|name| name.contains("/log/0/00000000/")).expect("an object");
    let folder_of = |name: &str| name.rsplit_once('/').expect("a folder").0.to_owned();
    let (shard, level) = (folder_of(log), folder_of(&folder_of(log)));
    for stray in ["deadbeef", "bad", "ffffffffffffffff", "ffffffffffff", "0000000000015", "readme"] {
        target.replace(&format!("{shard}/{stray}"), b"x"[..].into());
        target.replace(&format!("{level}/{stray}/x"), b"x"[..].into());
    }
    let path = folder.path().join("restored.db");
    let done = restored(&shared, RestorePoint::Latest, &path).await.expect("it is restored");
    assert_eq!(done.contents.entries, 21);
    assert_eq!(problems(&target, folder.path()).await, Vec::<String>::new());
    let place = site(folder.path(), Arc::clone(&shared), options()).await;
    let last = place.commit(22).await;
    assert_eq!(place.ship().await, last);
    // One that has the form of a number, and would be the last by far, is no object: nothing is made of its number.
    target.replace(&format!("{level}/ffffffff/ffffffffffff"), b"x"[..].into());
    let error = restored(&shared, RestorePoint::Latest, &folder.path().join("other.db")).await;
    assert_eq!(error.expect_err("the end is not known").kind(), ErrorKind::Corrupt);
    assert_eq!(problems(&target, folder.path()).await.len(), 3, "the gap, the object, and no last state");
}

#[tokio::test]
async fn what_an_ended_verification_left_is_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = history(folder.path()).await;
    for left in ["", "-wal", ".lock", ".restoring-89abcdef", ".restoring-89abcdef.lock"] {
        std::fs::write(folder.path().join(format!(".heptad-verify-01234567{left}")), "half").expect("a file");
    }
    std::fs::write(folder.path().join(".heptad-verify-notes"), "mine").expect("a file");
    assert_eq!(problems(&target, folder.path()).await, Vec::<String>::new());
    let entries = std::fs::read_dir(folder.path()).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let left: Vec<_> = names.filter(|name| name.contains("verify")).collect();
    assert_eq!(left, [".heptad-verify-notes"]);
}

#[tokio::test]
async fn a_newer_schema_and_a_newer_format_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    let place = site(folder.path(), Arc::clone(&target), options()).await;
    place.commit(1).await;
    let raw = rusqlite::Connection::open(&place.path).expect("the file opens");
    raw.pragma_update(None, "user_version", 99).expect("a newer schema");
    drop(raw);
    place.ship().await;
    let path = folder.path().join("restored.db");
    let error = restored(&target, RestorePoint::Latest, &path).await.expect_err("it is newer");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(error.message().contains("99"), "{error}");
    assert!(!path.exists());
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("a folder")
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains("restoring"))
            .count(),
        0
    );
}
