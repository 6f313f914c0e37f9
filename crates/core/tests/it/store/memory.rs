//! The in-memory store.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heptad_core::{
    clock::Clock,
    store::{Store, memory::MemoryStore},
};
use heptad_testkit::store::Place;

struct Memory;

impl Place for Memory {
    fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn Store>> {
        Box::pin(async { Arc::new(MemoryStore::new(clock)) as Arc<dyn Store> })
    }
}

heptad_testkit::store_suite!(Memory);
