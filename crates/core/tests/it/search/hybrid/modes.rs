//! Which mode answers, and what the answer says of it.

use std::sync::{Arc, atomic::Ordering};

use heptad_core::{
    ErrorKind, Result,
    search::{
        Catalog, FacetRequest, Field, Highlight, Mode, Query, Schema, SearchQuery, tantivy::TantivyIndex,
    },
};
use heptad_testkit::search::ScanIndex;

use super::{Letters, catalog, ids, note, page, schema, store};

fn asked(line: &str, mode: Mode) -> SearchQuery {
    SearchQuery::text(line).ranked(mode)
}

#[tokio::test]
async fn without_an_embedder_it_is_text_and_says_so_to_who_asked_for_more() -> Result<()> {
    let plain = Catalog::new(store(), Arc::new(TantivyIndex::in_memory()));
    plain.define("notes", &schema()).await?;
    plain.put("notes", vec![note("1", "rain"), note("2", "hail")]).await?;
    for mode in [Mode::Vector, Mode::Hybrid] {
        let page = page(&plain, asked("rain", mode)).await;
        assert_eq!((ids(&page), page.ranked.mode), (vec!["1"], Mode::Text));
        assert!(page.ranked.reason.expect("a reason").contains("llm.embedding_model"));
    }
    let page = page(&plain, SearchQuery::text("rain")).await;
    assert_eq!((page.ranked.mode, page.ranked.reason), (Mode::Text, None));
    Ok(())
}

#[tokio::test]
async fn what_has_no_meaning_or_no_embedded_field_is_text() -> Result<()> {
    let letters = Letters::called("letters");
    let catalog = catalog(&store(), &letters).await;
    catalog.put("notes", vec![note("1", "rain").with("year", 3)]).await?;
    for line in ["*", "year:3", "year:[1 TO 5]"] {
        let page = page(&catalog, asked(line, Mode::Hybrid)).await;
        assert_eq!((ids(&page), page.ranked.mode), (vec!["1"], Mode::Text), "{line}");
        assert!(page.ranked.reason.expect("a reason").contains("no words"));
    }
    catalog.define("plain", &Schema::new([Field::text("body")])?).await?;
    catalog.put("plain", vec![note("1", "rain")]).await?;
    let page = catalog.query("plain", &asked("rain", Mode::Vector)).await?;
    assert!(page.ranked.reason.expect("a reason").contains("no field"));
    let empty = Schema::new([Field::text("body").embedded()])?;
    catalog.define("empty", &empty).await?;
    let page = catalog.query("empty", &asked("rain", Mode::Vector)).await?;
    assert!(page.hits.is_empty() && page.ranked.reason.expect("a reason").contains("nothing is embedded"));
    Ok(())
}

#[tokio::test]
async fn an_embedder_that_fails_costs_vectors_and_nothing_else() -> Result<()> {
    let letters = Letters::called("letters");
    let catalog = catalog(&store(), &letters).await;
    letters.fails.store(true, Ordering::SeqCst);
    catalog.put("notes", vec![note("1", "rain"), note("2", "hail")]).await?;
    for query in [SearchQuery::text("rain"), asked("rain", Mode::Vector)] {
        let page = page(&catalog, query).await;
        assert_eq!((ids(&page), page.ranked.mode), (vec!["1"], Mode::Text));
        assert!(page.ranked.reason.expect("a reason").contains("the embedder is out"));
    }
    letters.fails.store(false, Ordering::SeqCst);
    let page = page(&catalog, asked("rain", Mode::Vector)).await;
    assert_eq!((ids(&page), page.ranked.mode, page.ranked.pending), (vec!["1", "2"], Mode::Vector, 0));
    Ok(())
}

#[tokio::test]
async fn a_document_that_the_embedder_refuses_costs_only_itself_its_vector() -> Result<()> {
    let catalog = catalog(&store(), &Letters::called("letters")).await;
    catalog.put("notes", vec![note("1", "rain"), note("2", "unspeakable rain"), note("3", "hail")]).await?;
    let near = page(&catalog, asked("rain", Mode::Vector)).await;
    assert_eq!((ids(&near), near.ranked.mode, near.ranked.pending), (vec!["1", "3"], Mode::Vector, 1));
    let both = page(&catalog, asked("rain", Mode::Hybrid)).await;
    assert_eq!(both.hits.len(), 3, "its words find it");
    Ok(())
}

