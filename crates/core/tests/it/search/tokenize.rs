//! How text is cut into tokens.

use heptad_core::search::{
    Language,
    tokenize::{MAX_TOKEN_BYTES, Token, code, identifier_parts, prose},
};
use proptest::prelude::*;

/// Tokens as `text@position`; compounds in parentheses.
fn shown(tokens: Vec<Token>) -> String {
    let shown = tokens.into_iter().map(|Token { text, position, compound, .. }| {
        if compound { format!("({text}@{position})") } else { format!("{text}@{position}") }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn code_gives_identifiers_whole_and_in_parts() {
    for (text, expected) in [
        ("", ""),
        ("x", "x@0"),
        ("let x = 1;", "let@0 x@1 1@2"),
        ("parseUrl", "(parseurl@0) parse@0 url@1"),
        ("parse_url", "(parse_url@0) parse@0 url@1"),
        ("PARSE_URL", "(parse_url@0) parse@0 url@1"),
        ("ParseURL(x)", "(parseurl@0) parse@0 url@1 x@2"),
        ("HTTPServer", "(httpserver@0) http@0 server@1"),
        ("getURLs", "(geturls@0) get@0 urls@1"),
        ("sha256sum", "(sha256sum@0) sha@0 256@1 sum@2"),
        ("__init__", "(__init__@0) init@0"),
        ("_", ""),
        ("a.b", "(a.b@0) a@0 b@1"),
        ("a.b.", "(a.b@0) a@0 b@1"),
        ("std::fs::File", "(std::fs::file@0) std@0 fs@1 file@2"),
        ("src/searchIndex.rs", "(src/searchindex.rs@0) src@0 (searchindex@1) search@1 index@2 rs@3"),
        ("kebab-case-name", "(kebab-case-name@0) kebab@0 case@1 name@2"),
        ("C:\\dir\\file", "(c:\\dir\\file@0) c@0 dir@1 file@2"),
        ("a->b", "a@0 b@1"),
        ("a...b", "a@0 b@1"),
        ("straßenName", "(straßenname@0) straßen@0 name@1"),
        ("ÉcoleNationale", "(écolenationale@0) école@0 nationale@1"),
        ("E\u{301}cole", "e\u{301}cole@0"),
        ("名前", "(名前@0) 名@0 前@1"),
        ("日本go", "(日本go@0) 日@0 本@1 go@2"),
    ] {
        assert_eq!(shown(code(text)), expected, "{text}");
    }
}

#[test]
fn identifiers_split_where_their_writer_meant_it() {
    for (identifier, expected) in [
        ("parseHTTPUrl_v2", "parse HTTP Url v 2"),
        ("XMLHttpRequest", "XML Http Request"),
        ("iOS", "i OS"),
        ("IDs", "IDs"),
        ("URLsafe", "UR Lsafe"),
        ("v1beta2", "v 1 beta 2"),
        ("snake_caseMixed", "snake case Mixed"),
        ("ΑλφαΒήτα", "Αλφα Βήτα"),
    ] {
        let parts: Vec<_> =
            identifier_parts(identifier).into_iter().map(|(start, end)| &identifier[start..end]).collect();
        assert_eq!(parts.join(" "), expected, "{identifier}");
    }
}

#[test]
fn prose_gives_stems() {
    for (language, text, expected) in [
        (Language::English, "The columns of Temples, running!", "the@0 column@1 of@2 templ@3 run@4"),
        (Language::English, "reader's don’t 'quoted' o'clock", "reader@0 don't@1 quot@2 o'clock@3"),
        (Language::English, "state-of-the-art v2.0", "state@0 of@1 the@2 art@3 v2@4 0@5"),
        (Language::English, "日本語 text", "日@0 本@1 語@2 text@3"),
        (Language::German, "Die Häuser der Städte", "die@0 haus@1 der@2 stadt@3"),
        (Language::French, "l'homme", "l@0 homm@1"),
        (Language::None, "Columns RUNNING", "columns@0 running@1"),
        (Language::English, "e\u{301}té \u{301}", "e\u{301}té@0"),
    ] {
        assert_eq!(shown(prose(text, language)), expected, "{text}");
    }
}

#[test]
fn what_is_too_long_is_left_out_and_keeps_its_place() {
    let long = "x".repeat(MAX_TOKEN_BYTES + 1);
    assert_eq!(shown(prose(&format!("a {long} b"), Language::None)), "a@0 b@2");
    assert_eq!(shown(code(&format!("a {long} b"))), "a@0 b@2");
    let longest = "x".repeat(MAX_TOKEN_BYTES);
    assert_eq!(code(&longest).len(), 1);
    assert_eq!(shown(code(&format!("{longest}.b"))), format!("{longest}@0 b@1"));
}

fn sound(text: &str, tokens: &[Token]) {
    let mut before: Option<&Token> = None;
    for token in tokens {
        assert!(token.start < token.end && token.end <= text.len(), "{token:?}");
        assert!(text.is_char_boundary(token.start) && text.is_char_boundary(token.end), "{token:?}");
        assert!(!token.text.is_empty() && token.end - token.start <= MAX_TOKEN_BYTES, "{token:?}");
        if let Some(before) = before {
            assert!(before.start <= token.start, "offsets never decrease: {before:?} {token:?}");
            assert!(before.position <= token.position, "nor do positions: {before:?} {token:?}");
            if !before.compound && !token.compound {
                assert!(
                    before.end <= token.start && before.position < token.position,
                    "{before:?} {token:?}"
                );
            }
        }
        before = Some(token);
    }
}

proptest! {
    #[test]
    fn tokens_lie_in_the_text_in_order(text in "(\\PC|[a-zA-Z0-9_./:\\\\'-]|\u{301}|[äÉ日本ก]){0,80}") {
        sound(&text, &code(&text));
        for language in [Language::None, Language::English, Language::Turkish, Language::Greek] {
            sound(&text, &prose(&text, language));
        }
    }

    #[test]
    fn cutting_a_part_again_gives_the_part(text in "[a-zA-Z0-9_ .äÉß]{0,40}") {
        for token in code(&text).into_iter().filter(|token| !token.compound) {
            prop_assert_eq!(shown(code(&token.text)), format!("{}@0", token.text));
        }
    }
}
