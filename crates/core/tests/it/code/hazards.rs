//! Texts on which a grammar's scanner ends the process are refused; what only looks like them is parsed.

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use heptad_core::code::{Language, ParseError, parse};

/// Names the grammar for the child process.
const GRAMMAR: &str = "HEPTAD_CRASH_GRAMMAR";

/// Lines, each indented by one more than the one above.
fn stairs(levels: usize, step: &str, end: &str) -> String {
    let lines: String = (0..levels).map(|level| format!("{}{step}\n", " ".repeat(level))).collect();
    format!("{lines}{}{end}", " ".repeat(levels))
}

/// Texts that end a process, one for each way that is known.
fn fatal() -> Vec<(Language, String)> {
    let mut texts = vec![
        (Language::Python, stairs(600, "if x:", "f(\"a\")\n")),
        (Language::Python, stairs(384, "if x:", &("f\"{".repeat(255) + "\n"))),
        (Language::Yaml, "- ".repeat(600)),
        (Language::Yaml, stairs(300, "a:", "")),
        (Language::Yaml, (0..130).map(|level| format!("{}- a:\n", "    ".repeat(level))).collect()),
        (Language::Yaml, "? ".repeat(600)),
    ];
    if cfg!(feature = "lang-kotlin") {
        texts.push((Language::Kotlin, "val x = ".to_owned() + &"\"${ f(".repeat(700)));
        texts.push((Language::Kotlin, "val x = ".to_owned() + &"\"${ {} + ".repeat(700)));
        texts.push((Language::Kotlin, "val x = ".to_owned() + &"\"${ /*}*/ ".repeat(700)));
    }
    if cfg!(feature = "lang-ruby") {
        texts.push((Language::Ruby, format!("x = <<{}\n", "a".repeat(300))));
        texts.push((Language::Ruby, format!("x = <<\"a\n{}\"\nfoo\n", "b".repeat(300))));
        texts.push((Language::Ruby, format!("x = <<'a{}\n", "b".repeat(300))));
        texts.push((Language::Ruby, "{<<'}=?a".repeat(1100)));
    }
    texts
}

#[test]
fn what_would_end_the_process_is_refused() {
    for (language, text) in fatal() {
        let refused = parse(language, text.as_str());
        assert!(
            matches!(refused, Err(ParseError::TooDeep { .. } | ParseError::Unreadable { .. })),
            "{language}: {:.80}",
            text
        );
    }
}

#[test]
#[cfg(unix)]
fn the_bare_grammars_end_the_process_on_it() {
    use std::os::unix::process::ExitStatusExt as _;

    const ABORT: i32 = 6;
    for (language, text) in fatal() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "code::hazards::bare_grammar", "--ignored", "--nocapture"])
            .env(GRAMMAR, language.name())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(ABORT), "{language}: {:.80}: the check is needed no more", text);
    }
}

/// Parses standard input without any check.
#[test]
#[ignore = "a child process of the test above"]
fn bare_grammar() {
    let grammar = match std::env::var(GRAMMAR).unwrap().as_str() {
        "python" => tree_sitter_python::LANGUAGE,
        "yaml" => tree_sitter_yaml::LANGUAGE,
        #[cfg(feature = "lang-kotlin")]
        "kotlin" => tree_sitter_kotlin_sg::LANGUAGE,
        #[cfg(feature = "lang-ruby")]
        "ruby" => tree_sitter_ruby::LANGUAGE,
        other => panic!("no text for {other}"),
    };
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&grammar.into()).unwrap();
    assert!(parser.parse(text, None).is_some());
}

#[test]
fn ordinary_deep_files_are_parsed() {
    let keys = |levels: usize| stairs(levels, "key:", "- value: 1\n");
    let mut texts = vec![
        (Language::Python, stairs(99, "if x:", "pass\n")),
        (Language::Python, stairs(380, "if x:", "f(\"a\")\n")),
        (Language::Yaml, keys(90)),
        (Language::Yaml, "- ".repeat(100) + "a\n"),
        (Language::Yaml, "- name: a\n  steps:\n    - run: |\n        - a\n        b: c\n".repeat(3000)),
        (Language::Yaml, format!("a: [{}]\n", "{b: 1, c: [d]}, ".repeat(3000))),
    ];
    if cfg!(feature = "lang-kotlin") {
        texts.push((Language::Kotlin, "val a = \"${b.c} ${d}\"\n".repeat(2000)));
        texts.push((Language::Kotlin, "val a = \"${b[\"c\"]}\"\n".repeat(500)));
    }
    if cfg!(feature = "lang-ruby") {
        texts.push((Language::Ruby, "f(<<~ONE, <<-\"TWO\")\n  a\nONE\n  b\n  TWO\n".repeat(500)));
        texts.push((Language::Ruby, format!("x = <<{0}\n{0}\n", "a".repeat(255))));
        texts.push((Language::Ruby, "class A; class << self; end; end\nx << \"long\n\"\n".repeat(500)));
    }
    for (language, text) in texts {
        let tree =
            parse(language, text.as_str()).unwrap_or_else(|error| panic!("{language}: {error}: {text:.60}"));
        assert!(!tree.has_errors(), "{language}: {text:.60}");
    }
}

#[test]
fn indentation_is_counted_as_the_scanner_counts_it() {
    // A backslash joins lines, and their indentation; a form feed sets it back.
    let joined: String =
        (0..400).map(|level| format!("if x:\n{}\\\n{}y\n", " ".repeat(level), " ".repeat(level))).collect();
    assert!(matches!(parse(Language::Python, joined), Err(ParseError::TooDeep { .. })));
    let fed: String = (0..400).map(|level| format!("{}\u{0C}x = 1\n", " ".repeat(level))).collect();
    assert!(parse(Language::Python, fed).is_ok());
}
