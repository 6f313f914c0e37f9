//! The language of a user's line.

use std::ops::Bound;

use heptad_core::{
    ErrorKind,
    search::{Operator, Query, parse},
};
use proptest::prelude::*;

fn word(value: &str) -> Query {
    Query::word(value)
}

fn phrase(text: &str, slop: u32) -> Query {
    Query::Phrase { field: None, text: text.into(), slop }
}

fn range(lower: Bound<&str>, upper: Bound<&str>) -> Query {
    Query::Range { field: "year".into(), lower: lower.map(str::to_owned), upper: upper.map(str::to_owned) }
}

fn boolean<const M: usize, const S: usize, const N: usize>(
    must: [Query; M],
    should: [Query; S],
    not: [Query; N],
) -> Query {
    Query::Boolean { must: must.into(), should: should.into(), not: not.into() }
}

#[test]
fn lines_are_read_as_they_are_meant() {
    use Bound::{Excluded, Included, Unbounded};
    for (line, expected) in [
        ("rain", word("rain")),
        ("  rain\t", word("rain")),
        ("", Query::any([])),
        ("*", Query::MatchAll),
        ("rain hail", Query::any([word("rain"), word("hail")])),
        ("\"rain and hail\"", phrase("rain and hail", 0)),
        ("\"rain hail\"~3", phrase("rain hail", 3)),
        ("\"say \\\"rain\\\"\"", phrase("say \"rain\"", 0)),
        ("rain*", Query::Prefix { field: None, prefix: "rain".into() }),
        ("path:src/*", Query::Prefix { field: Some("path".into()), prefix: "src/".into() }),
        ("body:rain", Query::term("body", "rain")),
        ("topic:/lang/rust", Query::term("topic", "/lang/rust")),
        (
            "body:\"rain hail\"",
            Query::Phrase { field: Some("body".into()), text: "rain hail".into(), slop: 0 },
        ),
        ("body:(rain -hail)", boolean([], [Query::term("body", "rain")], [Query::term("body", "hail")])),
        (
            "body:(rain path:x) y",
            Query::any([Query::any([Query::term("body", "rain"), Query::term("path", "x")]), word("y")]),
        ),
        ("-hail", Query::not(word("hail"))),
        ("NOT hail", Query::not(word("hail"))),
        ("rain -hail", boolean([], [word("rain")], [word("hail")])),
        ("+rain hail -snow", boolean([word("rain")], [word("hail")], [word("snow")])),
        ("a AND b OR c", Query::any([Query::all([word("a"), word("b")]), word("c")])),
        ("a AND (b OR c)", Query::all([word("a"), Query::any([word("b"), word("c")])])),
        ("a && NOT b", Query::all([word("a"), Query::not(word("b"))])),
        ("and or not", Query::any([word("and"), word("or"), word("not")])),
        ("\\AND", word("AND")),
        ("year:[1 TO 5]", range(Included("1"), Included("5"))),
        ("year:{1 TO 5]", range(Excluded("1"), Included("5"))),
        ("year:[* TO 5}", range(Unbounded, Excluded("5"))),
        ("year:[\"a b\" TO *]", range(Included("a b"), Unbounded)),
        ("year:>=5", range(Included("5"), Unbounded)),
        ("year:<5", range(Unbounded, Excluded("5"))),
        ("std::fs::File", word("std::fs::File")),
        ("a->b x=1 #tag c++ user@host", Query::any(["a->b", "x=1", "#tag", "c++", "user@host"].map(word))),
        ("state-of-the-art", word("state-of-the-art")),
        ("a - b", Query::any([word("a"), word("-"), word("b")])),
        ("note: rain", Query::any([word("note:"), word("rain")])),
        ("a\\:b \\(c\\) d\\*", Query::any([word("a:b"), word("(c)"), word("d*")])),
        ("日本 größer", Query::any([word("日本"), word("größer")])),
    ] {
        assert_eq!(
            parse(line, Operator::Any).unwrap_or_else(|error| panic!("{line}: {error}")),
            expected,
            "{line}"
        );
    }
}

#[test]
fn words_may_all_be_needed() {
    assert_eq!(
        parse("rain hail -snow", Operator::All).expect("a query"),
        boolean([word("rain"), word("hail")], [], [word("snow")])
    );
}

#[test]
fn malformed_lines_are_refused_with_the_place() {
    for (line, place, reason) in [
        ("rain (hail", "character 6", "never closed"),
        ("rain) hail", "character 5", "closes nothing"),
        ("größer \"hail", "character 8", "never closed"),
        ("a ]", "character 3", "closes nothing"),
        ("year:[1 5]", "character 6", "[low TO high]"),
        ("year:[1 TO", "character 6", "[low TO high]"),
        ("year:[1 TO 5", "character 6", "[low TO high]"),
        ("[1 TO 5]", "character 1", "needs a field"),
        ("AND b", "character 1", "is missing"),
        ("a OR", "character 3", "at the end"),
        ("a AND AND b", "character 7", "is missing before `AND`"),
        ("ra*in", "character 3", "wildcards"),
        ("body:*", "character 6", "behind `field:`"),
        ("body:a:b", "character 6", "behind `field:`"),
        ("\"a\"~x", "character 1", "small number"),
        ("a\\", "character 2", "nothing behind it"),
    ] {
        let error = parse(line, Operator::Any).expect_err(line);
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{line}");
        let message = error.to_string();
        assert!(message.contains(place) && message.contains(reason), "{line}: {message}");
    }
}

proptest! {
    #[test]
    fn no_line_panics_and_what_is_read_is_read_again(line in "([a-z(){}\\[\\]\":*~+\\- \\\\]|AND|OR|NOT|TO|é|\u{1F600}){0,60}") {
        if let Ok(query) = parse(&line, Operator::Any) {
            prop_assert_eq!(parse(&line, Operator::Any).expect("the same again"), query);
        }
    }

    #[test]
    fn any_text_in_quotes_is_a_phrase(text in "\\PC*") {
        let line = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        prop_assert_eq!(parse(&line, Operator::Any).expect("a phrase"), phrase(&text, 0));
    }
}
