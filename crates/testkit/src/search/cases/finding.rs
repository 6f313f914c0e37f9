//! Which documents a query finds.

use heptad_core::search::{Document, FacetCount, FacetRequest, Query, SearchIndex, SearchQuery};

use crate::search::{Place, filled, found, found_by, page};

/// Checks `(line, ids found)` on documents of the field `body`.
async fn check(place: &dyn Place, bodies: &[&str], expected: &[(&str, &[&str])]) {
    let documents =
        bodies.iter().enumerate().map(|(id, body)| Document::new(id.to_string()).with("body", *body));
    let index = filled(place, documents.collect()).await;
    check_lines(&*index, expected).await;
}

async fn check_lines(index: &dyn SearchIndex, expected: &[(&str, &[&str])]) {
    for (line, ids) in expected {
        assert_eq!(found_by(index, line).await, *ids, "{line}");
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn a_word_finds_the_documents_that_have_it(place: &dyn Place) {
    check(
        place,
        &["a temple", "The Temple of Athena", "größer als 日本語", ""],
        &[
            ("temple", &["0", "1"]),
            ("TEMPLE", &["0", "1"]),
            ("athena", &["1"]),
            ("GRÖßER", &["2"]),
            ("本", &["2"]),
            ("日本", &["2"]),
            ("本日", &[]),
            ("roof", &[]),
            ("", &[]),
            ("!?", &[]),
            ("*", &["0", "1", "2", "3"]),
        ],
    )
    .await;
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn words_are_found_by_their_stems(place: &dyn Place) {
    check(
        place,
        &["one column", "seven columns", "he was running", "the reader's choice"],
        &[("columns", &["0", "1"]), ("run", &["2"]), ("readers", &["3"]), ("colum", &[])],
    )
    .await;
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn identifiers_are_found_whole_and_in_parts(place: &dyn Place) {
    let sources = [
        "fn parseHttpRequest(input: &str)",
        "def parse_http_request(data):",
        "use std::fs::File;",
        "open('src/http/request.rs')",
        "class HTTPServer2 {}",
    ];
    let documents =
        sources.iter().enumerate().map(|(id, source)| Document::new(id.to_string()).with("source", *source));
    let index = filled(place, documents.collect()).await;
    check_lines(
        &*index,
        &[
            ("parseHttpRequest", &["0", "1"]),
            ("parse_http_request", &["0", "1"]),
            ("parsehttprequest", &["0"]),
            ("http", &["0", "1", "3", "4"]),
            ("\"http request\"", &["0", "1", "3"]),
            ("std::fs::File", &["2"]),
            ("fs", &["2"]),
            ("src/http/request.rs", &["3"]),
            ("request.rs", &["3"]),
            ("HTTPServer", &["4"]),
            ("source:server", &["4"]),
            ("httpserver2", &["4"]),
            ("parse_ht*", &["1"]),
            ("pars*", &["0", "1"]),
        ],
    )
    .await;
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn a_phrase_needs_its_words_in_order(place: &dyn Place) {
    let several = serde_json::json!(["ends with rain", "storm begins"]);
    let documents = vec![
        Document::new("0").with("body", "rain and storm"),
        Document::new("1").with("body", "storm and rain"),
        Document::new("2").with("body", several),
    ];
    let index = filled(place, documents).await;
    check_lines(
        &*index,
        &[
            ("\"rain and storm\"", &["0"]),
            ("\"storms and rains\"", &["1"]),
            ("\"rain storm\"", &[]),
            ("\"rain\"", &["0", "1", "2"]),
            ("body:\"storm begins\"", &["2"]),
        ],
    )
    .await;
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn slop_lets_words_move(place: &dyn Place) {
    check(
        place,
        &["rain storm", "rain and storm", "rain and then a storm", "storm rain"],
        &[
            ("\"rain storm\"", &["0"]),
            ("\"rain storm\"~1", &["0", "1"]),
            ("\"rain storm\"~2", &["0", "1", "3"]),
            ("\"rain storm\"~3", &["0", "1", "2", "3"]),
        ],
    )
    .await;
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn booleans_combine(place: &dyn Place) {
    check(
        place,
        &["rain", "rain storm", "storm hail", "rain hail storm"],
        &[
            ("rain hail", &["0", "1", "2", "3"]),
            ("rain AND hail", &["3"]),
            ("rain OR hail", &["0", "1", "2", "3"]),
            ("rain -storm", &["0"]),
            ("-rain", &["2"]),
            ("NOT rain", &["2"]),
            ("+storm hail", &["1", "2", "3"]),
            ("storm AND NOT rain", &["2"]),
            ("rain AND (hail OR storm) -hail", &["1"]),
            ("body:(rain hail) AND storm", &["1", "2", "3"]),
            ("hail AND storm OR rain", &["0", "1", "2", "3"]),
            ("rain AND -(storm OR hail)", &["0"]),
            ("rain AND !?", &["0", "1", "3"]),
        ],
    )
    .await;
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn ranges_cover_every_kind(place: &dyn Place) {
    let documents = vec![
        Document::new("0")
            .with("year", -5)
            .with("weight", 0.5)
            .with("seen", "2026-01-01T00:00:00Z")
            .with("path", "a"),
        Document::new("1")
            .with("year", 7)
            .with("weight", -2.25)
            .with("seen", "2026-06-01T12:00:00.5+02:00")
            .with("path", "b"),
        Document::new("2").with("year", i64::MAX).with("weight", 1e300).with("open", true),
        Document::new("3").with("year", serde_json::json!([1, 100])).with("open", false),
    ];
    let index = filled(place, documents).await;
    check_lines(
        &*index,
        &[
            ("year:[-5 TO 7]", &["0", "1", "3"]),
            ("year:{-5 TO 7}", &["3"]),
            ("year:[7 TO *]", &["1", "2", "3"]),
            ("year:>100", &["2"]),
            ("year:<=-5", &["0"]),
            ("year:7", &["1"]),
            ("year:9223372036854775807", &["2"]),
            ("year:[7 TO 1]", &[]),
            ("year:[* TO *]", &["0", "1", "2", "3"]),
            ("weight:[-3 TO 0.5]", &["0", "1"]),
            ("weight:>=1e299", &["2"]),
            ("seen:[2026-06-01T10:00:00Z TO 2026-06-02]", &["1"]),
            ("seen:<2026-06-01", &["0"]),
            ("seen:\"2026-01-01T00:00:00Z\"", &["0"]),
            ("path:[a TO b}", &["0"]),
            ("path:[a TO *]", &["0", "1"]),
            ("open:true", &["2"]),
            ("open:[false TO true]", &["2", "3"]),
        ],
    )
    .await;
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn prefixes_find_what_begins_with_them(place: &dyn Place) {
    let documents = vec![
        Document::new("0").with("body", "a connection").with("path", "src/lib.rs"),
        Document::new("1").with("body", "they connect").with("path", "src/main.rs"),
        Document::new("2").with("body", "cone and größe").with("path", "tests/é\u{10FFFF}"),
    ];
    let index = filled(place, documents).await;
    check_lines(
        &*index,
        &[
            ("con*", &["0", "1", "2"]),
            ("conn*", &["0", "1"]),
            ("connection*", &["0", "1"]),
            ("GRÖ*", &["2"]),
            ("path:src/*", &["0", "1"]),
            ("path:src/m*", &["1"]),
            ("path:tests/é*", &["2"]),
            ("path:Src*", &[]),
            ("x*", &[]),
        ],
    )
    .await;
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn facets_are_found_and_counted_at_every_level(place: &dyn Place) {
    let both = serde_json::json!(["/lang/rust", "/lang/rust/nightly", "/os"]);
    let documents = vec![
        Document::new("0").with("topic", "/lang/rust").with("path", "p"),
        Document::new("1").with("topic", "/lang/python").with("path", "p"),
        Document::new("2").with("topic", both).with("path", "q"),
        Document::new("3").with("body", "no topic"),
        Document::new("4").with("topic", "/language"),
    ];
    let index = filled(place, documents).await;
    check_lines(
        &*index,
        &[
            ("topic:/lang", &["0", "1", "2"]),
            ("topic:/lang/rust", &["0", "2"]),
            ("topic:/lang/rust/", &["0", "2"]),
            ("topic:/lang/rust/nightly", &["2"]),
            ("topic:/rust", &[]),
        ],
    )
    .await;
    let counts = async |line: &str, request: FacetRequest| -> Vec<(String, u64)> {
        let page = page(&*index, &SearchQuery::text(line).window(0, 0).faceted(request.clone())).await;
        page.facets[&request.field]
            .iter()
            .map(|FacetCount { value, count }| (value.clone(), *count))
            .collect()
    };
    let below = |below: &str| FacetRequest { below: below.into(), ..FacetRequest::new("topic") };
    let pairs = |pairs: &[(&str, u64)]| {
        pairs.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect::<Vec<_>>()
    };
    assert_eq!(counts("*", below("")).await, pairs(&[("/lang", 3), ("/language", 1), ("/os", 1)]));
    assert_eq!(counts("*", below("/lang")).await, pairs(&[("/lang/rust", 2), ("/lang/python", 1)]));
    assert_eq!(counts("topic:/os", below("/lang/rust")).await, pairs(&[("/lang/rust/nightly", 1)]));
    assert_eq!(counts("*", FacetRequest { limit: 1, ..below("") }).await, pairs(&[("/lang", 3)]));
    assert_eq!(counts("*", FacetRequest::new("path")).await, pairs(&[("p", 2), ("q", 1)]));
    assert_eq!(counts("nothing", below("")).await, pairs(&[]));
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn filters_do_not_change_scores(place: &dyn Place) {
    let documents = vec![
        Document::new("0").with("body", "rain rain storm").with("year", 1),
        Document::new("1").with("body", "rain").with("year", 2),
    ];
    let index = filled(place, documents).await;
    let plain = page(&*index, &SearchQuery::text("rain")).await;
    let filtered = page(&*index, &SearchQuery::text("rain").filtered(Query::term("year", "1"))).await;
    assert_eq!(filtered.total, 1);
    let unfiltered = plain.hits.iter().find(|hit| hit.id == "0").expect("found without the filter");
    assert_eq!(&filtered.hits[0], unfiltered);
    let none = found(&*index, Query::all([Query::word("rain"), Query::term("year", "3")])).await;
    assert!(none.is_empty());
}
