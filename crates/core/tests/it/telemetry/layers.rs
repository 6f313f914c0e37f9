//! A metered port is the port, and counts.

use std::{sync::Arc, time::Duration};

use heptad_core::{
    ErrorKind,
    clock::Clock,
    events::{Event, EventBus, GroupConfig, LocalBus, Topic},
    store::{
        Batch, Expect, Key, KeyRange, Offset, Page, Producer, Store, StreamId, Value, memory::MemoryStore,
    },
    telemetry::{MeteredBus, MeteredStore, Metrics},
};
use heptad_testkit::VirtualClock;

use super::text::parse;

fn metered() -> (MeteredStore, Metrics, VirtualClock) {
    let (metrics, clock) = (Metrics::new(), VirtualClock::new());
    let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    (MeteredStore::new(store, &metrics, Arc::new(clock.clone())), metrics, clock)
}

/// The value of the one series with these labels; nothing where it is not there.
fn value(metrics: &Metrics, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let families = parse(&metrics.render());
    let has = |found: &std::collections::BTreeMap<String, String>| {
        labels.iter().all(|(label, value)| found.get(*label).is_some_and(|found| found == value))
    };
    let mut of = families.values().flat_map(|family| &family.samples);
    of.find(|(sample, found, _)| sample == name && has(found)).map(|(.., value)| *value)
}

fn item(metrics: &Metrics, item: &str) -> f64 {
    value(metrics, "heptad_port_items_total", &[("item", item)]).unwrap()
}

#[tokio::test]
async fn a_metered_store_counts_verbs_outcomes_and_what_went_through() {
    let (store, metrics, _) = metered();
    let (key, log) = (Key::new("users", "ada").unwrap(), StreamId::new("users.log").unwrap());
    let entry = || vec![Value::json(&1).unwrap(), Value::json(&2).unwrap()];
    let producer = Producer { id: "p".into(), epoch: 1, sequence: 1 };
    let mut batch = Batch::new();
    batch.put_if(key.clone(), Value::json(&"Ada").unwrap(), Expect::Absent).append_once(
        log.clone(),
        entry(),
        producer,
    );
    store.commit(batch.clone()).await.unwrap();
    store.commit(batch).await.unwrap();
    let mut conflict = Batch::new();
    conflict.require(key.clone(), Expect::Absent);
    store.commit(conflict).await.unwrap_err();
    store.get(&key).await.unwrap().unwrap();
    assert!(store.get(&Key::new("users", "bob").unwrap()).await.unwrap().is_none());
    store.scan(KeyRange::all("users"), Page::first(10)).await.unwrap();
    store.read(&log, Offset::START, 10).await.unwrap();

    let calls = |verb, outcome| {
        value(
            &metrics,
            "heptad_port_calls_total",
            &[("port", "store"), ("adapter", "memory"), ("verb", verb), ("outcome", outcome)],
        )
    };
    assert_eq!((calls("commit", "ok"), calls("commit", "conflict")), (Some(2.0), Some(1.0)));
    assert_eq!(
        (calls("get", "ok"), calls("scan", "ok"), calls("read", "ok")),
        (Some(2.0), Some(1.0), Some(1.0))
    );
    let items = ["records_changed", "entries_appended", "records_read", "entries_read"]
        .map(|name| item(&metrics, name));
    assert_eq!(items, [1.0, 2.0, 2.0, 2.0], "what was applied before is not counted again");
}

