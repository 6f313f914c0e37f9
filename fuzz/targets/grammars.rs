//! Every grammar, with texts that have its shape: soups of its tokens, tokens nested and repeated past every fixed size of its scanner,
//! stairs of indentation, and edited pieces of real code. A scanner that cannot bear a text ends the process.

use std::time::Duration;

use heptad::core::code::{Language, Outline, ParseLimits, parse_with};

/// What the grammars' scanners count, open and close, whatever the language.
const COMMON: &[&str] = &[
    " ", "\n", "\t", "\r\n", "\"", "'", "`", "$", "#", "@", "\\", "(", ")", "[", "]", "{", "}", "<", ">",
    "${", "#{", "/*", "*/", "//", "=", ":", ";", ",", ".", "-", "<<", "a", "b ", "x1", "é", "漢", "🦀",
    "\u{FEFF}", "\0", "\u{0C}", "0", "1.5", "\\\n", "\n ", "\n  ",
];

/// What a language has of its own; where its scanner keeps a state, above all what changes that.
fn own(language: Language) -> &'static [&'static str] {
    match language {
        Language::Bash => &[
            "<<EOF", "<<-A\n", "\nEOF\n", "EOF", "$(", "$((", "))", "${", "if ", "then\n", "fi\n", "do\n",
            "[[ ", "]]", "@(", "<<<",
        ],
        Language::Cpp | Language::C => &[
            "R\"x(",
            ")x\"",
            "R\"",
            "x(",
            "#if a\n",
            "#endif\n",
            "struct a {",
            "};",
            "template<",
            "int a, *b;",
        ],
        Language::CSharp => {
            &["$\"", "$@\"", "$$\"\"\"", "\"\"\"", "{{", "}}", "{a", "class a {", "#if a\n", "#endif\n"]
        }
        Language::Css => &["a{", "}", "@media ", "a:b ", "/*", "::", "url(", "\"", "#a", ".b"],
        Language::Dockerfile => &[
            "FROM a\n",
            "RUN ",
            "<<E ",
            "<<-\"E\"\n",
            "\nE\n",
            "# escape=`\n",
            "`\n",
            "COPY ",
            "ENV a=",
            "\\\n",
        ],
        Language::Hcl => {
            &["<<E\n", "\nE\n", "\"${", "%{if a}", "%{", "a = ", "a {", "\"", "}", "<<-E\n", "$${"]
        }
        Language::Html => &[
            "<a>",
            "</a>",
            "<p>",
            "<br>",
            "<script>",
            "</script>",
            "<x-y>",
            "<!--",
            "-->",
            "/>",
            "<a ",
            "</p>",
            "<li>",
            "<td>",
        ],
        Language::Kotlin => &[
            "\"", "\"\"\"", "\"${", "${", "}", "{", "$a", "$$\"", "$${", "when(x)", "object ", "val x = ",
            "/*", "*/", "'}'", "+", "f(", "try ",
        ],
        Language::Php => {
            &["<?php ", "?>", "<<<E\n", "<<<'E'\n", "\nE;\n", "\"{$", "\"${", "$a", "`", "}", "fn("]
        }
        Language::Python => &[
            "f\"", "f'{", "f\"\"\"{", "\"\"\"", "if x:\n", "\n\t", "\\\n", "{", "}", "#\n", "x = ", "\u{0C}",
            "(", "b'", "print ", "else:\n",
        ],
        Language::Ruby => &[
            "<<~A\n",
            "<<-\"",
            "<<'",
            "\nA\n",
            "%w[",
            "%q(",
            "#{",
            "\"",
            "/",
            "?a",
            ":\"",
            "`",
            "%r{",
            "}",
            "def a\n",
            "end\n",
            "__END__\n",
        ],
        Language::Rust => {
            &["r#\"", "\"#", "r##\"", "/*", "*/", "'a", "fn a() {", "}", "m! {", "//! a\n", "b\"", "#![a]"]
        }
        Language::Scala => &[
            "case a =>\n",
            "match\n",
            "s\"",
            "\"\"\"",
            "${",
            "$a",
            "class a:\n",
            "def a =\n",
            "end a\n",
            "then\n",
            "else\n",
            "/*",
            "<a>",
            "{",
            "}",
            "+ ",
            "catch\n",
            "if a\n",
            ",\n",
        ],
        Language::Swift => &[
            "#\"", "\"#", "\"\"\"", "\\(", "/*", "*/", "#if a\n", "#endif\n", "{", "}", "->", "&&", "??",
            "as?", "let a = ",
        ],
        Language::Yaml => &[
            "- ", "? ", ": ", "a: ", "a", "\n", "\n ", "\n  ", "}", "{", "]", "[", "&a ", "!t ", "*a", "|\n",
            ">2\n", "\"", "'", "--- ", "...\n", "%a\n", "#a\n", ",", "a:\n", "-\n", "?\n", ":\n", "\t",
            "1.2",
        ],
        _ => &[
            "`${",
            "${",
            "}",
            "{",
            "</",
            "<a>",
            "</a>",
            "/",
            "=>",
            "class a {",
            "function a() {",
            "(",
            ")",
            "\"",
            "'",
            "/*",
            "*/",
            "<!--",
            "a?.b",
            "async ",
        ],
    }
}

