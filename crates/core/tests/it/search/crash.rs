//! SIGKILL while documents are put, replaced and deleted, and indexed: afterwards the index says what a scan of the store says.

use std::{path::Path, sync::Arc};

use futures_util::future::join_all;
use heptad_core::{
    search::{Catalog, Document, SearchQuery, tantivy::TantivyIndex},
    store::{Store, sqlite::SqliteOptions},
};
use heptad_testkit::crash::{Crash, Life, Remains};

use super::catalog::{schema, truth};
use crate::store::crash::{open, quick};

/// How many tasks of the child change documents at once.
const WORKERS: usize = 4;

#[test]
fn the_index_agrees_with_the_store_after_every_kill() {
    Crash::new("search::crash::the_index_agrees_with_the_store_after_every_kill")
        .rounds(6)
        .most_acknowledgements(24)
        .run(
            async |life| {
                let store = open(&life.folder, SqliteOptions::default()).await;
                let catalog = catalog(&store, &life.folder).await;
                work(life, catalog).await;
            },
            async |remains| {
                let store = open(&remains.folder, quick()).await;
                let catalog = catalog(&store, &remains.folder).await;
                check(&catalog, &store, &remains).await;
            },
        );
}

/// The documents of `store`, with their index in `folder`.
pub(crate) async fn catalog(store: &Arc<dyn Store>, folder: &Path) -> Catalog {
    let catalog = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(folder.join("index"))));
    catalog.define("notes", &schema()).await.expect("the collection is defined");
    catalog
}

/// Puts, replaces and deletes for ever, with several tasks at once.
pub(crate) async fn work(life: Life, catalog: Catalog) {
    let workers = (0..WORKERS).map(|worker| tokio::spawn(change(life.clone(), catalog.clone(), worker)));
    for worker in join_all(workers.collect::<Vec<_>>()).await {
        worker.expect("a worker works until it is killed");
    }
}

async fn change(life: Life, catalog: Catalog, worker: usize) {
    for round in 0.. {
        let id = format!("{}-{worker}-{round}", life.life);
        let documents = vec![
            Document::new(id.clone()).with("body", "rain").with("year", round),
            Document::new(format!("shared-{}", round % 7)).with("body", format!("hail {worker}")),
        ];
        catalog.put("notes", documents).await.expect("put");
        life.acknowledge(format_args!("put {id}"));
        let replaced = Document::new(format!("shared-{}", round % 5)).with("body", "rain and hail");
        catalog.put("notes", vec![replaced]).await.expect("put");
        let gone = (round > 2).then(|| format!("{}-{worker}-{}", life.life, round - 3));
        let shared = format!("shared-{}", round % 3);
        // Every third document goes again.
        let gone = gone.filter(|_| round % 3 == 0);
        catalog.delete("notes", gone.iter().cloned().chain([shared]).collect()).await.expect("deleted");
        if let Some(gone) = gone {
            life.acknowledge(format_args!("deleted {gone}"));
        }
    }
}

/// The index finds what a scan of the store finds, and what was acknowledged.
pub(crate) async fn check(catalog: &Catalog, store: &Arc<dyn Store>, remains: &Remains) {
    for line in ["*", "rain", "hail", "rain -hail", "year:[2 TO 5]", "\"rain hail\""] {
        let found = find(catalog, line).await;
        assert_eq!(found, truth(store, line).await, "{line}");
    }
    let all = find(catalog, "*").await;
    let deleted: Vec<&str> = remains.told("deleted").collect();
    for id in &deleted {
        assert!(all.binary_search(&(*id).to_owned()).is_err(), "{id} was deleted and is gone");
    }
    for id in remains.told("put") {
        // A deletion that was not heard of may have come about.
        let round: u64 = id.rsplit('-').next().expect("a round").parse().expect("a number");
        let certain = !round.is_multiple_of(3);
        let there = all.binary_search(&id.to_owned()).is_ok();
        assert!(there || !certain || deleted.contains(&id), "{id} was put and is found");
    }
}

/// The ids of the documents that the index finds.
pub(crate) async fn find(catalog: &Catalog, line: &str) -> Vec<String> {
    let query = SearchQuery::text(line).window(0, 10_000);
    let page = catalog.query("notes", &query).await.expect("answered");
    assert_eq!(page.behind, 0);
    let mut found: Vec<_> = page.hits.into_iter().map(|hit| hit.id).collect();
    found.sort();
    found
}
