//! What patterns match.

use heptad_core::code::{Language, parse};
use heptad_review::pattern::{Budget, Formula, Names, Pattern, View};

/// What `pattern` matches in `code`, as text.
fn matches(language: Language, pattern: &str, code: &str) -> Vec<String> {
    let mut names = Names::default();
    let pattern =
        Pattern::compile(language, pattern, &mut names).unwrap_or_else(|e| panic!("{pattern}: {e}"));
    let tree = parse(language, code).unwrap();
    let view = View::new(&tree).unwrap();
    let found = Formula::pattern(pattern).find(&view, &mut Budget::default());
    found.iter().map(|m| code[m.bytes.start as usize..m.bytes.end as usize].to_owned()).collect()
}

fn check(language: Language, cases: &[(&str, &str, &[&str])]) {
    for (pattern, code, wanted) in cases {
        assert_eq!(matches(language, pattern, code), *wanted, "{pattern} in {code}");
    }
}

#[test]
fn python_expressions_match_anywhere() {
    check(
        Language::Python,
        &[
            ("f($X)", "f(1)\ny = [f(g(2)) for a in f()]", &["f(1)", "f(g(2))"]),
            ("f($X)", "f(a=1)\nf(*a)\nf(1, 2)\nf()", &[]),
            ("f($X, $X)", "f(a, a)\nf(a, b)\nf(a.b(1), a . b( 1 ))", &["f(a, a)", "f(a.b(1), a . b( 1 ))"]),
            ("f(...)", "f()\nf(1, *a, k=2)", &["f()", "f(1, *a, k=2)"]),
            ("f(..., 3, ...)", "f(1, 2, 3)\nf(3)\nf(1)", &["f(1, 2, 3)", "f(3)"]),
            ("f($...A, k=1)", "f(1, 2, k=1)\nf(k=1)\nf(1, k=2)", &["f(1, 2, k=1)", "f(k=1)"]),
            ("f(a=1, b=2)", "f(b=2, a=1)\nf(a=1, b=2, c=3)", &["f(b=2, a=1)"]),
            ("f(..., b=2)", "f(1, b=2, c=3)\nf(**k, b=2)", &["f(1, b=2, c=3)", "f(**k, b=2)"]),
            ("$A + $B", "(a + b) * c", &["a + b"]),
            ("(a)", "a\n(a)", &["a", "a"]),
            ("a < b", "a < b\na > b", &["a < b"]),
            ("x is not y", "x is not y\nx is y\nx not in y", &["x is not y"]),
            ("{..., 'a': $V, ...}", "{'b': 1, \"a\": 2}\n{'b': 1}", &["{'b': 1, \"a\": 2}"]),
            ("[1, ..., 2]", "[1, 2]\n[1, 5, 2]\n[1, 2, 3]", &["[1, 2]", "[1, 5, 2]"]),
        ],
    );
}

