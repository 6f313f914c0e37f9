//! The local bus passes the conformance suite on every store.

use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use heptad_core::{
    clock::Clock,
    events::{EventBus, LocalBus},
    store::{Store, memory::MemoryStore},
};
use heptad_testkit::events::Place;

#[cfg(feature = "sqlite")]
mod sqlite {
    use heptad_core::store::sqlite::{Durability, SqliteOptions, SqliteStore};
    use tempfile::TempDir;

    use super::*;

    /// One file; every bus of the place opens it anew, as another process would.
    struct File(TempDir);

    impl Place for File {
        fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, (Arc<dyn EventBus>, Arc<dyn Store>)> {
            Box::pin(async move {
                let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
                let path = self.0.path().join("store.db");
                let store = SqliteStore::open(path, options, clock.clone()).await.expect("the store opens");
                let store = Arc::new(store) as Arc<dyn Store>;
                (Arc::new(LocalBus::new(store.clone(), clock)) as Arc<dyn EventBus>, store)
            })
        }
    }

    heptad_testkit::events_suite!(File(tempfile::tempdir().expect("a folder")));
}

mod memory {
    use super::*;

    /// One store in memory, under every bus of the place.
    #[derive(Default)]
    struct Memory(OnceLock<Arc<MemoryStore>>);

    impl Place for Memory {
        fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, (Arc<dyn EventBus>, Arc<dyn Store>)> {
            let store: Arc<dyn Store> =
                self.0.get_or_init(|| Arc::new(MemoryStore::new(clock.clone()))).clone();
            let bus = Arc::new(LocalBus::new(store.clone(), clock));
            Box::pin(async { (bus as Arc<dyn EventBus>, store) })
        }
    }

    heptad_testkit::events_suite!(Memory::default());
}
