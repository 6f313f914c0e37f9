//! Deep, long and broken texts neither panic, overflow a small stack, nor hang.

use std::{thread, time::Duration};

use heptad_core::code::{Language, ParseError, ParseLimits, Tree, parse, parse_with};

/// Runs `body` on a thread with a stack of 512 KiB, which recursion over 100,000 levels would overflow.
fn on_a_small_stack<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(512 << 10);
        builder.spawn_scoped(scope, body).expect("a thread").join().expect("no panic and no overflow")
    })
}

fn patient() -> ParseLimits {
    ParseLimits { time: Duration::from_secs(300), ..ParseLimits::default() }
}

const DEEP: usize = 100_000;

/// Parses, walks everything there is to walk, drops.
fn depth_of(language: Language, text: &str) -> usize {
    let tree = parse_with(language, text, &patient()).expect("it parses");
    walk(&tree)
}

fn walk(tree: &Tree) -> usize {
    let last = tree.nodes().last().expect("there is a root");
    let _ = last.span();
    let mut open = Vec::new();
    let mut deepest = 0;
    for node in tree.nodes() {
        while open.pop_if(|end| *end <= node.id()).is_some() {}
        open.push(node.next());
        deepest = deepest.max(open.len());
    }
    deepest
}

#[test]
fn a_hundred_thousand_levels() {
    on_a_small_stack(|| {
        for (name, language, text) in [
            ("brackets", Language::Json, "[".repeat(DEEP) + &"]".repeat(DEEP)),
            ("brackets", Language::JavaScript, "[".repeat(DEEP) + &"]".repeat(DEEP)),
            ("parentheses", Language::Python, "(".repeat(DEEP) + "1" + &")".repeat(DEEP)),
            ("calls", Language::Python, "f(".repeat(DEEP) + &")".repeat(DEEP)),
            ("calls", Language::Rust, "fn m() {".to_owned() + &"f(".repeat(DEEP) + &")".repeat(DEEP) + "}"),
            ("attributes", Language::Python, "a".to_owned() + &".b".repeat(DEEP)),
            ("attributes", Language::TypeScript, "a".to_owned() + &".b".repeat(DEEP)),
            ("unary operators", Language::Go, "package p\nvar x = ".to_owned() + &"!".repeat(DEEP) + "y\n"),
            (
                "unary operators",
                Language::Java,
                "class A { int x = ".to_owned() + &"- ".repeat(DEEP) + "y; }",
            ),
            ("else-if chains", Language::JavaScript, "if (a) {} else ".repeat(DEEP) + "{}"),
            (
                "else-if chains",
                Language::Java,
                format!("class A {{ void f() {{ {} {{}} }} }}", "if (a) {} else ".repeat(DEEP)),
            ),
        ] {
            let deepest = depth_of(language, &text);
            assert!(deepest >= DEEP, "{name} in {language}: {deepest} levels");
        }
    });
}

#[test]
fn brackets_that_never_close_are_parsed_or_refused_in_time() {
    on_a_small_stack(|| {
        let limits = ParseLimits { time: Duration::from_millis(300), ..ParseLimits::default() };
        for language in Language::ALL.iter().filter(|language| language.is_parsed()) {
            for text in [
                "(".repeat(DEEP),
                "{".repeat(DEEP),
                "[".repeat(DEEP),
                "<a ".repeat(DEEP),
                "\"${".repeat(DEEP),
            ] {
                match parse_with(*language, text.as_str(), &limits) {
                    Ok(tree) => assert!(walk(&tree) > 0),
                    Err(error) => assert!(
                        matches!(error, ParseError::TooSlow { .. } | ParseError::TooDeep { .. }),
                        "{language}: {error}"
                    ),
                }
            }
        }
    });
}

#[test]
fn indentation_deeper_than_the_scanners_can_save_is_refused() {
    let stairs = |step: &str, end: &str| -> String {
        (0..600).map(|level| format!("{}{step}\n", " ".repeat(level))).collect::<String>() + end
    };
    let python = stairs("if x:", "");
    assert!(matches!(parse(Language::Python, python), Err(ParseError::TooDeep { .. })));
    for yaml in [stairs("a:", ""), stairs("-", ""), "- ".repeat(600), "? ".repeat(600), stairs("? a", "")] {
        assert!(matches!(parse(Language::Yaml, yaml), Err(ParseError::TooDeep { .. })));
    }
    for yaml in [": ".repeat(600), "- &a ".repeat(600), "a : - ".repeat(600)] {
        assert!(matches!(parse(Language::Yaml, yaml), Err(ParseError::TooDeep { .. })));
    }
    let in_strings = stairs("if x:", "") + &" ".repeat(601) + "f\"{f\"{f\"{";
    assert!(matches!(parse(Language::Python, in_strings), Err(ParseError::TooDeep { .. })));
    let fine: String = (0..90).map(|level| format!("{}if x:\n", " ".repeat(level))).collect();
    assert!(parse(Language::Python, fine + &" ".repeat(90) + "pass\n").is_ok_and(|tree| !tree.has_errors()));
}

#[test]
fn a_line_of_ten_megabytes() {
    let text = format!("x = [{}]\n", "'some text of forty characters, quoted', ".repeat(250_000));
    let tree = parse_with(Language::Python, text.as_str(), &patient()).expect("it parses");
    assert!(text.len() > 10_000_000 && tree.len() > 1_000_000);
    let end = tree.position(text.len() as u32 - 2);
    assert_eq!((end.line, end.column as usize), (1, text.len() - 1));
    let crabs = format!("s = '{}'\n", "🦀".repeat(2_600_000));
    let tree = parse_with(Language::Python, crabs.as_str(), &patient()).expect("it parses");
    let end = tree.position(crabs.len() as u32 - 2);
    assert_eq!((end.line, end.column, end.utf16), (1, 2_600_006, 5_200_005));
}

#[test]
fn every_language_takes_empty_and_senseless_texts() {
    let noise: String = (0..4000u32).map(|n| char::from_u32(n * 7919 % 0x3000 + 1).unwrap_or('\0')).collect();
    for language in Language::ALL.iter().filter(|language| language.is_parsed()) {
        for text in ["", "\u{FEFF}", "\0", "\0\0\0\n\0", "\r", " ", "\n\n", "\\", &noise] {
            let tree = parse(*language, text).expect("it parses");
            assert_eq!(tree.source(), text);
            assert!(!tree.is_empty());
        }
    }
}

#[test]
fn each_limit_is_named() {
    let limits = |change: fn(&mut ParseLimits)| {
        let mut limits = ParseLimits::default();
        change(&mut limits);
        limits
    };
    let text = "f(g(h(1)))\n".repeat(2000);
    for (limits, expected) in [
        (limits(|limits| limits.bytes = 10), "the text has 22000 bytes, at most 10 are parsed"),
        (limits(|limits| limits.nodes = 10), "nodes, at most 10 are kept"),
        (limits(|limits| limits.depth = 3), "the text nests deeper than 3 levels"),
        (limits(|limits| limits.time = Duration::ZERO), "parsing took longer than 0ns"),
    ] {
        let error = parse_with(Language::Python, text.as_str(), &limits).expect_err("a limit");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = parse(Language::Markdown, "# A").expect_err("no grammar");
    assert_eq!(error.to_string(), "markdown cannot be parsed: there is no grammar for it");
    assert!(parse(Language::Python, text).is_ok(), "the parser is fit for use after it was stopped");
}
