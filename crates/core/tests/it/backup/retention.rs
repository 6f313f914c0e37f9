//! What is older than the retention is forgotten, and nothing that it needs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use heptad_core::{
    ErrorKind,
    backup::{BackupOptions, BackupTarget, RestorePoint, target::MemoryTarget, verify},
    clock::{Clock, SystemClock, Timestamp},
    progress::Silent,
    store::{Batch, Store as _, Value},
};
use heptad_testkit::store::key;

use super::place::{Held, Site, held, opened, options, restored, site_at};

/// The clock of the machine, put forward by hours.
#[derive(Clone, Default)]
struct Ahead(Arc<AtomicU64>);

impl Ahead {
    fn hours(&self) -> Duration {
        Duration::from_secs(3600 * self.0.load(Ordering::SeqCst))
    }

    fn forward(&self, hours: u64) {
        self.0.fetch_add(hours, Ordering::SeqCst);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.hours()
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic() + self.hours()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

struct History {
    memory: MemoryTarget,
    target: Arc<dyn BackupTarget>,
    clock: Ahead,
    folder: tempfile::TempDir,
    states: Vec<(u64, Held)>,
}

impl History {
    async fn open(&self) -> Site {
        let kept = BackupOptions { retention: Duration::from_secs(10 * 3600), ..options() };
        site_at(self.folder.path(), Arc::clone(&self.target), kept, Arc::new(self.clock.clone())).await
    }

    /// Five commits, a snapshot, and the write-ahead log is begun anew.
    async fn work(&mut self, place: &Site) {
        for n in 1..=5 {
            let commit = place.commit(n).await;
            self.states.push((commit, held(&*place.store).await));
            place.ship().await;
        }
        for n in 0..100 {
            let mut batch = Batch::new();
            batch.put(key("large", &n.to_string()), Value::Bytes(vec![n; 200_000].into()));
            place.store.commit(batch).await.expect("a commit");
        }
        for _ in 0..1000 {
            place.ship().await;
            // Less than was just written to it.
            if place.backup.live().expect("a backup").log_bytes < 16 << 20 {
                place.backup.run(true).await.expect("a snapshot");
                return;
            }
        }
        panic!("the log is not begun anew");
    }

    /// Of the states, these are there and are what they were, and the others are not there.
    async fn has(&self, what: std::ops::Range<usize>) {
        let aside = tempfile::tempdir().expect("a folder");
        for (index, (commit, then)) in self.states.iter().enumerate() {
            let path = aside.path().join(format!("{commit}.db"));
            match restored(&self.target, RestorePoint::Commit(*commit), &path).await {
                Ok(_) => assert_eq!(held(&opened(&path).await).await, *then, "{index}"),
                Err(error) => {
                    assert!(!what.contains(&index), "{index}: {error:?}");
                    assert_eq!(error.kind(), ErrorKind::NotFound, "{index}: {error:?}");
                    continue;
                }
            }
            assert!(what.contains(&index), "{index} is there still");
        }
        let found = verify(Arc::clone(&self.target), aside.path(), Arc::new(Silent)).await;
        assert_eq!(found.expect("it can be read").problems, Vec::<String>::new());
    }

    fn named(&self, part: &str) -> usize {
        self.memory.names().iter().filter(|name| name.contains(part)).count()
    }
}

#[tokio::test]
async fn what_is_older_than_the_retention_is_forgotten_and_the_rest_is_whole() {
    let memory = MemoryTarget::new();
    let mut history = History {
        memory: memory.clone(),
        target: Arc::new(memory),
        clock: Ahead::default(),
        folder: tempfile::tempdir().expect("a folder"),
        states: Vec::new(),
    };
    let mut place = history.open().await;
    // Hour 0, hour 4, and hour 8 in a chain of its own.
    history.work(&place).await;
    history.clock.forward(4);
    history.work(&place).await;
    history.clock.forward(4);
    let path = place.path.clone();
    drop(place);
    let other = rusqlite::Connection::open(&path).expect("the file opens");
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("a checkpoint");
    drop(other);
    place = history.open().await;
    history.work(&place).await;
    let chains = history.target.list("chains").await.expect("a list").folders;
    assert_eq!(chains.len(), 2);
    let begin = format!("{}/log/0/00000000/000000000001", chains[0]);
    // The first snapshot of the chain is taken with its first object: all of it can be restored.
    history.has(0..15).await;

    // A snapshot that an end left without its manifest.
    let unfinished = format!("chains/{}/snapshots/000000000001-0badc0de/base-000000", chains[1]);
    history.memory.replace(&unfinished, b"half"[..].into());
    // Hour 12: what was at hour 2 needs the snapshots of hour 0.
    history.clock.forward(4);
    place.commit(20).await;
    // What an end left is forgotten.
    place.ship_until(|| history.named("0badc0de") == 0).await;
    history.has(5..15).await;

    // Hour 16: what was at hour 6 begins with the snapshot of hour 4, and the log before it goes.
    history.clock.forward(4);
    place.commit(21).await;
    place.ship_until(|| history.named(&begin) == 0).await;
    history.has(10..15).await;
    assert!(history.named(&chains[0]) > 0);

    // Hour 20: what was at hour 10 is in the second chain.
    history.clock.forward(4);
    place.commit(22).await;
    // A chain that nothing needs is gone.
    place.ship_until(|| history.named(&chains[0]) == 0).await;
    history.has(15..15).await;
    let path = history.folder.path().join("restored.db");
    restored(&history.target, RestorePoint::Latest, &path).await.expect("it is restored");
    assert_eq!(held(&opened(&path).await).await, held(&*place.store).await);
}
