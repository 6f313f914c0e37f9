//! SIGKILL while documents are put, replaced and deleted, and indexed: afterwards the index says what a scan of the store says.

use std::{path::Path, sync::Arc};

use heptad_core::{
    clock::SystemClock,
    search::{Catalog, Document, SearchQuery, tantivy::TantivyIndex},
    store::{
        Store,
        sqlite::{SqliteOptions, SqliteStore},
    },
};
use heptad_testkit::crash::{Crash, Life};

use super::catalog::{schema, truth};

/// How many tasks of the child change documents at once.
const WORKERS: usize = 4;

async fn open(folder: &Path) -> (Catalog, Arc<dyn Store>) {
    let path = folder.join("store.db");
    let opened = SqliteStore::open(path, SqliteOptions::default(), Arc::new(SystemClock)).await;
    let store: Arc<dyn Store> = Arc::new(opened.expect("the store opens"));
    let catalog = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(folder.join("index"))));
    catalog.define("notes", &schema()).await.expect("the collection is defined");
    (catalog, store)
}

async fn work(life: Life, catalog: Catalog, worker: usize) {
    for round in 0.. {
        let id = format!("{}-{worker}-{round}", life.life);
        let documents = vec![
            Document::new(id.clone()).with("body", "rain").with("year", round),
            Document::new(format!("shared-{}", round % 7)).with("body", format!("hail {worker}")),
        ];
        catalog.put("notes", documents).await.expect("put");
        life.acknowledge(id);
        let replaced = Document::new(format!("shared-{}", round % 5)).with("body", "rain and hail");
        catalog.put("notes", vec![replaced]).await.expect("put");
        catalog.delete("notes", vec![format!("shared-{}", round % 3)]).await.expect("deleted");
    }
}

#[test]
fn the_index_agrees_with_the_store_after_every_kill() {
    Crash::new("search::crash::the_index_agrees_with_the_store_after_every_kill")
        .most_acknowledgements(40)
        .run(
            |life: Life| async move {
                let (catalog, _store) = open(&life.folder).await;
                let workers =
                    (0..WORKERS).map(|worker| tokio::spawn(work(life.clone(), catalog.clone(), worker)));
                for worker in workers.collect::<Vec<_>>() {
                    worker.await.expect("a worker works until it is killed");
                }
            },
            |remains| async move {
                let (catalog, store) = open(&remains.folder).await;
                for line in ["*", "rain", "hail", "rain -hail", "year:[2 TO 5]", "\"rain hail\""] {
                    let query = SearchQuery::text(line).window(0, 10_000);
                    let page = catalog.query("notes", &query).await.expect("answered");
                    let mut found: Vec<_> = page.hits.into_iter().map(|hit| hit.id).collect();
                    found.sort();
                    assert_eq!(page.behind, 0);
                    assert_eq!(found, truth(&store, line).await, "{line}");
                    if line == "rain" {
                        for id in &remains.acknowledged {
                            assert!(found.binary_search(id).is_ok(), "{id} was put and is found");
                        }
                    }
                }
            },
        );
}
