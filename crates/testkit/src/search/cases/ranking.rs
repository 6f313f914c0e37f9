//! Rankings without documents, and by what documents are about.

use std::sync::Arc;

use heptad_core::{
    search::{Catalog, Document, Field, FieldKind, Mode, Query, Schema, SearchQuery},
    store::memory::MemoryStore,
};

use crate::{
    VirtualClock,
    llm::Parrot,
    search::{BOOKS, Place, filled, found, page},
};

fn books() -> Vec<Document> {
    let bodies = ["rain rain storm", "rain", "hail in spring", "a long spring without rain", "storm"];
    let documents = bodies.iter().enumerate();
    documents.map(|(at, body)| Document::new(at.to_string()).with("body", *body).with("year", at)).collect()
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn ranks_are_those_of_the_query(place: &dyn Place) {
    let index = filled(place, books()).await;
    for line in ["rain", "rain spring", "*", "rain -storm", "nothing"] {
        for query in
            [SearchQuery::text(line), SearchQuery::text(line).filtered(Query::between("year", "1", "3"))]
        {
            let hits = page(&*index, &query).await.hits;
            let expected: Vec<_> = hits.into_iter().map(|hit| (hit.id, hit.score)).collect();
            assert_eq!(index.rank(BOOKS, &query, 10).await.expect("ranked"), expected, "{line}");
            let first = index.rank(BOOKS, &query, 1).await.expect("ranked");
            assert_eq!(first, expected[..expected.len().min(1)], "{line}");
            assert_eq!(index.rank(BOOKS, &query, 0).await.expect("ranked"), []);
        }
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn matching_finds_every_id(place: &dyn Place) {
    let index = filled(place, books()).await;
    for filters in [
        vec![],
        vec![Query::word("rain")],
        vec![Query::between("year", "1", "3"), Query::not(Query::word("hail"))],
        vec![Query::word("rain"), Query::word("hail")],
    ] {
        let mut ids = index.matching(BOOKS, &filters).await.expect("matched");
        ids.sort();
        let all = Query::all(std::iter::once(Query::MatchAll).chain(filters.clone()));
        assert_eq!(ids, found(&*index, all).await, "{filters:?}");
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn every_mode_obeys_filters_and_what_is_unwanted(place: &dyn Place) {
    let store = Arc::new(MemoryStore::new(Arc::new(VirtualClock::new())));
    let catalog = Catalog::embedding(store, place.open().await, Arc::new(Parrot::new()));
    let fields = [Field::text("body").embedded(), Field::new("year", FieldKind::Integer)];
    catalog.define(BOOKS, &Schema::new(fields).expect("a valid schema")).await.expect("defined");
    catalog.put(BOOKS, books()).await.expect("put");
    let ask = async |line: &str, mode: Option<Mode>, filter: Option<Query>| {
        let query = SearchQuery { mode, ..SearchQuery::text(line) };
        let query = filter.into_iter().fold(query, SearchQuery::filtered);
        let page = catalog.query(BOOKS, &query).await.expect("answered");
        assert!(page.hits.is_sorted_by(|a, b| a.score >= b.score), "{line}: {:?}", page.hits);
        (page.hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>(), page.ranked.mode, page.total)
    };
    let near = |line: &str, ids: &[usize]| -> Vec<String> {
        let cosine = |at: usize| -> f32 {
            let body = books()[at].text("body").expect("a body");
            Parrot::vector(line).iter().zip(Parrot::vector(&body)).map(|(a, b)| a * b).sum()
        };
        let mut ids = ids.to_vec();
        ids.sort_by(|a, b| cosine(*b).total_cmp(&cosine(*a)));
        ids.iter().map(usize::to_string).collect()
    };
    let (found, mode, total) = ask("spring", Some(Mode::Vector), None).await;
    assert_eq!((found, mode, total), (near("spring", &[0, 1, 2, 3, 4]), Mode::Vector, 5));
    let between = || Some(Query::between("year", "1", "3"));
    let (found, _, total) = ask("spring -storm", Some(Mode::Vector), between()).await;
    assert_eq!((found, total), (near("spring", &[1, 2, 3]), 3));
    for asked in [None, Some(Mode::Hybrid)] {
        let (mut found, mode, total) = ask("spring -rain", asked, between()).await;
        found.sort();
        assert_eq!((found, mode, total), (vec!["2".to_owned()], Mode::Hybrid, 1));
    }
    let (found, mode, total) = ask("spring", Some(Mode::Text), None).await;
    assert_eq!((found.len(), mode, total), (2, Mode::Text, 2));
}
