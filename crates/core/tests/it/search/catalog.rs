//! The catalog: an index that agrees with the store, whatever happens to either.

use std::sync::Arc;

use heptad_core::{
    ErrorKind, Result,
    progress::Silent,
    search::{
        Catalog, Document, Field, FieldKind, Query, Schema, SearchIndex, SearchQuery, tantivy::TantivyIndex,
    },
    store::{Batch, Expect, Key, KeyRange, Offset, Page, Store, StreamId, Value, memory::MemoryStore},
};
use heptad_testkit::{VirtualClock, search::ScanIndex};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tempfile::TempDir;

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::new(VirtualClock::new())))
}

pub(super) fn schema() -> Schema {
    Schema::new([Field::text("body"), Field::new("year", FieldKind::Integer)]).expect("a valid schema")
}

fn note(id: &str, body: &str) -> Document {
    Document::new(id).with("body", body)
}

async fn ids(catalog: &Catalog, line: &str) -> Vec<String> {
    let page = catalog.query("notes", &SearchQuery::text(line).window(0, 1000)).await.expect("answered");
    assert_eq!(page.behind, 0);
    let mut ids: Vec<_> = page.hits.into_iter().map(|hit| hit.id).collect();
    ids.sort();
    ids
}

/// What a scan of the store finds: the truth.
pub(super) async fn truth(store: &Arc<dyn Store>, line: &str) -> Vec<String> {
    let scan = ScanIndex::default();
    scan.ensure("notes", &schema()).await.expect("made");
    let records =
        store.scan(KeyRange::all("search.documents:notes"), Page::first(10_000)).await.expect("scanned");
    let upsert = records.iter().map(|record| Document {
        id: record.key.id().to_owned(),
        fields: record.value.decode().expect("a document"),
    });
    let changes = heptad_core::search::Changes { upsert: upsert.collect(), ..Default::default() };
    scan.apply("notes", changes).await.expect("applied");
    let page = scan.query("notes", &SearchQuery::text(line).window(0, 10_000)).await.expect("answered");
    page.hits.into_iter().map(|hit| hit.id).collect()
}

async fn agree(catalog: &Catalog, store: &Arc<dyn Store>) {
    for line in ["*", "rain", "hail", "rain -hail", "year:[2 TO 5]"] {
        assert_eq!(ids(catalog, line).await, truth(store, line).await, "{line}");
    }
}

#[tokio::test]
async fn documents_are_found_as_soon_as_they_are_put_and_gone_when_deleted() -> Result<()> {
    let store = store();
    let catalog = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_memory()));
    catalog.define("notes", &schema()).await?;
    catalog.put("notes", vec![note("1", "rain"), note("2", "hail"), note("2", "rain and hail")]).await?;
    assert_eq!(ids(&catalog, "rain").await, ["1", "2"]);
    catalog.delete("notes", vec!["1".into(), "unknown".into()]).await?;
    assert_eq!(ids(&catalog, "rain").await, ["2"]);
    let collections = catalog.collections().await?;
    assert_eq!((collections[0].name.as_str(), collections[0].documents), ("notes", 1));
    assert_eq!(collections[0].schema, schema());
    Ok(())
}

#[tokio::test]
async fn what_the_store_commits_with_something_else_is_found_by_the_next_query() -> Result<()> {
    let store = store();
    let catalog = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_memory()));
    catalog.define("notes", &schema()).await?;
    let order = Key::new("orders", "1")?;
    let mut batch = Batch::new();
    batch.put_if(order.clone(), Value::json("paid")?, Expect::Absent);
    catalog.stage(&mut batch, "notes", vec![note("1", "rain")], Vec::new()).await?;
    assert_eq!(ids(&catalog, "rain").await, [""; 0], "nothing is committed yet");
    store.commit(batch.clone()).await?;
    assert_eq!(ids(&catalog, "rain").await, ["1"]);
    let again = store.commit(batch).await.expect_err("the order is there already");
    assert_eq!(again.kind(), ErrorKind::Conflict);
    Ok(())
}

