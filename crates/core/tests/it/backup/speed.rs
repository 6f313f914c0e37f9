//! How much can be lost, and how long a restore takes. Only when it is asked for, and optimised:
//! `cargo nextest run --cargo-profile release -p heptad-core --features sqlite --run-ignored only --no-capture -E 'test(/^backup::speed/)'`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use heptad_core::{
    backup::{BackupTarget, RestorePoint, target::FolderTarget},
    store::{Batch, Store, Value},
};
use heptad_testkit::store::{key, stream};

use super::place::{restored, site};

const BYTES: u64 = 1 << 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes some gigabytes"]
async fn a_gigabyte_is_restored_and_less_than_a_second_can_be_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(FolderTarget::new(folder.path().join("backup")));
    let place = site(folder.path(), Arc::clone(&target), Default::default()).await;
    let began = Instant::now();
    let (mut random, mut n, mut lag): (u64, u64, Duration) = (1, 0, Duration::ZERO);
    while place.path.metadata().expect("a file").len() < BYTES {
        let commits = (0..8).map(|_| {
            n += 1;
            let mut text = String::new();
            for word in 0..400 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n);
                text.push_str(&format!("{{\"field{word}\":{}}},", random >> 20));
            }
            let mut batch = Batch::new();
            batch.put(key("large", &format!("{n:09}")), Value::json(&text).expect("a text"));
            batch.append(stream("log"), vec![Value::json(&n).expect("a number"); 8]);
            let store = Arc::clone(&place.store);
            async move { store.commit(batch).await.expect("a commit") }
        });
        futures_util::future::join_all(commits).await;
        let live = place.backup.live().expect("a backup");
        if let (true, Some(complete)) = (live.restorable, live.complete) {
            let behind = heptad_core::clock::Timestamp::now().duration_since(complete);
            lag = lag.max(Duration::try_from(behind).unwrap_or_default());
        }
    }
    let wrote = began.elapsed();
    let shipping = Instant::now();
    place.backup.run(false).await.expect("it is shipped");
    let shipping = shipping.elapsed();
    let snapshot = Instant::now();
    place.backup.run(true).await.expect("a snapshot");
    let snapshot = snapshot.elapsed();
    place.commit(1).await;
    place.backup.run(false).await.expect("it is shipped");
    let path = folder.path().join("restored.db");
    let began = Instant::now();
    let done = restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
    let took = began.elapsed();
    eprintln!(
        "wrote {} MiB in {wrote:.1?} ({n} commits), the most that was behind meanwhile {lag:.2?}, the rest shipped in {shipping:.2?}; \
         snapshot {snapshot:.1?}; restored {} MiB from {} objects in {took:.1?} (checked: {} records, {} entries)",
        BYTES >> 20,
        done.bytes >> 20,
        done.objects,
        done.contents.records,
        done.contents.entries,
    );
    assert_eq!(done.contents.records, n + 2);
    assert!(lag < Duration::from_secs(1), "{lag:?} could have been lost");
}