#[test]
fn python_strings_are_compared_by_content() {
    check(
        Language::Python,
        &[
            ("f('a')", "f(\"a\")\nf('''a''')\nf(r'a')\nf('b')", &["f(\"a\")", "f('''a''')", "f(r'a')"]),
            (r#"f("it's")"#, r"f('it\'s')", &[r"f('it\'s')"]),
            (r#"f("...")"#, "f('')\nf('a' 'b')\nf(f'{x}')\nf(f'x')\nf(x)", &["f('')", "f('a' 'b')"]),
            (r#"f(f"...")"#, "f(f'{x}')\nf('x')\nf(f'x')", &["f(f'{x}')", "f(f'x')"]),
            (
                r#"f(f"...{$X}...")"#,
                "f(f'a{x}b')\nf(f'{x!r:>3}')\nf(f'x')",
                &["f(f'a{x}b')", "f(f'{x!r:>3}')"],
            ),
            (r#"f("$A", "$A")"#, "f('x', \"x\")\nf('x', 'y')", &["f('x', \"x\")"]),
        ],
    );
}

#[test]
fn python_statements_match_in_blocks() {
    check(
        Language::Python,
        &[
            ("a()\n...\nb()", "a()\nc()\nb()\nb()", &["a()\nc()\nb()"]),
            ("a()\nb()", "a()\n# comment\nb()\n\nc()\nb()", &["a()\n# comment\nb()"]),
            ("import x\n...", "a()\nimport x\nb()\nc()", &["import x\nb()\nc()"]),
            (
                "from m import a",
                "from m import b, a as c\nfrom m import b, a\nfrom n import a",
                &["from m import b, a"],
            ),
            ("if $C:\n    ...", "if x:\n    a()\n    b()\n", &["if x:\n    a()\n    b()"]),
            (
                "def $F(..., $P=[], ...):\n    ...",
                "def f(a, b=[], *c):\n    pass\ndef g(b=()):\n    pass",
                &["def f(a, b=[], *c):\n    pass"],
            ),
            (
                "def f($A):\n    return $A",
                "def f(x) -> int:\n    return x\n",
                &["def f(x) -> int:\n    return x"],
            ),
            (
                "with open($P) as $F:\n    ...",
                "with open(p) as f:\n    f.read()",
                &["with open(p) as f:\n    f.read()"],
            ),
            ("$X = f()\n...\ng($X)", "x = f()\ny = f()\ng(y)", &["y = f()\ng(y)"]),
            ("assert ($X, ...)", "assert (a, 'b')\nassert a, 'b'", &["assert (a, 'b')"]),
        ],
    );
}

#[test]
fn ecmascript_patterns_match_in_all_three_grammars() {
    for language in [Language::JavaScript, Language::TypeScript, Language::Tsx] {
        check(
            language,
            &[
                ("f($X)", "f(1); f(...a); g(f(h))", &["f(1)", "f(h)"]),
                ("f(...$X)", "f(...a); f(a)", &["f(...a)"]),
                ("$A.b($X)", "a?.b(c); a.b(c)", &["a?.b(c)", "a.b(c)"]),
                ("f('a')", "f(\"a\"); f(`a`); f('b')", &["f(\"a\")", "f(`a`)"]),
                ("f(\"...\")", "f('x'); f(`x`); f(`${x}`); f(x)", &["f('x')", "f(`x`)"]),
                ("f(`...${$X}...`)", "f(`a${b}c`); f(`a`)", &["f(`a${b}c`)"]),
                ("f(`...`)", "f(`a${b}c`); f(`a`); f('a')", &["f(`a${b}c`)", "f(`a`)"]),
                ("{..., a: 1, ...}", "x = {b: 2, a: 1}; y = {b: 2}", &["{b: 2, a: 1}"]),
                (
                    "const { ..., a, ... } = require('m')",
                    "const {b, a} = require(\"m\"); const {b} = require('m')",
                    &["const {b, a} = require(\"m\");"],
                ),
                (
                    "import { a } from 'm'",
                    "import { b, a } from \"m\"\nimport { b } from 'm'",
                    &["import { b, a } from \"m\""],
                ),
                ("a()\n...\nb()", "function f() { a(); c(); b(); }", &["a(); c(); b()"]),
                ("if ($C) { ... }", "if (x) { a(); b() }", &["if (x) { a(); b() }"]),
                ("$E.innerHTML = $V", "el.innerHTML = a + b", &["el.innerHTML = a + b"]),
                (
                    "function $F(..., $P, ...) { ... }",
                    "function f(a, b) { return b }\nfunction g() {}",
                    &["function f(a, b) { return b }"],
                ),
                ("$X => $X", "a.map(x => x)", &["x => x"]),
                ("new Foo(...)", "new Foo(1, 2); new Foo; Foo()", &["new Foo(1, 2)"]),
                ("$(x, $X)", "$(x, y); j(x, y)", &["$(x, y)"]),
            ],
        );
    }
    check(Language::TypeScript, &[("const $X = f()", "const a: string = f()", &["const a: string = f()"])]);
}

#[test]
fn patterns_that_cannot_be_meant_are_refused() {
    let mut names = Names::default();
    for pattern in ["", "  ", "...", "f(", "def", "f(\"a$X\")"] {
        assert!(Pattern::compile(Language::Python, pattern, &mut names).is_err(), "{pattern:?}");
    }
    let deep = format!("{}x{}", "f(".repeat(5000), ")".repeat(5000));
    assert!(Pattern::compile(Language::Python, &deep, &mut names).is_err());
    assert!(Pattern::compile(Language::Python, &"x".repeat(100_000), &mut names).is_err());
    assert!(Pattern::compile(Language::Json, "{}", &mut names).is_err());
}
