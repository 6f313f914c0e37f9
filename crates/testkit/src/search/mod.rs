//! What every [`SearchIndex`] must do, whatever it is made of.
//!
//! An adapter's test crate says where its indexes live by a [`Place`] and writes [`search_suite!`](crate::search_suite): that makes one
//! test of each case in [`cases`], and one that compares random queries over random documents with the naive [`ScanIndex`].

pub mod cases;
mod corpus;
mod scan;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heptad_core::search::{
    Changes, Document, Field, FieldKind, Query, Schema, SearchIndex, SearchPage, SearchQuery,
};

pub use self::{corpus::agrees_with_a_naive_scan, scan::ScanIndex};

/// Where the indexes of one test live. A new place is empty.
pub trait Place: Send + Sync {
    /// Opens the index of this place. Where the adapter is durable, opening again finds what was applied.
    fn open(&self) -> BoxFuture<'_, Arc<dyn SearchIndex>>;
}

/// Makes the tests of one adapter: `search_suite!(expression)`, where the expression makes a new [`Place`] for each test.
#[macro_export]
macro_rules! search_suite {
    ($place:expr) => {
        $crate::search_suite! { $place;
            a_word_finds_the_documents_that_have_it, words_are_found_by_their_stems, identifiers_are_found_whole_and_in_parts,
            a_phrase_needs_its_words_in_order, slop_lets_words_move, booleans_combine, ranges_cover_every_kind,
            prefixes_find_what_begins_with_them, facets_are_found_and_counted_at_every_level, filters_do_not_change_scores,
            what_was_applied_is_seen_by_the_next_query, an_upsert_replaces_and_a_delete_removes, clearing_comes_first,
            changes_are_applied_wholly_or_not_at_all, equal_scores_are_ordered_by_id, pages_cover_the_hits_without_overlap,
            a_better_match_comes_first, boosts_count, snippets_show_what_matches, unstored_fields_are_found_but_not_shown,
            collections_do_not_see_each_other, checkpoints_are_remembered_with_the_changes,
            another_schema_empties_the_collection, reopening_keeps_what_was_applied, misuse_is_refused_with_a_reason,
            hostile_documents_and_queries_do_no_harm, ranks_are_those_of_the_query, matching_finds_every_id,
            every_mode_obeys_filters_and_what_is_unwanted
        }

        #[test]
        fn agrees_with_a_naive_scan() {
            $crate::search::agrees_with_a_naive_scan(&|| Box::new($place));
        }
    };
    ($place:expr; $($case:ident),+) => {
        $(
            #[tokio::test(flavor = "current_thread")]
            async fn $case() {
                $crate::search::cases::$case(&$place).await;
            }
        )+
    };
}

/// The name of the collection the cases use.
pub(crate) const BOOKS: &str = "books";

/// A schema with a field of every kind.
pub fn every_kind() -> Schema {
    Schema::new([
        Field::text("body"),
        Field::code("source"),
        Field::keyword("path"),
        Field::facet("topic"),
        Field::new("year", FieldKind::Integer),
        Field::new("weight", FieldKind::Float),
        Field::new("seen", FieldKind::Timestamp),
        Field::new("open", FieldKind::Boolean),
    ])
    .expect("a valid schema")
}

/// An index of `documents` under [`every_kind`].
pub(crate) async fn filled(place: &dyn Place, documents: Vec<Document>) -> Arc<dyn SearchIndex> {
    let index = place.open().await;
    index.ensure(BOOKS, &every_kind()).await.expect("the collection is made");
    index.apply(BOOKS, upserts(documents)).await.expect("the documents are applied");
    index
}

pub(crate) fn upserts(documents: Vec<Document>) -> Changes {
    Changes { upsert: documents, ..Changes::default() }
}

pub(crate) async fn page(index: &dyn SearchIndex, query: &SearchQuery) -> SearchPage {
    index.query(BOOKS, query).await.unwrap_or_else(|error| panic!("{query:?}: {error:?}"))
}

/// The ids that `query` finds, ordered.
pub(crate) async fn found(index: &dyn SearchIndex, query: Query) -> Vec<String> {
    let page = page(index, &SearchQuery::new(query).window(0, 1000)).await;
    let mut ids: Vec<_> = page.hits.into_iter().map(|hit| hit.id).collect();
    assert_eq!(ids.len() as u64, page.total, "the total is the number of hits");
    ids.sort();
    ids
}

/// The ids that a user's line finds, ordered.
pub(crate) async fn found_by(index: &dyn SearchIndex, line: &str) -> Vec<String> {
    found(index, Query::Text(line.to_owned())).await
}
