//! The encryption layer: the suite of every store on each store below it, what it detects, and how keys are changed.

mod attack;
#[cfg(feature = "sqlite")]
mod crash;
mod flips;
mod key_ring;
mod nonces;
mod operations;
mod plain;
#[cfg(feature = "sqlite")]
mod power;
mod rotation;
mod typed;
mod vectors;

use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use heptad_core::{
    clock::{Clock, SystemClock},
    crypto::{Fault, KeyRing, TextKeyRing},
    events::{EventBus, LocalBus},
    store::{
        Batch, Entry, KeyRange, Offset, Page, Store, Value,
        encrypted::{Encrypted, EncryptedOptions, Plain},
        memory::MemoryStore,
    },
};
use heptad_testkit::store::{Place, stream};

/// The encryption's own collection.
const OWN: &str = "heptad.encryption";

pub(super) fn key(name: &str, byte: u8) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let bytes: Vec<u8> = (0..32).map(|n| byte ^ n).collect();
    format!("{name} {}", BASE64_STANDARD.encode(bytes))
}

/// A ring with the keys `2026-01`, `2026-02` …, as many as asked.
pub(super) fn ring(keys: u8) -> Arc<dyn KeyRing> {
    let lines: Vec<String> = (1..=keys).map(|n| key(&format!("2026-{n:02}"), n * 16)).collect();
    Arc::new(TextKeyRing::parse(&lines.join("\n")).expect("a ring"))
}

fn plain() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::new(SystemClock)))
}

async fn try_open(inner: &Arc<dyn Store>, ring: Arc<dyn KeyRing>) -> heptad_core::Result<Encrypted> {
    Encrypted::open(Arc::clone(inner), ring, EncryptedOptions::default(), Arc::new(SystemClock)).await
}

async fn open(inner: &Arc<dyn Store>) -> Encrypted {
    try_open(inner, ring(1)).await.expect("the store opens")
}

/// Commits what `build` puts together.
async fn commit(store: &dyn Store, build: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::new();
    build(&mut batch);
    store.commit(batch).await.expect("a commit");
}

async fn put(store: &dyn Store, id: &str, value: &str) {
    commit(store, |batch| {
        batch.put(heptad_testkit::store::key("users", id), heptad_testkit::store::text(value));
    })
    .await;
}

async fn append(store: &dyn Store, name: &str, values: &[&str]) {
    let values = values.iter().map(|value| heptad_testkit::store::text(value)).collect();
    commit(store, |batch| {
        batch.append(stream(name), values);
    })
    .await;
}

async fn read(store: &dyn Store, name: &str) -> heptad_core::Result<Vec<String>> {
    let entries = store.read(&stream(name), Offset::START, usize::MAX).await?;
    Ok(entries.iter().map(|entry| entry.value.decode().expect("a text")).collect())
}

fn fault<T>(outcome: heptad_core::Result<T>) -> Fault {
    match outcome {
        Ok(_) => panic!("nothing was noticed"),
        Err(error) => {
            let fault = Fault::of(&error).unwrap_or_else(|| panic!("the error tells of no fault: {error:?}"));
            let told =
                error.context().iter().any(|(what, which)| *what == "fault" && which == fault.as_str());
            assert!(told, "every surface is told which fault it is: {error}");
            fault
        }
    }
}

/// The entries of a stream as they lie in the store below.
async fn sealed(inner: &dyn Store, name: &str) -> Vec<Entry> {
    inner.read(&stream(name), Offset::START, usize::MAX).await.expect("the store below is whole")
}

/// A new store below with the keys of `inner` and a stream of these entries: what somebody can make who can write the file.
async fn forge(inner: &dyn Store, name: &str, values: Vec<Value>) -> Arc<dyn Store> {
    let forged = plain();
    let own = inner.scan(KeyRange::all(OWN), Page::first(usize::MAX)).await.expect("a scan");
    commit(&*forged, |batch| {
        for record in own {
            batch.put(record.key, record.value);
        }
        batch.append(stream(name), values);
    })
    .await;
    forged
}

fn copy_of(inner: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn Store>> {
    Box::pin(async move {
        let store = Encrypted::open(Arc::clone(inner), ring(1), EncryptedOptions::default(), clock).await;
        Arc::new(store.expect("the store opens")) as Arc<dyn Store>
    })
}

mod memory {
    use super::*;

    struct Memory;

    impl Place for Memory {
        fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn Store>> {
            Box::pin(async move {
                let inner: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::clone(&clock)));
                copy_of(&inner, clock).await
            })
        }
    }

    heptad_testkit::store_suite!(Memory);

    /// The local bus on encrypted streams: one store below, under every bus of the place.
    #[derive(Default)]
    struct Buses(OnceLock<Arc<dyn Store>>);

    impl heptad_testkit::events::Place for Buses {
        fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, (Arc<dyn EventBus>, Arc<dyn Store>)> {
            Box::pin(async move {
                let inner = self.0.get_or_init(|| Arc::new(MemoryStore::new(clock.clone())));
                let store = copy_of(inner, clock.clone()).await;
                (Arc::new(LocalBus::new(store.clone(), clock)) as Arc<dyn EventBus>, store)
            })
        }
    }

    mod events {
        use super::Buses;

        heptad_testkit::events_suite!(Buses::default());
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use heptad_core::store::sqlite::{Durability, SqliteOptions, SqliteStore};
    use tempfile::TempDir;

    use super::*;

    struct File(TempDir);

    impl File {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }
    }

    impl Place for File {
        fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn Store>> {
            Box::pin(async move {
                let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
                let store =
                    SqliteStore::open(self.0.path().join("store.db"), options, Arc::clone(&clock)).await;
                let inner: Arc<dyn Store> = Arc::new(store.expect("the file opens"));
                copy_of(&inner, clock).await
            })
        }
    }

    heptad_testkit::store_suite!(File::new());

    impl heptad_testkit::events::Place for File {
        fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, (Arc<dyn EventBus>, Arc<dyn Store>)> {
            Box::pin(async move {
                let store = Place::open(self, clock.clone()).await;
                (Arc::new(LocalBus::new(store.clone(), clock)) as Arc<dyn EventBus>, store)
            })
        }
    }

    mod events {
        use super::File;

        heptad_testkit::events_suite!(File::new());
    }
}
