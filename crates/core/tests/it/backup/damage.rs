//! Whatever becomes of an object is found.

use std::{path::Path, sync::Arc};

use super::place::{options, restored, site};
use heptad_core::{
    ErrorKind,
    backup::{BackupTarget, RestorePoint, target::MemoryTarget, verify},
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
    place.ship().await;
    assert!(memory.names().iter().any(|name| name.contains("/log/1/")), "something is merged");
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

    // A whole foreign object under the right name, checksum and all, is not taken for ours: also where nobody verifies.
    for name in &logs[1..] {
        let whole = target.get(name).await.expect("an object");
        target.delete(name).await.expect("a delete");
        let path = folder.path().join("restored.db");
        match restored(&shared, RestorePoint::Latest, &path).await {
            // What stands behind it, or is merged, does not need it.
            Ok(_) => std::fs::remove_file(&path).expect("a file"),
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound), "{error:?}");
                assert!(!path.exists(), "nothing is restored by halves");
            }
        }
        target.replace(name, whole.into());
    }
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
