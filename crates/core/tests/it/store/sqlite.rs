//! The SQLite store.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heptad_core::{
    clock::Clock,
    store::{
        Store,
        sqlite::{Durability, SqliteOptions, SqliteStore},
    },
};
use heptad_testkit::store::Place;
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
