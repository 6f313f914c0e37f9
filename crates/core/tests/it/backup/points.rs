//! Any commit can be restored, and is what the store held.

use std::{collections::BTreeMap, sync::Arc};

use heptad_core::{
    ErrorKind,
    backup::{BackupTarget, RestorePoint, target::MemoryTarget},
    clock::Timestamp,
};

use super::place::{Held, held, opened, options, restored, site};

const COMMITS: u64 = 700;

#[tokio::test]
async fn a_hundred_random_commits_are_what_the_store_held_then() {
    let (folder, aside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let memory = MemoryTarget::new();
    let target: Arc<dyn BackupTarget> = Arc::new(memory.clone());
    let mut model: BTreeMap<u64, Held> = BTreeMap::new();
    let mut place = site(folder.path(), Arc::clone(&target), options()).await;
    place.commit(0).await;
    let begin = place.ship().await;
    for n in 1..=COMMITS {
        let commit = place.commit(n).await;
        model.insert(commit, held(&*place.store).await);
        // Objects of one commit and of several; snapshots and restarts in between.
        if n % 3 > 0 {
            assert_eq!(place.ship().await, commit);
        }
        if n % 250 == 0 {
            place.backup.run(true).await.expect("a snapshot");
        }
        if n % 180 == 0 {
            drop(place);
            place = site(folder.path(), Arc::clone(&target), options()).await;
        }
    }
    let levels =
        |level: u8| memory.names().iter().filter(|name| name.contains(&format!("/log/{level}/"))).count();
    place.ship().await;
    assert!(levels(0) > 300);
    // All merging that is due.
    place.ship_until(|| levels(1) == levels(0) / 16 && levels(2) == levels(0) / 256).await;
    drop(place);
    let chains = target.list("chains").await.expect("a list").folders;
    assert_eq!(chains.len(), 1, "a clean restart goes on with the chain");

    let commits: Vec<u64> = model.keys().copied().collect();
    let mut random: u64 = 7;
    let mut most = 0;
    for round in 0..100 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let commit = commits[(random >> 33) as usize % commits.len()];
        let path = aside.path().join(format!("{round}.db"));
        let restored = restored(&target, RestorePoint::Commit(commit), &path).await.expect("it is restored");
        assert_eq!(restored.commit, commit);
        most = most.max(restored.objects);
        let store = opened(&path).await;
        assert_eq!(held(&store).await, model[&commit], "commit {commit}");
        // And the store goes on from there.
        assert_eq!(store.commit_one().await, commit + 1);
    }
    assert!(most < 40, "{most} objects were read for one state");

    for (commit, says) in
        [(begin - 1, "begins with commit"), (commits[commits.len() - 1] + 1, "the last one is")]
    {
        let path = aside.path().join("none.db");
        let error =
            restored(&target, RestorePoint::Commit(commit), &path).await.expect_err("it is not there");
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        assert!(error.message().contains(says), "{error}");
        assert!(!path.exists());
    }
}

trait CommitOne {
    async fn commit_one(&self) -> u64;
}

impl CommitOne for heptad_core::store::sqlite::SqliteStore {
    async fn commit_one(&self) -> u64 {
        use heptad_core::store::Store as _;
        self.commit(super::place::batch(9, 9)).await.expect("a commit").version.0
    }
}

#[tokio::test]
async fn a_time_is_the_last_state_shipped_by_then() {
    let (folder, aside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
    let place = site(folder.path(), Arc::clone(&target), options()).await;
    let mut times = Vec::new();
    for n in 1..=20 {
        let commit = place.commit(n).await;
        place.ship().await;
        // Times have milliseconds: the next is another one.
        let time = Timestamp::now();
        while Timestamp::now().as_millisecond() <= time.as_millisecond() {
            tokio::task::yield_now().await;
        }
        times.push((time, commit, held(&*place.store).await));
    }
    for (round, (time, commit, held_then)) in times.into_iter().enumerate() {
        let path = aside.path().join(format!("{round}.db"));
        let restored = restored(&target, RestorePoint::Time(time), &path).await.expect("it is restored");
        assert_eq!(restored.commit, commit);
        assert!(restored.time <= time);
        assert_eq!(held(&opened(&path).await).await, held_then);
    }
    let before = restored(&target, RestorePoint::Time(Timestamp::UNIX_EPOCH), &aside.path().join("x")).await;
    assert_eq!(before.expect_err("nothing was there").kind(), ErrorKind::NotFound);
}
