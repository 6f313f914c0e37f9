//! `platform.health`: every part is asked, and a failing one is told from one that can be done without.

use std::{future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use heptad_core::{
    Error, ErrorKind, Kernel, Result,
    events::LocalBus,
    kernel::Ports,
    operation::{Context, Handle as _, Health, HealthState, Platform},
    store::{
        Batch, Capabilities, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId, Watch,
    },
};

use crate::platform::ports;

async fn health(change: impl FnOnce(&mut Ports)) -> Health {
    let (mut ports, _) = ports();
    change(&mut ports);
    Platform::new(Context::owner(Kernel::new(ports))).health().await.unwrap()
}

fn states(health: &Health) -> Vec<(&str, &str, HealthState)> {
    health.parts.iter().map(|part| (part.port.as_str(), part.adapter.as_str(), part.state)).collect()
}

#[tokio::test]
async fn it_is_well_while_every_part_answers() {
    let health = health(|_| ()).await;
    assert_eq!((health.state, health.failed), (HealthState::Ok, false));
    assert_eq!(states(&health), [("store", "memory", HealthState::Ok), ("events", "local", HealthState::Ok)]);
    assert_eq!(health.parts[1].detail.as_deref(), Some("0 topics"));
    assert!(health.parts.iter().all(|part| part.latency_ms == 0.0), "the clock of this test stands still");
}

#[tokio::test]
async fn without_its_store_or_its_events_it_has_failed() {
    let without_store = health(|ports| ports.store = Arc::new(Broken(Lost))).await;
    assert_eq!((without_store.state, without_store.failed), (HealthState::Failed, true));
    assert_eq!(without_store.parts[0].detail.as_deref(), Some("unavailable: the disk is gone"));
    assert_eq!(without_store.parts[1].state, HealthState::Ok);

    let without_events = health(|ports| {
        ports.bus = Arc::new(LocalBus::new(Arc::new(Broken(Lost)), Arc::clone(&ports.clock)));
    })
    .await;
    assert!(without_events.failed);
    assert_eq!(
        states(&without_events),
        [("store", "memory", HealthState::Ok), ("events", "local", HealthState::Failed)]
    );
}

#[tokio::test]
async fn a_part_that_does_not_answer_is_not_waited_for() {
    let (mut ports, clock) = ports();
    ports.store = Arc::new(Broken(Silent));
    let platform = Platform::new(Context::owner(Kernel::new(ports)));
    let health = tokio::spawn(async move { platform.health().await });
    clock.sleepers(1).await;
    clock.advance(Duration::from_secs(5));
    let health = health.await.unwrap().unwrap();
    assert_eq!(health.parts[0].detail.as_deref(), Some("timeout: no answer within 5 s"));
    assert_eq!(health.parts[0].latency_ms, 5000.0);
}

#[tokio::test]
async fn a_part_that_answers_late_is_degraded() {
    let (mut ports, clock) = ports();
    ports.store = Arc::new(Broken(Late(clock.clone())));
    let platform = Platform::new(Context::owner(Kernel::new(ports)));
    let health = tokio::spawn(async move { platform.health().await });
    clock.sleepers(1).await;
    clock.advance(Duration::from_secs(2));
    let health = health.await.unwrap().unwrap();
    assert_eq!((health.state, health.failed), (HealthState::Degraded, false));
    assert_eq!(health.parts[0].detail.as_deref(), Some("it took 2.0 s to answer"));
}

#[cfg(feature = "tantivy")]
mod search {
    use heptad_core::search::{
        Catalog, Changes, Checkpoint, Document, Field, Found, Schema, SearchIndex, SearchPage, SearchQuery,
        tantivy::TantivyIndex,
    };

    use super::*;

    /// An index whose files cannot be read.
    struct Unreadable;

    #[async_trait]
    impl SearchIndex for Unreadable {
        fn capabilities(&self) -> heptad_core::search::Capabilities {
            heptad_core::search::Capabilities::new("unreadable")
        }
        async fn ensure(&self, _: &str, _: &Schema) -> Result<Found> {
            gone()
        }
        async fn checkpoint(&self, _: &str) -> Result<Option<Checkpoint>> {
            gone()
        }
        async fn apply(&self, _: &str, _: Changes) -> Result<()> {
            gone()
        }
        async fn query(&self, _: &str, _: &SearchQuery) -> Result<SearchPage> {
            gone()
        }
        async fn remove(&self, _: &str) -> Result<()> {
            gone()
        }
    }

    /// A store with one indexed note, and the catalog that indexed it.
    async fn noted(ports: &Ports) -> Catalog {
        let catalog = Catalog::new(ports.store.clone(), Arc::new(TantivyIndex::in_memory()));
        catalog.define("notes", &Schema::new([Field::text("body")]).unwrap()).await.unwrap();
        catalog.put("notes", vec![Document::new("1").with("body", "rain")]).await.unwrap();
        catalog
    }

    async fn health_with(ports: Ports, search: Catalog) -> Health {
        let ports = Ports { search: Some(search), ..ports };
        Platform::new(Context::owner(Kernel::new(ports))).health().await.unwrap()
    }

    #[tokio::test]
    async fn an_index_that_answers_is_well() {
        let (ports, _) = ports();
        let catalog = noted(&ports).await;
        let mut staged = Batch::new();
        catalog.stage(&mut staged, "notes", Vec::new(), vec!["1".into()]).await.unwrap();
        ports.store.commit(staged).await.unwrap();
        let health = health_with(ports, catalog).await;
        assert_eq!(states(&health)[2], ("search", "tantivy", HealthState::Ok));
        let detail = health.parts[2].detail.as_deref();
        assert_eq!(detail, Some("1 collection; 1 change to be applied by the next query"));
    }

    #[tokio::test]
    async fn an_index_that_fails_can_be_done_without() {
        let (ports, _) = ports();
        noted(&ports).await;
        let unreadable = Catalog::new(ports.store.clone(), Arc::new(Unreadable));
        let health = health_with(ports, unreadable).await;
        assert_eq!((health.state, health.failed), (HealthState::Degraded, false));
        assert_eq!(states(&health)[2], ("search", "unreadable", HealthState::Failed));
        assert_eq!(health.parts[2].detail.as_deref(), Some("unavailable: the disk is gone"));
    }

    #[tokio::test]
    async fn an_index_that_was_lost_is_degraded_until_it_is_asked() {
        let (ports, _) = ports();
        noted(&ports).await;
        let empty = Catalog::new(ports.store.clone(), Arc::new(TantivyIndex::in_memory()));
        let (kernel, again) = (empty.clone(), ports.store.clone());
        let health = health_with(ports, empty).await;
        assert_eq!(states(&health)[2], ("search", "tantivy", HealthState::Degraded));
        let detail = health.parts[2].detail.as_deref();
        assert_eq!(detail, Some("1 collection; to be built anew by the next query: notes"));

        assert_eq!(kernel.query("notes", &SearchQuery::text("rain")).await.unwrap().total, 1);
        let health = health_with(Ports { store: again, ..super::ports().0 }, kernel).await;
        assert_eq!(health.state, HealthState::Ok, "{health:?}");
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_disk_of_the_store_tells_its_room() {
    use heptad_core::{
        config::{Config, LoadOptions, STORE_PATH},
        store::sqlite::{SqliteOptions, SqliteStore},
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    for (told, state, part) in [
        (path.clone(), None, "MiB free"),
        (folder.path().join("elsewhere/a.db"), Some(HealthState::Failed), "does not tell its room"),
    ] {
        let (mut ports, clock) = ports();
        let store = SqliteStore::open(&path, SqliteOptions::default(), Arc::new(clock)).await.unwrap();
        ports.store = Arc::new(store);
        ports.config = Config::load(LoadOptions::new().path(&STORE_PATH, &told)).unwrap();
        let health = Platform::new(Context::owner(Kernel::new(ports))).health().await.unwrap();
        let disk = health.parts.iter().find(|part| part.port == "disk").unwrap();
        assert!(disk.detail.as_deref().unwrap().contains(part), "{disk:?}");
        assert!(state.is_none_or(|state| disk.state == state) && !health.failed, "{health:?}");
    }
}

fn gone<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Unavailable, "the disk is gone"))
}

/// How a broken store answers.
#[async_trait]
trait Breakage: Send + Sync {
    async fn get(&self) -> Result<Option<Record>>;
}

/// It fails.
struct Lost;

/// It never answers.
struct Silent;

/// It answers after two seconds.
struct Late(heptad_testkit::VirtualClock);

#[async_trait]
impl Breakage for Lost {
    async fn get(&self) -> Result<Option<Record>> {
        gone()
    }
}

#[async_trait]
impl Breakage for Silent {
    async fn get(&self) -> Result<Option<Record>> {
        pending().await
    }
}

#[async_trait]
impl Breakage for Late {
    async fn get(&self) -> Result<Option<Record>> {
        heptad_core::clock::Clock::sleep(&self.0, Duration::from_secs(2)).await;
        Ok(None)
    }
}

struct Broken<B>(B);

#[async_trait]
impl<B: Breakage + 'static> Store for Broken<B> {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new("broken", true, false)
    }
    async fn get(&self, _: &Key) -> Result<Option<Record>> {
        self.0.get().await
    }
    async fn scan(&self, _: KeyRange, _: Page) -> Result<Vec<Record>> {
        gone()
    }
    async fn commit(&self, _: Batch) -> Result<Receipt> {
        gone()
    }
    async fn read(&self, _: &StreamId, _: Offset, _: usize) -> Result<Vec<Entry>> {
        gone()
    }
    fn watch(&self, _: &StreamId) -> Watch {
        unreachable!("nobody watches here")
    }
}
