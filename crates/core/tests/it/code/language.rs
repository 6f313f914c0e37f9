//! Which language a file is in.

use std::path::Path;

use heptad_core::code::{Language, Source, SourceError, language::is_binary};

#[test]
fn a_table_of_files() {
    for (path, head, language) in [
        ("a.py", "", Some("python")),
        ("src/A.PYI", "", Some("python")),
        ("a.tsx", "", Some("tsx")),
        ("a.d.ts", "export {}", Some("typescript")),
        ("app_de.ts", "<?xml version=\"1.0\"?>\n<!DOCTYPE TS>", None),
        ("app_de.ts", "\u{FEFF}<!DOCTYPE TS>", None),
        ("a.h", "#include <stdio.h>\nint f(void);\n", Some("c")),
        ("a.h", "#ifdef __cplusplus\nextern \"C\" {\n#endif\n", Some("c")),
        ("a.h", "#pragma once\n#include <vector>\n", Some("cpp")),
        ("a.h", "namespace a {\n", Some("cpp")),
        ("a.h", "template<class T> struct A;", Some("cpp")),
        ("a.h", "#import <Foundation/Foundation.h>\n@interface A\n", None),
        ("a.rs", "fn main() {}", Some("rust")),
        ("a.rs", "#pragma version(1)\n#pragma rs java_package_name(x)", None),
        ("Dockerfile", "", Some("dockerfile")),
        ("Dockerfile.prod", "", Some("dockerfile")),
        ("Dockerfilex", "", None),
        ("web.dockerfile", "", Some("dockerfile")),
        ("Rakefile", "", Some("ruby")),
        ("run", "#!/bin/sh\n", Some("bash")),
        ("run", "#!/usr/bin/env python3.12\n", Some("python")),
        ("run", "#!/usr/bin/env -S node --harmony\n", Some("javascript")),
        ("run", "#! /usr/bin/env LANG=C ruby -w", Some("ruby")),
        ("run", "#!", None),
        ("run", "hello", None),
        ("run.cmd", "#!/usr/bin/python\n", Some("python")),
        ("README.md", "", Some("markdown")),
        ("a.tf", "", Some("hcl")),
        (".bashrc", "", Some("bash")),
        (".py", "", None),
        ("a.py", "\0\0", None),
        ("", "", None),
    ] {
        let found = Language::of(Path::new(path), head.as_bytes());
        assert_eq!(found.map(Language::name), language, "{path} {head:?}");
    }
}

#[test]
fn names_aliases_and_extensions_name_a_language() {
    for language in Language::ALL {
        for name in [language.name()].iter().chain(language.aliases()) {
            assert_eq!(name.parse::<Language>().expect("a known name"), *language, "{name}");
        }
        assert_eq!(
            serde_json::to_value(language).expect("JSON"),
            language.name(),
            "one name on every surface"
        );
        assert_eq!(Language::named(&language.name().to_uppercase()), Some(*language));
    }
    assert_eq!(Language::named("tf"), Some(Language::Hcl));
    let error = "cobol".parse::<Language>().expect_err("no such language");
    assert!(error.message().contains("`cobol` is not a language; known are bash, c, "), "{error}");
}

#[test]
fn no_extension_or_file_name_is_claimed_twice_unless_the_content_decides() {
    let mut seen = std::collections::BTreeMap::new();
    for language in Language::ALL {
        for extension in language.extensions() {
            if let Some(other) = seen.insert(extension, language) {
                assert_eq!((*extension, other, language), ("h", &Language::C, &Language::Cpp));
            }
        }
    }
}

#[test]
fn bytes_that_are_not_text_are_refused_and_say_where() {
    assert_eq!(Source::from_bytes(b"a\n\xE9\n".to_vec()), Err(SourceError::NotUtf8 { offset: 2, line: 2 }));
    assert_eq!(Source::from_bytes(b"a\0".to_vec()), Err(SourceError::Binary));
    assert_eq!(Source::from_bytes(b"\xFF\xFEa\0".to_vec()), Err(SourceError::Utf16));
    let marked = Source::from_bytes("\u{FEFF}a".into()).expect("a byte order mark is text");
    assert_eq!(marked.len(), 4);
    assert!(is_binary(b"PK\x03\x04\0\0") && !is_binary("é".as_bytes()));
}