/// Real code, to be cut and edited.
const SAMPLES: &[&str] = &[
    include_str!("../../crates/core/tests/it/code/samples/bash.sh"),
    include_str!("../../crates/core/tests/it/code/samples/c.c"),
    include_str!("../../crates/core/tests/it/code/samples/cpp.cpp"),
    include_str!("../../crates/core/tests/it/code/samples/csharp.cs"),
    include_str!("../../crates/core/tests/it/code/samples/css.css"),
    include_str!("../../crates/core/tests/it/code/samples/dockerfile.dockerfile"),
    include_str!("../../crates/core/tests/it/code/samples/go.go"),
    include_str!("../../crates/core/tests/it/code/samples/hcl.hcl"),
    include_str!("../../crates/core/tests/it/code/samples/html.html"),
    include_str!("../../crates/core/tests/it/code/samples/java.java"),
    include_str!("../../crates/core/tests/it/code/samples/javascript.js"),
    include_str!("../../crates/core/tests/it/code/samples/kotlin.kt"),
    include_str!("../../crates/core/tests/it/code/samples/php.php"),
    include_str!("../../crates/core/tests/it/code/samples/python.py"),
    include_str!("../../crates/core/tests/it/code/samples/ruby.rb"),
    include_str!("../../crates/core/tests/it/code/samples/rust.rs"),
    include_str!("../../crates/core/tests/it/code/samples/scala.scala"),
    include_str!("../../crates/core/tests/it/code/samples/swift.swift"),
    include_str!("../../crates/core/tests/it/code/samples/tsx.tsx"),
    include_str!("../../crates/core/tests/it/code/samples/typescript.ts"),
    include_str!("../../crates/core/tests/it/code/samples/yaml.yaml"),
];

/// More than any scanner has room for: the smallest thing that one of them keeps takes a byte of 1,024.
const TIMES: usize = 1_100;

/// Longer texts only take longer.
const LONGEST: usize = 60_000;

/// Any bytes are a choice of language, of shape and of tokens.
pub(crate) fn run(data: &[u8]) {
    let parsed: Vec<Language> =
        Language::ALL.iter().copied().filter(|language| language.is_parsed()).collect();
    let [language, shape, choices @ ..] = data else { return };
    let Some(language) = parsed.get(usize::from(*language) % parsed.len().max(1)) else { return };
    let text = text(*language, *shape, choices);
    let limits = ParseLimits { time: Duration::from_millis(300), ..ParseLimits::default() };
    if let Ok(tree) = parse_with(*language, text.as_str(), &limits) {
        assert_eq!(tree.source(), text, "the text is kept byte for byte");
        let mut from = 0;
        for node in tree.nodes() {
            assert!(node.range().start >= from && tree.source().get(to_usize(node.range())).is_some());
            from = node.range().start;
        }
        let outline = Outline::of(&tree);
        let inside = |at: u32| (at as usize) <= text.len();
        assert!(outline.definitions.iter().all(|definition| inside(definition.span.end.byte)));
    }
}

fn to_usize(range: std::ops::Range<u32>) -> std::ops::Range<usize> {
    range.start as usize..range.end as usize
}

/// The text that the choices say.
pub(crate) fn text(language: Language, shape: u8, choices: &[u8]) -> String {
    let soup = |choices: &[u8]| -> String { choices.iter().map(|choice| token(language, *choice)).collect() };
    let (head, tail) = choices.split_at(choices.len() / 2);
    let mut text = match shape % 6 {
        0 => soup(choices),
        1 => soup(choices).repeat(TIMES),
        2 => soup(head) + &soup(tail).repeat(TIMES),
        3 => soup(head).repeat(TIMES) + "x" + &soup(tail).repeat(TIMES),
        4 => stairs(&soup(head), &soup(tail)),
        _ => edited(language, choices),
    };
    let end = (0..=LONGEST.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
    text
}

fn token(language: Language, choice: u8) -> &'static str {
    let tokens = if choice.is_multiple_of(4) { COMMON } else { own(language) };
    tokens[usize::from(choice / 4) % tokens.len()]
}

/// Lines, each indented by one more than the one above.
fn stairs(odd: &str, even: &str) -> String {
    let step = |level: usize| if level.is_multiple_of(2) { odd } else { even };
    (0..500).map(|level| format!("{}{}\n", " ".repeat(level), step(level))).collect()
}

/// A sample with tokens in it: of the four bytes of an edit two say where, one how much goes, and one what comes.
fn edited(language: Language, choices: &[u8]) -> String {
    let Some((sample, edits)) = choices.split_first() else { return String::new() };
    let mut text = SAMPLES[usize::from(*sample) % SAMPLES.len()].to_owned();
    for edit in edits.chunks_exact(4) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % (text.len() + 1);
        let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = (at + usize::from(edit[2] % 32)).min(text.len());
        let end = (at..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(at);
        text.replace_range(at..end, token(language, edit[3]));
    }
    text
}
