//! A store that is backed up, for the tests.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use heptad_core::{
    Result,
    backup::{BackupOptions, BackupTarget, Backups, Existing, RestorePoint, Restored, restore},
    clock::{Clock, SystemClock},
    progress::Silent,
    store::{
        Batch, KeyRange, Offset, Page, Store, Value,
        sqlite::{Durability, LogGate, SqliteOptions, SqliteStore},
    },
    telemetry::Metrics,
};
use heptad_testkit::store::{key, stream};

/// An open store and its backup.
pub(super) struct Site {
    // The store ends before its backup, so that the last commits are shipped.
    pub(super) store: Arc<SqliteStore>,
    pub(super) backup: Backups,
    pub(super) path: PathBuf,
}

/// Ships when it is told to, and by itself every 50 ms.
pub(super) fn options() -> BackupOptions {
    BackupOptions { interval: Duration::from_millis(50), ..BackupOptions::default() }
}

pub(super) async fn site(folder: &Path, target: Arc<dyn BackupTarget>, options: BackupOptions) -> Site {
    site_at(folder, target, options, Arc::new(SystemClock)).await
}

/// The same, with a clock of its own for the backup.
pub(super) async fn site_at(
    folder: &Path,
    target: Arc<dyn BackupTarget>,
    options: BackupOptions,
    clock: Arc<dyn Clock>,
) -> Site {
    let gate = LogGate::default();
    let vfs = options.vfs.clone();
    let sqlite = SqliteOptions {
        durability: Durability::Normal,
        log: Some(gate.clone()),
        vfs,
        ..SqliteOptions::default()
    };
    let path = folder.join("store.db");
    let store = SqliteStore::open(&path, sqlite, Arc::new(SystemClock)).await.expect("the store opens");
    let backup = Backups::start(&path, target, gate, options, clock, &Metrics::new());
    Site { store: Arc::new(store), backup: backup.expect("a thread"), path }
}

impl Site {
    /// One commit: a record that is replaced, one that stays, one that goes, and an entry. Returns its number.
    pub(super) async fn commit(&self, n: u64) -> u64 {
        self.store.commit(batch(n, 300)).await.expect("a commit").version.0
    }

    pub(super) async fn ship(&self) -> u64 {
        self.backup.run(false).await.expect("it is shipped").commit.expect("a commit")
    }

    /// Ships until what is done beside it has come so far.
    pub(super) async fn ship_until(&self, far: impl Fn() -> bool) -> u64 {
        for _ in 0..2000 {
            let commit = self.ship().await;
            if far() {
                return commit;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("what is done beside shipping does not come so far");
    }
}

pub(super) fn batch(n: u64, bytes: usize) -> Batch {
    let text = |what: &str| {
        Value::json(&format!("{what} {n} {}", "x".repeat(n as usize * 37 % bytes))).expect("a text")
    };
    let mut batch = Batch::new();
    batch
        .put(key("things", "last"), text("last"))
        .put(key("things", &format!("{:05}", n % 97)), text("some"))
        .delete(key("things", &format!("{:05}", (n * 31 + 50) % 97 + 1000)))
        .append(stream("log"), vec![Value::json(&n).expect("a number")]);
    batch
}

/// All that a store holds of what [`batch`] writes.
pub(super) type Held = (Vec<(String, Value, u64)>, Vec<Value>);

pub(super) async fn held(store: &dyn Store) -> Held {
    let records = store.scan(KeyRange::prefix("things", String::new()), Page::first(usize::MAX)).await;
    let records = records.expect("a scan").into_iter();
    let log = store.read(&stream("log"), Offset::START, usize::MAX).await.expect("a read");
    (
        records.map(|record| (record.key.id().to_owned(), record.value, record.version.0)).collect(),
        log.into_iter().map(|entry| entry.value).collect(),
    )
}

/// Restores to `folder/name`.
pub(super) async fn restored(
    target: &Arc<dyn BackupTarget>,
    point: RestorePoint,
    to: &Path,
) -> Result<Restored> {
    restore(Arc::clone(target), point, to, Existing::Refuse, Arc::new(Silent)).await
}

/// Opens what was restored.
pub(super) async fn opened(path: &Path) -> SqliteStore {
    let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    SqliteStore::open(path, options, Arc::new(SystemClock)).await.expect("what was restored opens")
}