#[tokio::test]
async fn a_verb_that_nobody_waits_for_any_more_is_cancelled() {
    let (metrics, clock) = (Metrics::new(), VirtualClock::new());
    let store = MeteredStore::new(Arc::new(Slow(clock.clone())), &metrics, Arc::new(clock.clone()));
    let key = Key::new("users", "ada").unwrap();
    let mut waiting = Box::pin(store.get(&key));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    clock.advance(Duration::from_secs(2));
    drop(waiting);
    assert_eq!(
        value(&metrics, "heptad_port_calls_total", &[("verb", "get"), ("outcome", "cancelled")]),
        Some(1.0)
    );
    assert_eq!(value(&metrics, "heptad_port_seconds_sum", &[("verb", "get")]), Some(2.0));
    assert_eq!(
        store.scan(KeyRange::all("users"), Page::first(1)).await.unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

/// A store whose reads take an hour.
struct Slow(VirtualClock);

#[async_trait::async_trait]
impl Store for Slow {
    fn capabilities(&self) -> heptad_core::store::Capabilities {
        heptad_core::store::Capabilities::new("slow", false, false)
    }
    async fn get(&self, _: &Key) -> heptad_core::Result<Option<heptad_core::store::Record>> {
        self.0.sleep(Duration::from_secs(3600)).await;
        Ok(None)
    }
    async fn scan(&self, _: KeyRange, _: Page) -> heptad_core::Result<Vec<heptad_core::store::Record>> {
        Err(heptad_core::Error::new(ErrorKind::Unsupported, "it only gets"))
    }
    async fn commit(&self, _: Batch) -> heptad_core::Result<heptad_core::store::Receipt> {
        Err(heptad_core::Error::new(ErrorKind::Unsupported, "it only gets"))
    }
    async fn read(
        &self,
        _: &StreamId,
        _: Offset,
        _: usize,
    ) -> heptad_core::Result<Vec<heptad_core::store::Entry>> {
        Err(heptad_core::Error::new(ErrorKind::Unsupported, "it only gets"))
    }
    fn watch(&self, _: &StreamId) -> heptad_core::store::Watch {
        unreachable!("nobody watches here")
    }
}

#[tokio::test]
async fn a_metered_bus_counts_publications_deliveries_and_how_they_were_settled() {
    let (store, metrics, clock) = metered();
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let bus = MeteredBus::new(Arc::new(LocalBus::new(Arc::new(store), Arc::clone(&clock))), &metrics, clock);
    let topic = Topic::new("orders").unwrap();
    let events = ["1", "2", "3"].map(|id| Event::new("/tests", "order.placed").id(id)).into();
    bus.publish(&topic, events, None).await.unwrap();
    let subscription = bus.subscribe(&topic, GroupConfig::new("mail")).await.unwrap();
    subscription.next().await.unwrap().ack().await.unwrap();
    subscription.next().await.unwrap().nack("later").await.unwrap();
    subscription.next().await.unwrap().reject("never").await.unwrap();

    let names = ["published", "delivered", "redelivered", "acknowledged", "failed", "rejected"];
    assert_eq!(names.map(|name| item(&metrics, name)), [3.0, 3.0, 0.0, 1.0, 1.0, 1.0]);
    assert_eq!(
        value(&metrics, "heptad_port_calls_total", &[("port", "events"), ("verb", "publish")]),
        Some(1.0)
    );
    assert!(item(&metrics, "entries_appended") >= 3.0, "the bus stands on the metered store");
}

#[cfg(feature = "tantivy")]
#[tokio::test]
async fn a_metered_index_counts_verbs_outcomes_documents_and_hits() {
    use heptad_core::{
        search::{
            Changes, Checkpoint, Document, Field, Found, Schema, SearchIndex, SearchQuery,
            tantivy::TantivyIndex,
        },
        telemetry::MeteredIndex,
    };
    let (metrics, clock) = (Metrics::new(), Arc::new(VirtualClock::new()));
    let index = MeteredIndex::new(Arc::new(TantivyIndex::in_memory()), &metrics, clock);
    assert_eq!(index.capabilities().name, "tantivy");
    let schema = Schema::new([Field::text("body")]).unwrap();
    let upsert = ["1", "2", "3"].map(|id| Document::new(id).with("body", "rain")).into();
    let checkpoint = Some(Checkpoint("here".into()));
    let missing = index.query("notes", &SearchQuery::text("rain")).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(index.ensure("notes", &schema).await.unwrap(), Found::Created);
    let changes = Changes { upsert, checkpoint: checkpoint.clone(), ..Changes::default() };
    index.apply("notes", changes).await.unwrap();
    assert_eq!(index.checkpoint("notes").await.unwrap(), checkpoint);
    let refused = Changes { upsert: vec![Document::new("4").with("x", "y")], ..Changes::default() };
    assert_eq!(index.apply("notes", refused).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    let deleted = Changes { delete: vec!["1".into()], ..Changes::default() };
    index.apply("notes", deleted).await.unwrap();
    assert_eq!(index.query("notes", &SearchQuery::text("rain")).await.unwrap().total, 2);
    index.remove("notes").await.unwrap();

    let calls = |verb, outcome| {
        let labels = [("port", "search"), ("adapter", "tantivy"), ("verb", verb), ("outcome", outcome)];
        value(&metrics, "heptad_port_calls_total", &labels)
    };
    for verb in ["ensure", "checkpoint", "query", "remove"] {
        assert_eq!(calls(verb, "ok"), Some(1.0), "{verb}");
    }
    assert_eq!((calls("query", "not_found"), calls("apply", "ok")), (Some(1.0), Some(2.0)));
    assert_eq!(calls("apply", "invalid_input"), Some(1.0));
    let timed = [("port", "search"), ("verb", "apply")];
    assert_eq!(value(&metrics, "heptad_port_seconds_count", &timed), Some(3.0));
    let items = ["documents_written", "documents_deleted", "hits"].map(|name| item(&metrics, name));
    assert_eq!(items, [3.0, 1.0, 2.0], "what was refused is not counted");
}

#[test]
fn group_sizes_are_a_histogram_of_the_adapter() {
    let metrics = Metrics::new();
    let sizes = metrics.group_sizes("sqlite");
    for batches in [1, 3, 100, usize::MAX] {
        sizes.observe(batches);
    }
    let bucket = |le| value(&metrics, "heptad_store_group_size_bucket", &[("adapter", "sqlite"), ("le", le)]);
    assert_eq!(
        (bucket("1"), bucket("4"), bucket("128"), bucket("256")),
        (Some(1.0), Some(2.0), Some(3.0), Some(3.0))
    );
    assert_eq!(value(&metrics, "heptad_store_group_size_count", &[("adapter", "sqlite")]), Some(4.0));
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_sqlite_store_says_how_many_commits_share_a_transaction() {
    use heptad_core::store::sqlite::{SqliteOptions, SqliteStore};
    let (metrics, folder) = (Metrics::new(), tempfile::tempdir().unwrap());
    let options =
        SqliteOptions { group_sizes: Some(metrics.group_sizes("sqlite")), ..SqliteOptions::default() };
    let clock = Arc::new(VirtualClock::new());
    let store = SqliteStore::open(folder.path().join("a.db"), options, clock).await.unwrap();
    let commits = (0..40).map(|index| {
        let mut batch = Batch::new();
        batch.put(Key::new("users", format!("{index}")).unwrap(), Value::json(&index).unwrap());
        store.commit(batch)
    });
    futures_util::future::try_join_all(commits).await.unwrap();
    drop(store);
    assert_eq!(value(&metrics, "heptad_store_group_size_sum", &[("adapter", "sqlite")]), Some(40.0));
}
