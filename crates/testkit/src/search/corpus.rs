//! Random documents, random queries: what an adapter finds is what a scan finds.

use std::ops::Bound;

use heptad_core::search::{Changes, Document, Query, SearchIndex, SearchQuery};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{BOOKS, Place, ScanIndex, every_kind};

/// Compares an index with [`ScanIndex`] on random histories and queries: exact terms, phrases, prefixes, ranges, facets, booleans.
///
/// # Panics
/// When they differ; the smallest difference found is printed.
pub fn agrees_with_a_naive_scan(place: &dyn Fn() -> Box<dyn Place>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let history = prop::collection::vec(changes(), 1..4);
    let queries = prop::collection::vec(query(), 20);
    runner
        .run(&(history, queries), |(history, queries)| {
            runtime.block_on(async {
                let (scan, place) = (ScanIndex::default(), place());
                let index = place.open().await;
                for index in [&scan as &dyn SearchIndex, &*index] {
                    index.ensure(BOOKS, &every_kind()).await.expect("the collection is made");
                    for changes in &history {
                        index.apply(BOOKS, changes.clone()).await.expect("the changes are applied");
                    }
                }
                for query in queries {
                    let (expected, got) = (ids(&scan, &query).await, ids(&*index, &query).await);
                    prop_assert_eq!(expected, got, "{:?}", query);
                }
                Ok(())
            })
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

async fn ids(index: &dyn SearchIndex, query: &Query) -> Vec<String> {
    let page = index
        .query(BOOKS, &SearchQuery::new(query.clone()).window(0, 1000))
        .await
        .expect("the query is answered");
    let mut ids: Vec<_> = page.hits.into_iter().map(|hit| hit.id).collect();
    ids.sort();
    ids
}

fn changes() -> impl Strategy<Value = Changes> {
    let id = || (0..12u8).prop_map(|id| id.to_string());
    (
        prop::collection::vec((id(), document()), 0..8),
        prop::collection::vec(id(), 0..3),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(documents, delete, clear)| {
            let upsert = documents.into_iter().map(|(id, document)| Document { id, ..document }).collect();
            Changes { clear, delete, upsert, checkpoint: None }
        })
}

const WORDS: [&str; 8] = ["temple", "column", "columns", "Roof", "größer", "of", "rain-storm", "日本"];
const NAMES: [&str; 8] =
    ["parse", "parseUrl", "parse_url", "HTTPServer2", "std::fs::File", "src/main.rs", "url", "x"];
const PATHS: [&str; 5] = ["a", "a/b", "a/b/c", "b", "é"];
const TOPICS: [&str; 5] = ["/a", "/a/b", "/a/b/c", "/ab", "/b"];
const TIMES: [&str; 3] = ["2026-01-01", "2026-01-01T12:00:00.000001Z", "1969-12-31T23:59:59Z"];

fn text(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(words), 0..6).prop_map(|words| words.join(" "))
}

fn document() -> impl Strategy<Value = Document> {
    (
        prop::collection::vec(text(&WORDS), 0..3),
        prop::option::weighted(0.8, text(&NAMES)),
        prop::option::weighted(0.7, prop::sample::select(&PATHS)),
        prop::collection::vec(prop::sample::select(&TOPICS), 0..3),
        prop::option::weighted(0.7, -3..4i64),
        prop::option::weighted(0.7, -2..3i32),
        prop::option::weighted(0.7, prop::sample::select(&TIMES)),
        prop::option::weighted(0.7, any::<bool>()),
    )
        .prop_map(|(body, source, path, topic, year, weight, seen, open)| {
            Document::new("")
                .with("body", body)
                .with("source", source)
                .with("path", path)
                .with("topic", topic)
                .with("year", year)
                .with("weight", weight.map(|weight| f64::from(weight) / 2.0))
                .with("seen", seen)
                .with("open", open)
        })
}

fn query() -> impl Strategy<Value = Query> {
    leaf().prop_recursive(3, 12, 3, |inner| {
        let some = || prop::collection::vec(inner.clone(), 0..3);
        (some(), some(), some()).prop_map(|(must, should, not)| Query::Boolean { must, should, not })
    })
}

fn leaf() -> impl Strategy<Value = Query> {
    let tokenized = || prop::sample::select(&[None, Some("body"), Some("source")][..]);
    let either = || prop_oneof![text(&WORDS), text(&NAMES)];
    let word = || prop_oneof![prop::sample::select(&WORDS[..]), prop::sample::select(&NAMES[..])];
    let begin =
        || (word(), 1..5usize).prop_map(|(word, length)| word.chars().take(length).collect::<String>());
    let owned = |field: Option<&str>| field.map(str::to_owned);
    prop_oneof![
        Just(Query::MatchAll),
        (tokenized(), word())
            .prop_map(move |(field, word)| Query::Term { field: owned(field), value: word.into() }),
        (tokenized(), either()).prop_map(move |(field, text)| Query::Phrase {
            field: owned(field),
            text,
            slop: 0
        }),
        (prop::sample::select(&WORDS[..3]), prop::sample::select(&WORDS[..3]), 0..3u32).prop_map(
            |(a, b, slop)| { Query::Phrase { field: Some("body".into()), text: format!("{a} {b}"), slop } }
        ),
        (tokenized(), begin()).prop_map(move |(field, prefix)| Query::Prefix { field: owned(field), prefix }),
        prop::sample::select(&PATHS).prop_map(|path| Query::term("path", path)),
        prop::sample::select(&PATHS)
            .prop_map(|path| Query::Prefix { field: Some("path".into()), prefix: path.into() }),
        prop::sample::select(&TOPICS).prop_map(|topic| Query::term("topic", topic)),
        range("path", prop::sample::select(&PATHS).prop_map(str::to_owned).boxed()),
        range("year", (-4..5i64).prop_map(|year| year.to_string()).boxed()),
        range("weight", (-5..5i32).prop_map(|weight| (f64::from(weight) / 4.0).to_string()).boxed()),
        range("seen", prop::sample::select(&TIMES).prop_map(str::to_owned).boxed()),
        range("open", any::<bool>().prop_map(|open| open.to_string()).boxed()),
        any::<bool>().prop_map(|open| Query::term("open", open.to_string())),
        (-3..4i64).prop_map(|year| Query::term("year", year.to_string())),
    ]
}

fn range(field: &'static str, value: BoxedStrategy<String>) -> impl Strategy<Value = Query> {
    let bound = move |value: BoxedStrategy<String>| {
        prop_oneof![
            value.clone().prop_map(Bound::Included),
            value.prop_map(Bound::Excluded),
            Just(Bound::Unbounded),
        ]
    };
    (bound(value.clone()), bound(value)).prop_map(move |(lower, upper)| Query::Range {
        field: field.to_owned(),
        lower,
        upper,
    })
}