#[tokio::test]
async fn documents_that_do_not_fit_change_nothing() -> Result<()> {
    let catalog = Catalog::new(store(), Arc::new(TantivyIndex::in_memory()));
    let missing = catalog.put("notes", vec![note("1", "rain")]).await.expect_err("not defined");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    catalog.define("notes", &schema()).await?;
    let misfit = catalog
        .put("notes", vec![note("1", "rain"), note("2", "hail").with("year", "x")])
        .await
        .expect_err("a misfit");
    assert_eq!(misfit.kind(), ErrorKind::InvalidInput);
    assert!(misfit.to_string().contains("document: 2"), "{misfit}");
    assert_eq!(ids(&catalog, "*").await, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn another_schema_builds_the_index_anew_and_must_fit() -> Result<()> {
    let catalog = Catalog::new(store(), Arc::new(TantivyIndex::in_memory()));
    catalog.define("notes", &schema()).await?;
    catalog.put("notes", vec![note("1", "parseUrl").with("year", 7)]).await?;
    assert_eq!(ids(&catalog, "url").await, [""; 0], "prose does not take identifiers apart");
    let code = Schema::new([Field::code("body"), Field::new("year", FieldKind::Integer)])?;
    catalog.define("notes", &code).await?;
    assert_eq!(ids(&catalog, "url").await, ["1"]);
    let misfit = Schema::new([Field::code("body"), Field::new("year", FieldKind::Boolean)])?;
    let refused = catalog.define("notes", &misfit).await.expect_err("a year is no boolean");
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(catalog.schema("notes").await?, code);
    assert_eq!(ids(&catalog, "url").await, ["1"]);
    Ok(())
}

#[tokio::test]
async fn a_rebuild_finds_what_is_in_the_store() -> Result<()> {
    let store = store();
    let catalog = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_memory()));
    catalog.define("notes", &schema()).await?;
    let notes =
        (0..1203).map(|id| note(&id.to_string(), if id % 3 == 0 { "rain" } else { "hail" })).collect();
    catalog.put("notes", notes).await?;
    let rebuilt = catalog.rebuild("notes", &Silent).await?;
    assert_eq!((rebuilt.documents, rebuilt.skipped.len()), (1203, 0));
    assert_eq!(ids(&catalog, "rain").await.len(), 401);
    catalog.put("notes", vec![note("new", "rain")]).await?;
    assert_eq!(ids(&catalog, "rain").await.len(), 402);
    Ok(())
}

#[tokio::test]
async fn an_index_of_another_store_is_noticed() -> Result<()> {
    let folder = TempDir::new().expect("a temporary folder");
    for body in ["rain", "hail"] {
        // The same names, offsets and times, but another history.
        let store = store();
        let catalog = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(folder.path())));
        catalog.define("notes", &schema()).await?;
        catalog.put("notes", vec![note("1", body)]).await?;
        assert_eq!(ids(&catalog, body).await, ["1"]);
        agree(&catalog, &store).await;
    }
    Ok(())
}

#[tokio::test]
async fn the_stream_of_changes_is_forgotten_when_it_was_read_and_a_late_index_is_built_anew() -> Result<()> {
    let store = store();
    let late = TempDir::new().expect("a temporary folder");
    let stale = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(late.path())));
    stale.define("notes", &schema()).await?;
    stale.put("notes", vec![note("old", "rain")]).await?;
    let catalog = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_memory()));
    catalog.define("notes", &schema()).await?;
    for round in 0..4 {
        let notes = (0..200).map(|id| note(&format!("{round}-{id}"), "hail")).collect();
        catalog.put("notes", notes).await?;
    }
    let changes = StreamId::new("search.changes:notes")?;
    let kept = store.read(&changes, Offset::START, 10_000).await?;
    assert!(kept[0].offset > Offset(200), "the first entries are gone: {}", kept[0].offset);
    assert!(kept.len() < 700, "{}", kept.len());
    assert_eq!(ids(&stale, "rain").await, ["old"]);
    agree(&stale, &store).await;
    agree(&catalog, &store).await;
    Ok(())
}

#[tokio::test]
async fn an_index_that_is_lost_or_damaged_comes_back() -> Result<()> {
    let (store, folder) = (store(), TempDir::new().expect("a temporary folder"));
    let open = || Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(folder.path())));
    let catalog = open();
    catalog.define("notes", &schema()).await?;
    catalog.put("notes", vec![note("1", "rain"), note("2", "hail")]).await?;
    drop(catalog);
    std::fs::remove_dir_all(folder.path().join("notes")).expect("removed");
    agree(&open(), &store).await;
    for entry in std::fs::read_dir(folder.path().join("notes")).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "idx" || extension == "store") {
            std::fs::write(path, b"garbage").expect("damaged");
        }
    }
    agree(&open(), &store).await;
    Ok(())
}

