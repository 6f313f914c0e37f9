//! Definitions, signatures, documentation, containers, uses and imports of a real-looking snippet in each language.

mod compiled;
mod scripted;

use std::fmt::Write as _;

use heptad_core::code::{Language, Outline, parse};

/// A line for each: `kind qualified.name: signature — documentation`, `call path < container`, `import module > name = alias`.
fn said(language: Language, source: &str) -> String {
    let tree = parse(language, source).expect("it parses");
    assert!(!tree.has_errors(), "{language}");
    let outline = Outline::of(&tree);
    let mut said = String::new();
    let word = |value: serde_json::Value| value.as_str().expect("a word").to_owned();
    for definition in &outline.definitions {
        let kind = word(serde_json::to_value(definition.kind).expect("JSON"));
        let doc = definition.doc.as_ref().map_or(String::new(), |doc| format!(" — {doc}"));
        let parent = definition.parent.map(|at| &outline.definitions[at as usize]);
        assert!(parent.is_none_or(|parent| {
            parent.span.start <= definition.span.start && definition.span.end <= parent.span.end
        }));
        let _ = writeln!(said, "{kind} {}: {}{doc}", definition.qualified_name, definition.signature);
    }
    for used in &outline.references {
        let kind = word(serde_json::to_value(used.kind).expect("JSON"));
        let within = used.within.map_or("", |at| &outline.definitions[at as usize].name);
        let _ = writeln!(said, "{kind} {} < {within}", used.path);
    }
    for import in &outline.imports {
        let name = import.name.as_ref().map_or(String::new(), |name| format!(" > {name}"));
        let alias = import.alias.as_ref().map_or(String::new(), |alias| format!(" = {alias}"));
        let _ = writeln!(said, "import {}{name}{alias}", import.module);
    }
    said
}

fn check(language: Language, source: &str, expected: &str) {
    if language.is_parsed() {
        assert_eq!(said(language, source), expected, "{language}");
    }
}
