//! In which order, with what, and with which refusals an index answers.

use heptad_core::{
    ErrorKind,
    search::{Document, FacetRequest, Field, Highlight, MAX_QUERY_BYTES, Query, Schema, SearchQuery},
};

use crate::search::{BOOKS, Place, every_kind, filled, page, upserts};

#[expect(missing_docs, reason = "the name says it")]
pub async fn equal_scores_are_ordered_by_id(place: &dyn Place) {
    let index = filled(place, Vec::new()).await;
    // In several commits and not in order, so that the order of arrival is another one.
    for group in [[40, 7, 33], [2, 19, 5], [28, 11, 36]] {
        let documents = group.map(|id| Document::new(format!("{id:02}")).with("body", "rain")).to_vec();
        index.apply(BOOKS, upserts(documents)).await.expect("applied");
    }
    let ids =
        |page: heptad_core::search::SearchPage| page.hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>();
    let first = ids(page(&*index, &SearchQuery::text("rain").window(0, 4)).await);
    assert_eq!(first, ["02", "05", "07", "11"]);
    let rest = ids(page(&*index, &SearchQuery::text("rain").window(4, 10)).await);
    assert_eq!(rest, ["19", "28", "33", "36", "40"]);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn pages_cover_the_hits_without_overlap(place: &dyn Place) {
    let documents =
        (0..57).map(|id| Document::new(format!("{id:02}")).with("body", "rain ".repeat(id % 5 + 1)));
    let index = filled(place, documents.collect()).await;
    let whole = page(&*index, &SearchQuery::text("rain").window(0, 100)).await;
    assert_eq!(whole.total, 57);
    let mut paged = Vec::new();
    for offset in (0..60).step_by(10) {
        let page = page(&*index, &SearchQuery::text("rain").window(offset, 10)).await;
        assert_eq!(page.total, 57);
        paged.extend(page.hits);
    }
    assert_eq!(paged, whole.hits);
    let beyond = page(&*index, &SearchQuery::text("rain").window(57, 10)).await;
    assert!(beyond.hits.is_empty());
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn a_better_match_comes_first(place: &dyn Place) {
    let documents = vec![
        Document::new("long").with("body", format!("rain {}", "something else entirely ".repeat(30))),
        Document::new("often").with("body", "rain, rain and more rain"),
        Document::new("rare").with("body", "rain and hail"),
        Document::new("other").with("body", "sun and wind"),
    ];
    let index = filled(place, documents).await;
    let ids = async |line: &str| -> Vec<String> {
        page(&*index, &SearchQuery::text(line)).await.hits.into_iter().map(|hit| hit.id).collect()
    };
    assert_eq!(ids("rain").await, ["often", "rare", "long"]);
    assert_eq!(ids("hail rain").await[0], "rare");
    let scores: Vec<_> =
        page(&*index, &SearchQuery::text("rain")).await.hits.into_iter().map(|hit| hit.score).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|score| *score > 0.0), "{scores:?}");
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn boosts_count(place: &dyn Place) {
    let index = place.open().await;
    let schema = Schema::new([Field::text("title").boost(5.0), Field::text("body")]).expect("a valid schema");
    index.ensure(BOOKS, &schema).await.expect("made");
    let documents = vec![
        Document::new("body").with("title", "weather").with("body", "rain"),
        Document::new("title").with("title", "rain").with("body", "weather"),
    ];
    index.apply(BOOKS, upserts(documents)).await.expect("applied");
    assert_eq!(page(&*index, &SearchQuery::text("rain")).await.hits[0].id, "title");
    let other = page(&*index, &SearchQuery::text("body:rain")).await;
    assert_eq!((other.total, other.hits[0].id.as_str()), (1, "body"));
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn snippets_show_what_matches(place: &dyn Place) {
    let far = format!("{} The great temple has columns. {}", "word ".repeat(100), "more ".repeat(100));
    let documents = vec![
        Document::new("1")
            .with("body", "Große Tempel: temples, columns.")
            .with("source", "let rowCount = columnCount;"),
        Document::new("2").with("body", far),
    ];
    let index = filled(place, documents).await;
    let marked = async |line: &str, highlight: Highlight| -> Vec<(String, String)> {
        let page = page(&*index, &SearchQuery::text(line).highlighted(highlight)).await;
        let snippets = page.hits.into_iter().filter(|hit| hit.id == "1").flat_map(|hit| hit.snippets);
        snippets.map(|snippet| (snippet.field.clone(), snippet.marked("[", "]"))).collect()
    };
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(
        marked("temple column", Highlight::default()).await,
        pairs(&[
            ("body", "Große Tempel: [temples], [columns]."),
            ("source", "let rowCount = [column]Count;")
        ])
    );
    assert_eq!(
        marked("columnCount", Highlight::default()).await,
        pairs(&[("source", "let rowCount = [columnCount];")])
    );
    assert_eq!(
        marked("gro* -nothing", Highlight::default()).await,
        pairs(&[("body", "[Große] Tempel: temples, columns.")])
    );
    let body = Highlight { fields: vec!["body".into()], ..Highlight::default() };
    assert_eq!(marked("columns", body).await, pairs(&[("body", "Große Tempel: temples, [columns].")]));
    let short = Highlight { max_chars: 40, ..Highlight::default() };
    let page = page(&*index, &SearchQuery::text("temple column").highlighted(short)).await;
    let hit = page.hits.iter().find(|hit| hit.id == "2").expect("found");
    let snippet = &hit.snippets[0];
    assert!(snippet.text.chars().count() <= 40, "{snippet:?}");
    assert!(snippet.marked("[", "]").contains("[temple] has [columns]."), "{snippet:?}");
    assert_eq!(snippet.highlights.len(), 2);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn unstored_fields_are_found_but_not_shown(place: &dyn Place) {
    let index = place.open().await;
    let fields = [Field::text("body").unstored(), Field::text("note").unindexed(), Field::keyword("path")];
    index.ensure(BOOKS, &Schema::new(fields).expect("a valid schema")).await.expect("made");
    let document = Document::new("1").with("body", "rain").with("note", "seen").with("path", "p");
    index.apply(BOOKS, upserts(vec![document])).await.expect("applied");
    let page = page(&*index, &SearchQuery::text("rain").highlighted(Highlight::default())).await;
    let shown: Vec<_> = page.hits[0].fields.keys().map(String::as_str).collect();
    assert_eq!(shown, ["note", "path"]);
    assert!(page.hits[0].snippets.is_empty());
    let unindexed = index.query(BOOKS, &SearchQuery::text("note:seen")).await.expect_err("not indexed");
    assert_eq!(unindexed.kind(), ErrorKind::InvalidInput);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn misuse_is_refused_with_a_reason(place: &dyn Place) {
    let index = filled(place, vec![Document::new("1").with("body", "rain")]).await;
    let facet = |field: &str| SearchQuery::text("*").faceted(FacetRequest::new(field));
    let highlight = Highlight { fields: vec!["colour".into()], ..Highlight::default() };
    for (query, kind, words) in [
        (SearchQuery::text("colour:red"), ErrorKind::InvalidInput, "there is no field `colour`"),
        (SearchQuery::text("year:soon"), ErrorKind::InvalidInput, "`soon` is not that"),
        (SearchQuery::text("body:[a TO b]"), ErrorKind::InvalidInput, "ranges are for"),
        (SearchQuery::text("year:19*"), ErrorKind::InvalidInput, "has no words"),
        (SearchQuery::text("\"rain"), ErrorKind::InvalidInput, "character 1"),
        (SearchQuery::text("rain").window(9_999, 2), ErrorKind::LimitExceeded, "10000"),
        (facet("year"), ErrorKind::InvalidInput, "cannot be counted"),
        (facet("colour"), ErrorKind::InvalidInput, "there is no field `colour`"),
        (
            SearchQuery::text("rain").highlighted(highlight),
            ErrorKind::InvalidInput,
            "there is no field `colour`",
        ),
    ] {
        let error = index.query(BOOKS, &query).await.expect_err("refused");
        assert_eq!(error.kind(), kind, "{query:?}: {error}");
        assert!(error.to_string().contains(words), "{query:?}: {error}");
    }
    let unknown = index.query("unknown", &SearchQuery::text("rain")).await.expect_err("unknown");
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    for name in ["", "Books", "a b", "../up", "a/b", &"a".repeat(65)] {
        let refused = index.ensure(name, &every_kind()).await.expect_err(name);
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{name}");
    }
    for (document, words) in [
        (Document::new(""), "the id of a document"),
        (Document::new("a\0b"), "the id of a document"),
        (Document::new("1").with("colour", "red"), "there is no field `colour`"),
        (Document::new("1").with("year", 1.5), "field `year` holds a whole number"),
        (Document::new("1").with("year", u64::MAX), "field `year` holds a whole number"),
        (Document::new("1").with("seen", "yesterday"), "field `seen` holds a time"),
        (Document::new("1").with("topic", "no/slash"), "field `topic` holds a path"),
        (Document::new("1").with("topic", "/a//b"), "field `topic` holds a path"),
        (Document::new("1").with("path", "x".repeat(1025)), "field `path` holds a string"),
        (Document::new("1").with("body", serde_json::json!({ "a": 1 })), "field `body` holds text"),
    ] {
        let error = index.apply(BOOKS, upserts(vec![document.clone()])).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{document:?}: {error}");
        assert!(error.to_string().contains(words), "{document:?}: {error}");
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn hostile_documents_and_queries_do_no_harm(place: &dyn Place) {
    let deep = format!("{}x{}", "[".repeat(100_000), "]".repeat(100_000));
    let documents = vec![
        Document::new("deep").with("source", deep),
        Document::new("line").with("source", "a.b/c-".repeat(200_000)).with("body", "y".repeat(1 << 20)),
        Document::new("odd").with("body", "\u{0}\u{FEFF}\u{202E}\u{1F468}\u{200D}\u{1F469} e\u{301}\u{FFFD}"),
        Document::new("found").with("body", "rain").with("source", "rain_drop"),
    ];
    let index = filled(place, documents).await;
    let open = "(".repeat(2000);
    let nested = (0..100).fold(Query::word("rain"), |inner, _| Query::not(inner));
    let wide = Query::any((0..5000).map(|word| Query::word(word.to_string())));
    for (query, kind) in [
        (Query::Text("x".repeat(1 << 20)), ErrorKind::LimitExceeded),
        (Query::Text("x ".repeat(MAX_QUERY_BYTES / 2)), ErrorKind::InvalidInput),
        (Query::Text(open.clone()), ErrorKind::LimitExceeded),
        (Query::Text(format!("{open}rain{}", ")".repeat(2000))), ErrorKind::LimitExceeded),
        (Query::Text("rain)".into()), ErrorKind::InvalidInput),
        (nested, ErrorKind::LimitExceeded),
        (wide, ErrorKind::LimitExceeded),
        (Query::Phrase { field: None, text: "rain".into(), slop: u32::MAX }, ErrorKind::InvalidInput),
    ] {
        let error = index.query(BOOKS, &SearchQuery::new(query)).await.expect_err("refused");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(
            error.to_string().len() < 400,
            "an error does not repeat the input: {}",
            error.to_string().len()
        );
    }
    let highlighted = SearchQuery::text("rain a x e\u{301}").highlighted(Highlight::default());
    let page = page(&*index, &highlighted).await;
    assert!(page.hits.iter().any(|hit| hit.id == "found"));
    assert_eq!(page.total, 4);
}
