//! SIGKILL while a collection is filled and dropped, again and again: what was dropped never comes back.

use heptad_core::{
    progress::Silent,
    search::{Document, SearchQuery},
    store::sqlite::SqliteOptions,
};
use heptad_testkit::crash::Crash;

use super::{
    catalog::{schema, truth},
    crash::catalog,
};
use crate::store::crash::{open, quick};

/// More documents than are removed in one commit.
const DOCUMENTS: usize = 600;

#[test]
fn a_dropped_collection_never_comes_back_after_a_kill() {
    Crash::new("search::drop_crash::a_dropped_collection_never_comes_back_after_a_kill")
        .rounds(6)
        .most_acknowledgements(3)
        .run(
            async |life| {
                let store = open(&life.folder, SqliteOptions::default()).await;
                let catalog = catalog(&store, &life.folder).await;
                for round in 0.. {
                    let note = |n| Document::new(format!("{}-{round}/{n}", life.life)).with("body", "rain");
                    catalog.put("notes", (0..DOCUMENTS).map(note).collect()).await.expect("put");
                    catalog.drop_collection("notes", &Silent).await.expect("dropped");
                    life.acknowledge(format_args!("dropped {}-{round}", life.life));
                    catalog.define("notes", &schema()).await.expect("defined");
                }
            },
            async |remains| {
                // Opening defines the collection, which finishes a drop that was cut short.
                let store = open(&remains.folder, quick()).await;
                let catalog = catalog(&store, &remains.folder).await;
                let query = SearchQuery::text("rain").window(0, 10_000);
                let page = catalog.query("notes", &query).await.expect("answered");
                let mut found: Vec<_> = page.hits.into_iter().map(|hit| hit.id).collect();
                found.sort();
                assert_eq!(found, truth(&store, "rain").await);
                assert!(
                    found.is_empty() || found.len().is_multiple_of(DOCUMENTS),
                    "whole or gone, not {}",
                    found.len()
                );
                for id in &found {
                    let (round, _) = id.split_once('/').expect("as it was put");
                    assert!(!remains.told("dropped").any(|dropped| dropped == round), "{id} came back");
                }
            },
        );
}