#[tokio::test]
async fn both_rank_by_default_and_snippets_facets_and_windows_work() -> Result<()> {
    let letters = Letters::called("letters");
    let catalog = Catalog::embedding(store(), Arc::new(TantivyIndex::in_memory()), letters);
    let fields = [Field::text("body").embedded(), Field::keyword("kind"), Field::text("secret").unstored()];
    catalog.define("notes", &Schema::new(fields)?).await?;
    let notes = (0..30).map(|at| {
        let body = if at % 3 == 0 { format!("rain number {at}") } else { format!("storm number {at}") };
        note(&format!("{at:02}"), &body)
            .with("kind", if at % 2 == 0 { "even" } else { "odd" })
            .with("secret", "s")
    });
    catalog.put("notes", notes.collect()).await?;
    let query =
        SearchQuery::text("rain").highlighted(Highlight::default()).faceted(FacetRequest::new("kind"));
    let first = page(&catalog, query.clone()).await;
    assert_eq!((first.ranked.mode, first.ranked.learnt, first.total), (Mode::Hybrid, false, 30));
    assert!(first.ranked.text_weight.is_some_and(|weight| weight > 0.0 && weight < 1.0));
    assert_eq!(first.hits[0].snippets[0].marked("[", "]").split(' ').next(), Some("[rain]"));
    assert!(!first.hits[0].fields.contains_key("secret"), "what is not stored is not shown");
    assert_eq!(first.facets["kind"].iter().map(|count| count.count).sum::<u64>(), 30);
    let mut all = Vec::new();
    for offset in (0..35).step_by(7) {
        let page = page(&catalog, query.clone().window(offset, 7)).await;
        all.extend(page.hits.into_iter().map(|hit| hit.id));
    }
    let whole = page(&catalog, query.clone().window(0, 100)).await;
    assert_eq!(ids(&whole), all);
    let filtered = page(&catalog, query.clone().filtered(Query::term("kind", "odd"))).await;
    assert!(filtered.total == 15 && filtered.hits.iter().all(|hit| hit.fields["kind"] == "odd"));
    let error = catalog.query("notes", &query.window(9_999, 2)).await.expect_err("too far");
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    let wrong = SearchQuery::text("rain absent:1").ranked(Mode::Vector);
    assert_eq!(
        catalog.query("notes", &wrong).await.expect_err("no such field").kind(),
        ErrorKind::InvalidInput
    );
    Ok(())
}

#[tokio::test]
async fn an_index_without_forms_of_its_own_serves_every_mode() -> Result<()> {
    let catalog = Catalog::embedding(store(), Arc::new(ScanIndex::default()), Letters::called("letters"));
    catalog.define("notes", &schema()).await?;
    catalog.put("notes", vec![note("1", "rain").with("year", 1), note("2", "hail").with("year", 2)]).await?;
    for mode in [Mode::Vector, Mode::Hybrid] {
        let page = page(&catalog, asked("rain", mode).filtered(Query::term("year", "2"))).await;
        assert_eq!((ids(&page), page.ranked.mode, page.total), (vec!["2"], mode, 1));
    }
    Ok(())
}

#[tokio::test]
async fn a_long_document_is_found_by_any_of_its_paragraphs() -> Result<()> {
    let catalog = catalog(&store(), &Letters::called("letters")).await;
    let long = format!("{} {}", "abc ".repeat(1000), "xyz ".repeat(400));
    catalog
        .put("notes", vec![note("long", &long), note("mixed", "abcxyz abcxyz"), note("other", "mmm")])
        .await?;
    for line in ["xyz xyz xyz", "abc abc abc"] {
        assert_eq!(ids(&page(&catalog, asked(line, Mode::Vector)).await)[0], "long", "{line}");
    }
    Ok(())
}
