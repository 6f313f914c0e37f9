//! Vectors agree with the documents, whatever happens to either.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use heptad_core::{
    Result,
    progress::Silent,
    search::{Catalog, Field, FieldKind, Mode, Schema, SearchQuery, tantivy::TantivyIndex},
    store::{Batch, KeyRange, Page, Store, Value},
};
use heptad_testkit::llm::Parrot;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{Letters, catalog, ids, note, page, schema, store};

async fn records(store: &Arc<dyn Store>) -> Vec<String> {
    let records =
        store.scan(KeyRange::all("search.vectors:notes"), Page::first(1000)).await.expect("scanned");
    records.into_iter().map(|record| record.key.id().to_owned()).collect()
}

fn near(line: &str) -> SearchQuery {
    SearchQuery::text(line).ranked(Mode::Vector).window(0, 100)
}

#[tokio::test]
async fn vectors_are_there_as_soon_as_documents_are_and_gone_with_them() -> Result<()> {
    let (store, letters) = (store(), Letters::called("letters"));
    let catalog = catalog(&store, &letters).await;
    catalog.put("notes", vec![note("1", "rain"), note("2", "hail"), note("3", "")]).await?;
    assert_eq!(letters.embedded(), 2, "what says nothing is not embedded");
    assert_eq!(records(&store).await, ["1", "2"]);
    assert_eq!(ids(&page(&catalog, near("hail")).await), ["2", "1"]);
    assert_eq!(letters.embedded(), 1, "the query");
    catalog.put("notes", vec![note("1", "hail")]).await?;
    assert_eq!(ids(&page(&catalog, near("hail")).await), ["1", "2"]);
    catalog.delete("notes", vec!["2".into()]).await?;
    assert_eq!(ids(&page(&catalog, near("hail")).await), ["1"]);
    assert_eq!(records(&store).await, ["1"]);
    catalog.put("notes", vec![note("1", "hail").with("year", 5)]).await?;
    assert_eq!(letters.embedded(), 3, "two queries and one text: what says the same is not embedded again");
    catalog.drop_collection("notes", &Silent).await?;
    assert_eq!(records(&store).await, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn another_model_embeds_everything_anew_and_models_never_mix() -> Result<()> {
    let store = store();
    let one = Letters::called("one");
    catalog(&store, &one).await.put("notes", vec![note("1", "rain"), note("2", "hail")]).await?;
    let other = Letters::called("other");
    let changed = Catalog::embedding(store.clone(), Arc::new(TantivyIndex::in_memory()), other.clone());
    other.fails.store(true, Ordering::SeqCst);
    let first = page(&changed, near("rain")).await;
    assert_eq!(first.ranked.mode, Mode::Text, "what the first model made is not used");
    other.fails.store(false, Ordering::SeqCst);
    assert_eq!(ids(&page(&changed, near("rain")).await), ["1", "2"]);
    assert_eq!(other.embedded(), 3);
    let again = Catalog::embedding(store.clone(), Arc::new(TantivyIndex::in_memory()), other.clone());
    page(&again, near("rain")).await;
    assert_eq!(other.embedded(), 1, "only the query: the records are of this model");
    Ok(())
}

#[tokio::test]
async fn what_died_between_documents_and_vectors_is_made_good() -> Result<()> {
    let (store, letters) = (store(), Letters::called("letters"));
    let blind = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_memory()));
    blind.define("notes", &schema()).await?;
    let notes = (0..200).map(|at| note(&format!("{at:03}"), &format!("note {at}"))).collect();
    blind.put("notes", notes).await?;
    let mut orphan = Batch::new();
    orphan.put(
        heptad_core::store::Key::new("search.vectors:notes", "gone")?,
        Value::Bytes(vec![1, 2, 3].into()),
    );
    orphan
        .put(heptad_core::store::Key::new("search.vectors:notes", "007")?, Value::Bytes(vec![0; 60].into()));
    store.commit(orphan).await?;
    let catalog = Catalog::embedding(store.clone(), Arc::new(TantivyIndex::in_memory()), letters.clone());
    let first = page(&catalog, near("note 7")).await;
    assert_eq!((first.ranked.mode, first.hits.len() as u64 + first.ranked.pending), (Mode::Vector, 200));
    assert!(first.ranked.pending > 0, "a query does not wait for all of them");
    assert!(!records(&store).await.contains(&"gone".to_owned()));
    assert_eq!(catalog.rebuild("notes", &Silent).await?.documents, 200);
    let last = page(&catalog, near("note 7")).await;
    assert_eq!((last.hits.len(), last.ranked.pending), (100, 0));
    assert_eq!(records(&store).await.len(), 200);
    Ok(())
}

#[tokio::test]
async fn a_document_takes_its_vectors_along_when_its_schema_embeds_no_more() -> Result<()> {
    let (store, letters) = (store(), Letters::called("letters"));
    let catalog = catalog(&store, &letters).await;
    catalog.put("notes", vec![note("1", "rain"), note("2", "hail")]).await?;
    let fields = [Field::text("title"), Field::text("body"), Field::new("year", FieldKind::Integer)];
    catalog.define("notes", &Schema::new(fields)?).await?;
    catalog.delete("notes", vec!["1".into()]).await?;
    assert_eq!(records(&store).await, ["2"]);
    Ok(())
}

#[tokio::test]
async fn models_of_one_name_at_two_places_never_mix() -> Result<()> {
    let store = store();
    let (here, there) = (Letters::at("here", "letters"), Letters::at("there", "letters"));
    catalog(&store, &here).await.put("notes", vec![note("1", "rain"), note("2", "hail")]).await?;
    let moved = catalog(&store, &there).await;
    assert_eq!(there.embedded(), 2, "made anew");
    assert_eq!(ids(&page(&moved, near("hail")).await), ["2", "1"]);
    Ok(())
}

