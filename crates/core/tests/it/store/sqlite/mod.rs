//! The SQLite store: the suite of every store, and what only this one does.

mod damage;
mod opening;
mod writing;

use std::{path::Path, sync::Arc};

use futures_util::future::BoxFuture;
use heptad_core::{
    clock::{Clock, SystemClock},
    store::{
        Batch, Offset, Receipt, Store,
        sqlite::{Durability, SqliteOptions, SqliteStore},
    },
};
use heptad_testkit::store::{Place, stream, text};
use tempfile::TempDir;

struct File(TempDir, SqliteOptions);

impl File {
    fn new() -> Self {
        // Waiting for the disk is what the crash tests are for.
        let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
        Self(tempfile::tempdir().expect("a folder"), options)
    }
}

impl Place for File {
    fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async move {
            let path = self.0.path().join("store.db");
            let store = SqliteStore::open(path, self.1.clone(), clock).await.expect("the store opens");
            Arc::new(store) as Arc<dyn Store>
        })
    }
}

heptad_testkit::store_suite!(File::new());

/// The suite once more, where every commit waits for the disk: what groups differently must not behave differently.
mod full {
    use super::File;

    heptad_testkit::store_suite!(File(tempfile::tempdir().expect("a folder"), Default::default()));
}

async fn open(path: &Path, options: SqliteOptions) -> heptad_core::Result<SqliteStore> {
    SqliteStore::open(path, options, Arc::new(SystemClock)).await
}

/// What another program sees in the file.
fn look(path: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(path).expect("the file opens")
}

async fn append(store: &dyn Store, name: &str, entry: &str) -> heptad_core::Result<Receipt> {
    let mut batch = Batch::new();
    batch.append(stream(name), vec![text(entry)]);
    store.commit(batch).await
}

async fn texts(store: &dyn Store, name: &str) -> Vec<String> {
    let entries = store.read(&stream(name), Offset::START, usize::MAX).await.expect("the stream is whole");
    let offsets: Vec<u64> = entries.iter().map(|entry| entry.offset.0).collect();
    assert_eq!(offsets, (1..=entries.len() as u64).collect::<Vec<_>>());
    entries.iter().map(|entry| entry.value.decode().expect("a text")).collect()
}
