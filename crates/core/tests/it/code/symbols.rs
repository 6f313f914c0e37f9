//! What each language's sample defines, uses and imports.

use std::{fmt::Write as _, path::Path};

use heptad_core::code::{Language, Outline, Span, parse};

/// An outline as a page to read: definitions by nesting, then uses by name, then imports.
fn page(outline: &Outline) -> String {
    let lines = |span: &Span| {
        format!("{}:{}-{}:{}", span.start.line, span.start.column, span.end.line, span.end.column)
    };
    let mut page = String::new();
    if let Some(doc) = &outline.doc {
        let _ = writeln!(page, "{doc:?}");
    }
    for definition in &outline.definitions {
        let mut depth = 0;
        let mut parent = definition.parent;
        while let Some(at) = parent {
            depth += 1;
            parent = outline.definitions[at as usize].parent;
        }
        let kind = serde_json::to_value(definition.kind).expect("JSON");
        let _ = write!(
            page,
            "{}{} {}",
            "  ".repeat(depth),
            kind.as_str().expect("a name"),
            definition.qualified_name
        );
        let _ = write!(page, "  [{}]  `{}`", lines(&definition.span), definition.signature);
        let _ =
            writeln!(page, "{}", definition.doc.as_ref().map(|doc| format!("  {doc:?}")).unwrap_or_default());
    }
    for reference in &outline.references {
        let kind = serde_json::to_value(reference.kind).expect("JSON");
        let within = reference.within.map_or("", |at| &outline.definitions[at as usize].name);
        let _ = writeln!(
            page,
            "{} {}  [{}] in {within}",
            kind.as_str().expect("a name"),
            reference.path,
            reference.span.start.line
        );
    }
    for import in &outline.imports {
        let _ = write!(page, "import {}", import.module);
        let _ = write!(page, "{}", import.name.as_ref().map(|name| format!(" . {name}")).unwrap_or_default());
        let _ = writeln!(
            page,
            "{}",
            import.alias.as_ref().map(|alias| format!(" as {alias}")).unwrap_or_default()
        );
    }
    page
}

#[test]
fn every_parsed_language_has_a_sample_that_parses_and_has_symbols() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/code/samples");
    for language in Language::ALL.iter().filter(|language| language.is_parsed()) {
        let file = folder.join(language.name()).with_extension(language.extensions()[0]);
        let source =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(Language::of(&file, source.as_bytes()), Some(*language));
        let tree = parse(*language, source).expect("it parses");
        assert!(!tree.has_errors(), "{language}");
        let outline = Outline::of(&tree);
        for definition in &outline.definitions {
            let bytes = definition.name_span.bytes();
            assert!(tree.source()[bytes.start as usize..bytes.end as usize].contains(&definition.name));
            assert!(
                definition.span.start <= definition.name_span.start
                    && definition.name_span.end <= definition.span.end
            );
            if let Some(parent) = definition.parent {
                let parent = &outline.definitions[parent as usize].span;
                assert!(
                    parent.start <= definition.span.start && definition.span.end <= parent.end,
                    "{definition:?}"
                );
            }
        }
        insta::assert_snapshot!(language.name(), page(&outline));
    }
}

#[test]
fn outlines_of_deep_texts_are_made_without_overflow_and_stay_small() {
    let deep = 20_000;
    for (language, text) in [
        (Language::JavaScript, "function f() {".repeat(deep) + &"}".repeat(deep)),
        (Language::JavaScript, "a()".to_owned() + &".b()".repeat(deep)),
        (Language::Rust, "mod m {".repeat(deep) + &"}".repeat(deep)),
        (Language::Rust, format!("use {}a{};", "a::{".repeat(deep), "}".repeat(deep))),
        (Language::Java, "class A {".repeat(deep) + &"}".repeat(deep)),
        (Language::Json, "{\"a\":".repeat(deep) + "1" + &"}".repeat(deep)),
    ] {
        let limits = heptad_core::code::ParseLimits {
            time: std::time::Duration::from_secs(120),
            ..Default::default()
        };
        let tree = heptad_core::code::parse_with(language, text.as_str(), &limits).expect("it parses");
        let outline = Outline::of(&tree);
        let names: usize = outline
            .definitions
            .iter()
            .map(|definition| definition.qualified_name.len() + definition.signature.len())
            .sum();
        assert!(names < 1000 * deep, "{language}: {names} bytes of names");
        assert!(
            !outline.definitions.is_empty() || !outline.references.is_empty() || language == Language::Rust
        );
    }
}

#[test]
fn broken_texts_have_the_outline_of_what_is_whole() {
    let tree = parse(Language::Python, "def whole(a):\n    return a\n\nclass Half(:\n").expect("it parses");
    let outline = Outline::of(&tree);
    assert!(outline.has_errors);
    assert_eq!(outline.definitions[0].qualified_name, "whole");
}