#[tokio::test]
async fn vectors_of_another_length_are_not_kept_and_a_rebuild_makes_all_anew() -> Result<()> {
    let (store, letters) = (store(), Letters::called("letters"));
    let first = catalog(&store, &letters).await;
    first.put("notes", vec![note("1", "rain")]).await?;
    letters.length.store(4, Ordering::SeqCst);
    first.put("notes", vec![note("2", "hail")]).await?;
    assert_eq!(records(&store).await, ["1"], "what cannot be compared is not kept");
    for catalog in [first, catalog(&store, &letters).await] {
        let by_words = page(&catalog, near("rain")).await;
        assert_eq!((ids(&by_words), by_words.ranked.mode), (vec!["1"], Mode::Text));
    }
    let catalog = catalog(&store, &letters).await;
    catalog.rebuild("notes", &Silent).await?;
    let anew = page(&catalog, near("rain")).await;
    assert_eq!((ids(&anew), anew.ranked.mode, anew.ranked.pending), (vec!["1", "2"], Mode::Vector, 0));
    letters.embedded();
    catalog.rebuild("notes", &Silent).await?;
    assert_eq!(letters.embedded(), 1, "what is of the length that it was is kept; one text tells");
    Ok(())
}

#[tokio::test]
async fn an_embedder_that_is_asked_too_often_is_not_asked_for_each_document() -> Result<()> {
    let letters = Letters::called("letters");
    let catalog = catalog(&store(), &letters).await;
    letters.limited.store(true, Ordering::SeqCst);
    catalog.put("notes", (0..20).map(|at| note(&at.to_string(), "rain")).collect()).await?;
    assert_eq!(letters.requests.load(Ordering::SeqCst), 1);
    letters.limited.store(false, Ordering::SeqCst);
    assert_eq!(page(&catalog, near("rain")).await.hits.len(), 20);
    Ok(())
}

#[tokio::test]
async fn what_is_committed_with_something_else_is_found_by_the_next_query() -> Result<()> {
    let (store, letters) = (store(), Letters::called("letters"));
    let catalog = catalog(&store, &letters).await;
    catalog.put("notes", vec![note("1", "rain")]).await?;
    let mut batch = Batch::new();
    catalog.stage(&mut batch, "notes", vec![note("2", "hail")], vec!["1".into()]).await?;
    store.commit(batch).await?;
    assert_eq!(ids(&page(&catalog, near("rain")).await), ["2"]);
    Ok(())
}

#[tokio::test]
async fn two_catalogs_on_one_store_see_what_the_other_embeds() -> Result<()> {
    let (store, a, b) = (store(), Letters::called("letters"), Letters::called("letters"));
    let (first, second) = (catalog(&store, &a).await, catalog(&store, &b).await);
    first.put("notes", vec![note("1", "rain")]).await?;
    assert_eq!(ids(&page(&second, near("rain")).await), ["1"]);
    assert_eq!(b.embedded(), 1, "only the query");
    second.put("notes", vec![note("2", "hail")]).await?;
    first.delete("notes", vec!["1".into()]).await?;
    assert_eq!(ids(&page(&second, near("rain")).await), ["2"]);
    assert_eq!(ids(&page(&first, near("rain")).await), ["2"]);
    Ok(())
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Delete(u8),
    Fail(bool),
    Reopen,
    Blind(u8, u8),
}

#[test]
fn whatever_happens_vectors_rank_as_a_scan_of_the_documents_does() {
    let step = prop_oneof![
        5 => (0..6_u8, 0..5_u8).prop_map(|(id, body)| Step::Put(id, body)),
        2 => (0..6_u8).prop_map(Step::Delete),
        2 => any::<bool>().prop_map(Step::Fail),
        1 => Just(Step::Reopen),
        2 => (0..6_u8, 0..5_u8).prop_map(|(id, body)| Step::Blind(id, body)),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runner = TestRunner::new(Config { cases: 20, failure_persistence: None, ..Config::default() });
    let bodies = ["rain", "hail", "a storm in spring", "", "rain and hail"];
    runner
        .run(&prop::collection::vec(step, 1..15), |steps| {
            runtime.block_on(async {
                let (store, letters) = (store(), Letters::called("letters"));
                let mut catalog = catalog(&store, &letters).await;
                let blind = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_memory()));
                let mut truth = BTreeMap::new();
                for step in steps {
                    match step {
                        Step::Put(id, body) | Step::Blind(id, body) => {
                            let body = bodies[usize::from(body)];
                            let by = if matches!(step, Step::Put(..)) { &catalog } else { &blind };
                            by.put("notes", vec![note(&id.to_string(), body)]).await.expect("put");
                            truth.insert(id.to_string(), body);
                        }
                        Step::Delete(id) => {
                            catalog.delete("notes", vec![id.to_string()]).await.expect("deleted");
                            truth.remove(&id.to_string());
                        }
                        Step::Fail(fails) => letters.fails.store(fails, Ordering::SeqCst),
                        Step::Reopen => catalog = super::catalog(&store, &letters).await,
                    }
                }
                letters.fails.store(false, Ordering::SeqCst);
                let found = page(&catalog, near("storm")).await;
                let cosine =
                    |body: &str| heptad_vectors::dot(&Parrot::vector("storm"), &Parrot::vector(body));
                let mut expected: Vec<_> = truth.iter().filter(|(_, body)| !body.is_empty()).collect();
                expected.sort_by(|a, b| cosine(b.1).total_cmp(&cosine(a.1)).then(a.0.cmp(b.0)));
                if !expected.is_empty() {
                    prop_assert_eq!(
                        ids(&found),
                        expected.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>()
                    );
                }
                Ok(())
            })
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