#[tokio::test]
async fn a_reader_beside_a_writer_says_how_far_it_is_behind() -> Result<()> {
    let (store, folder) = (store(), TempDir::new().expect("a temporary folder"));
    let writer = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(folder.path())));
    writer.define("notes", &schema()).await?;
    writer.put("notes", vec![note("1", "rain")]).await?;
    let reader = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(folder.path())));
    assert_eq!(ids(&reader, "rain").await, ["1"]);
    reader.put("notes", vec![note("2", "rain"), note("3", "rain")]).await?;
    let page = reader.query("notes", &SearchQuery::text("rain")).await?;
    assert_eq!((page.total, page.behind), (1, 2), "stored, and left to the writer to index");
    assert_eq!(ids(&writer, "rain").await, ["1", "2", "3"]);
    assert_eq!(ids(&reader, "rain").await, ["1", "2", "3"]);
    Ok(())
}

/// What happens to a catalog.
#[derive(Clone, Debug)]
enum Step {
    /// Documents are put and deleted, and indexed.
    Change(Vec<(u8, u8)>, Vec<u8>),
    /// The same, but the process dies between the commit of the store and that of the index.
    ChangeUnindexed(Vec<(u8, u8)>, Vec<u8>),
    /// The process ends and starts again.
    Reopen,
    /// The index goes back to an older copy of itself.
    RestoreIndex,
    /// Somebody asks.
    Query,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let put = || prop::collection::vec((0..20u8, 0..8u8), 0..6);
    let delete = || prop::collection::vec(0..20u8, 0..3);
    let step = prop_oneof![
        3 => (put(), delete()).prop_map(|(put, delete)| Step::Change(put, delete)),
        3 => (put(), delete()).prop_map(|(put, delete)| Step::ChangeUnindexed(put, delete)),
        2 => Just(Step::Reopen),
        1 => Just(Step::RestoreIndex),
        1 => Just(Step::Query),
    ];
    prop::collection::vec(step, 1..12)
}

fn documents(put: &[(u8, u8)]) -> Vec<Document> {
    let bodies = ["rain", "hail", "rain and hail", "snow"];
    let document = |&(id, kind): &(u8, u8)| {
        note(&id.to_string(), bodies[usize::from(kind % 4)]).with("year", i64::from(kind))
    };
    put.iter().map(document).collect()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("listed") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

#[test]
fn the_index_agrees_with_the_store_wherever_the_process_died() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runner = TestRunner::new(Config { cases: 32, failure_persistence: None, ..Config::default() });
    runner
        .run(&steps(), |steps| {
            runtime.block_on(async {
                let (store, folder) = (store(), TempDir::new().expect("a temporary folder"));
                let (live, older) = (folder.path().join("live"), folder.path().join("older"));
                let open = || Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(&live)));
                let mut catalog = open();
                catalog.define("notes", &schema()).await.expect("defined");
                copy(&live.join("notes"), &older);
                for step in steps {
                    match step {
                        Step::Change(put, delete) => {
                            let delete = delete.iter().map(u8::to_string).collect();
                            catalog.delete("notes", delete).await.expect("deleted");
                            catalog.put("notes", documents(&put)).await.expect("put");
                        }
                        Step::ChangeUnindexed(put, delete) => {
                            let (mut batch, delete) =
                                (Batch::new(), delete.iter().map(u8::to_string).collect());
                            catalog
                                .stage(&mut batch, "notes", documents(&put), delete)
                                .await
                                .expect("staged");
                            store.commit(batch).await.expect("committed");
                            drop(catalog);
                            catalog = open();
                        }
                        Step::Reopen => {
                            drop(catalog);
                            copy(&live.join("notes"), &older);
                            catalog = open();
                        }
                        Step::RestoreIndex => {
                            drop(catalog);
                            copy(&older, &live.join("notes"));
                            catalog = open();
                        }
                        Step::Query => agree(&catalog, &store).await,
                    }
                }
                drop(catalog);
                agree(&open(), &store).await;
                Ok(())
            })
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_changes_and_queries_end_in_agreement() -> Result<()> {
    let store = store();
    let catalog = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_memory()));
    catalog.define("notes", &schema()).await?;
    let tasks = (0..6).map(|task| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            for round in 0..5 {
                let id = format!("{task}-{round}");
                catalog
                    .put("notes", vec![note(&id, "rain"), note("shared", &format!("hail {task}"))])
                    .await?;
                let mine = SearchQuery::new(Query::word("rain")).window(0, 100);
                let page = catalog.query("notes", &mine).await?;
                assert!(page.hits.iter().any(|hit| hit.id == id), "{id} is found as soon as it was put");
            }
            Ok(())
        })
    });
    for task in tasks.collect::<Vec<tokio::task::JoinHandle<Result<()>>>>() {
        task.await.expect("no panic")?;
    }
    agree(&catalog, &store).await;
    assert_eq!(ids(&catalog, "rain").await.len(), 30);
    Ok(())
}
