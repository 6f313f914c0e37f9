//! Each invariant: the intact house keeps it, and a planted violation is seen, in its file and on its line.

use std::process::Command;

use xtask::check::RULES;

use crate::fixture::Fixture;

#[test]
fn the_intact_house_keeps_every_invariant() {
    let house = Fixture::new();
    for rule in RULES {
        let findings = house.look(rule.name);
        assert!(findings.not_run.is_none(), "{}: {:?}", rule.name, findings.not_run);
        assert!(findings.violations.is_empty(), "{}: {:#?}", rule.name, findings.violations);
    }
}

/// How a case breaks the house.
enum Break {
    /// Adds to the end of the file (which is made when it is missing).
    Append(&'static str),
    /// Replaces the first by the second.
    Replace(&'static str, &'static str),
}
use Break::{Append, Replace};

/// Rule, file broken, how, what the violation says, its line (0: the whole file), in which file it is reported.
type Case = (&'static str, &'static str, Break, &'static str, usize);

const LINTS: &str = "[lints]\nworkspace = true\n";

fn cases() -> Vec<Case> {
    vec![
        // A system on another system, a binding past the facade, the test kit in the product.
        (
            "direction",
            "crates/soc/Cargo.toml",
            Replace("[lints]", "heptad-review = { workspace = true }\n[lints]"),
            "`heptad-soc` depends on `heptad-review`",
            10,
        ),
        (
            "direction",
            "bindings/cli/Cargo.toml",
            Replace("[lints]", "heptad-core = { workspace = true }\n[lints]"),
            "`heptad-cli` depends on `heptad-core`",
            11,
        ),
        (
            "direction",
            "crates/soc/Cargo.toml",
            Replace("[lints]", "heptad-testkit = { workspace = true }\n[lints]"),
            "`heptad-testkit`",
            10,
        ),
        // A driver in a manifest, in a path, in a use, inside a macro; a surface's framework in the kernel.
        (
            "drivers",
            "crates/soc/Cargo.toml",
            Replace("[lints]", "rusqlite = { workspace = true }\n[lints]"),
            "depends on `rusqlite`",
            10,
        ),
        (
            "drivers",
            "crates/soc/src/soc.rs",
            Append("fn f() { ::rusqlite::open(); }\n"),
            "names `rusqlite::open`",
            3,
        ),
        (
            "drivers",
            "crates/soc/src/soc.rs",
            Append("use rusqlite::{Connection, params as p};\n"),
            "names `rusqlite::params`",
            3,
        ),
        (
            "drivers",
            "crates/soc/src/soc.rs",
            Append("fn f() { vec![async_nats::connect()]; }\n"),
            "names `async_nats::connect`",
            3,
        ),
        ("drivers", "crates/core/src/store.rs", Append("use clap::Parser;\n"), "names `clap::Parser`", 3),
        // Engines: a file, a runtime, a clock behind a short name, a renamed module, the terminal, a method that looks at the disk.
        ("sans-io", "crates/soc/src/engine/mod.rs", Append("use std::fs;\n"), "`std::fs`", 2),
        (
            "sans-io",
            "crates/soc/src/engine/mod.rs",
            Append("use std::{io, fs as disk};\nfn f() { disk::read(\"x\"); }\n"),
            "`std::fs::read`",
            3,
        ),
        (
            "sans-io",
            "crates/soc/src/engine/mod.rs",
            Append("fn f() { tokio::spawn(g()); }\n"),
            "`tokio::spawn`",
            2,
        ),
        (
            "sans-io",
            "crates/soc/src/model/mod.rs",
            Append("use std::time::Instant;\nfn f() { let t = Instant::now(); }\n"),
            "`std::time::Instant::now`",
            3,
        ),
        (
            "sans-io",
            "crates/core/src/store.rs",
            Append("fn f() { jiff::Timestamp::now(); }\n"),
            "`jiff::Timestamp::now`",
            3,
        ),
        ("sans-io", "crates/soc/src/engine/mod.rs", Append("fn f() { println!(\"x\"); }\n"), "`println!`", 2),
        (
            "sans-io",
            "crates/soc/src/engine/mod.rs",
            Append("fn f(p: &std::path::Path) { vec![p.canonicalize()]; }\n"),
            "`.canonicalize()`",
            2,
        ),
        (
            "docs",
            "Cargo.toml",
            Replace("missing_docs = \"warn\"", "missing_docs = \"allow\""),
            "does not turn `missing_docs` on",
            0,
        ),
        ("docs", "crates/soc/Cargo.toml", Replace(LINTS, ""), "does not take the workspace's lints", 0),
        (
            "docs",
            "crates/soc/src/lib.rs",
            Append("#![allow(missing_docs, reason = \"later\")]\n"),
            "turns `missing_docs` off",
            2,
        ),
        (
            "tree",
            "Cargo.toml",
            Replace(
                "[lints]\nworkspace = true",
                "[dependencies.arrow]\nworkspace = true\n[lints]\nworkspace = true",
            ),
            "the default tree has `arrow v1.0.0`",
            0,
        ),
        ("panics", "crates/soc/src/soc.rs", Append("fn f() { g().unwrap(); }\n"), "`.unwrap()`", 3),
        ("panics", "crates/soc/src/soc.rs", Append("fn f() { vec![g().unwrap()]; }\n"), "`.unwrap()`", 3),
        (
            "panics",
            "crates/soc/src/soc.rs",
            Append("fn f() { g().expect(\"works\"); }\n"),
            "`.expect(\"works\")`",
            3,
        ),
        (
            "panics",
            "crates/soc/src/soc.rs",
            Append("fn f() { g().expect(&format!(\"{x}\")); }\n"),
            "without a literal",
            3,
        ),
        ("panics", "crates/soc/src/soc.rs", Append("fn f() { std::panic!(\"no\"); }\n"), "panic!", 3),
        ("panics", "crates/soc/src/soc.rs", Append("fn f() { todo!() }\n"), "todo!", 3),
        ("unsafe", "crates/soc/src/soc.rs", Append("fn f() { unsafe { g() } }\n"), "`unsafe`", 3),
        ("unsafe", "crates/soc/src/soc.rs", Append("unsafe impl Send for X {}\n"), "`unsafe`", 3),
        ("unsafe", "bindings/cli/src/lib.rs", Append("fn f() { unsafe { g() } }\n"), "without its reason", 2),
        (
            "levels",
            "crates/soc/src/soc.rs",
            Append("#[allow(dead_code)]\nfn f() {}\n"),
            "`#[allow(dead_code)]` gives no reason",
            3,
        ),
        (
            "levels",
            "crates/soc/src/soc.rs",
            Append("fn f() { #[expect(unused)] let x = 1; }\n"),
            "gives no reason",
            3,
        ),
        (
            "leftovers",
            "crates/soc/src/soc.rs",
            Append(concat!("// TO", "DO: more\n")),
            concat!("TO", "DO"),
            3,
        ),
        ("leftovers", "README.md", Append(concat!("# Hello\n\nSee /ho", "me/me/notes\n")), "a path below", 3),
        (
            "manifests",
            "crates/soc/Cargo.toml",
            Replace("[lints]", "rusqlite = { path = \"../../vendor/rusqlite\" }\n[lints]"),
            "`rusqlite` carries a version or path of its own",
            10,
        ),
        (
            "features",
            "Cargo.toml",
            Replace("## Code review.\n", ""),
            "feature `review` is not documented",
            31,
        ),
        ("licences", "deny.toml", Replace("\"MIT\", ", ""), "`rusqlite 1.0.0` has MIT", 0),
        (
            "bans",
            "crates/soc/Cargo.toml",
            Replace("[lints]", "rusqlite = { workspace = true }\n[lints]"),
            "`heptad-soc` depends on `rusqlite`",
            0,
        ),
        ("rooms", "crates/soc/src/helper.rs", Append("//! Odds and ends.\n"), "outside the rooms", 0),
        (
            "map",
            "crates/core/src/blob.rs",
            Append("//! A new room.\n"),
            "does not name `crates/core/src/blob.rs`",
            0,
        ),
        (
            "map",
            "ARCHITECTURE.md",
            Replace("store.rs  records", "store.rs  records\ncrates/cost/  later"),
            "names `crates/cost`",
            13,
        ),
    ]
}

#[test]
fn every_planted_violation_is_seen() {
    for (rule, file, how, says, line) in cases() {
        let house = Fixture::new();
        match how {
            Append(more) => house.append(file, more),
            Replace(from, to) => house.replace(file, from, to),
        }
        let violations = house.look(rule).violations;
        let seen = violations.iter().find(|violation| violation.what.contains(says));
        let seen = seen.unwrap_or_else(|| panic!("{rule} does not see `{says}` in {file}: {violations:#?}"));
        assert_eq!(seen.line, line, "{rule}: {seen:?}");
        assert!(!seen.right.is_empty(), "{rule}: {seen:?}");
    }
}

#[test]
fn every_rule_has_a_planted_violation() {
    let planted: Vec<&str> = cases().iter().map(|case| case.0).chain(["sizes"]).collect();
    for rule in RULES {
        assert!(planted.contains(&rule.name), "no test plants a violation of `{}`", rule.name);
    }
}

#[test]
fn a_file_of_500_lines_is_too_long_and_one_of_499_is_not() {
    let house = Fixture::new();
    house.write("crates/soc/src/engine/long.rs", &"// line\n".repeat(499));
    assert!(house.look("sizes").violations.is_empty());
    house.write("crates/soc/src/engine/long.rs", &"// line\n".repeat(500));
    assert_eq!(house.look("sizes").violations[0].what, "500 lines");
}

#[test]
fn a_system_without_its_handle_or_model_is_seen() {
    let house = Fixture::new();
    std::fs::remove_file(house.root().join("crates/soc/src/soc.rs")).unwrap();
    std::fs::remove_dir_all(house.root().join("crates/soc/src/model")).unwrap();
    let said: Vec<String> =
        house.look("rooms").violations.into_iter().map(|violation| violation.what).collect();
    assert_eq!(said, ["`soc` has no soc.rs", "`soc` has no model"]);
}

#[test]
fn a_missing_map_or_deny_file_is_a_violation() {
    for (rule, file) in [("map", "ARCHITECTURE.md"), ("licences", "deny.toml"), ("bans", "deny.toml")] {
        let house = Fixture::new();
        std::fs::remove_file(house.root().join(file)).unwrap();
        assert_eq!(house.look(rule).violations.len(), 1, "{rule}");
    }
}

#[test]
fn a_package_with_a_licence_off_the_list_is_named() {
    let house = Fixture::new();
    house.replace("crates/soc/Cargo.toml", "[lints]", "copyleft = { workspace = true }\n[lints]");
    assert_eq!(house.look("licences").violations[0].what, "`copyleft 1.0.0` has AGPL-3.0-only");
}

#[test]
fn a_package_from_git_is_refused() {
    let house = Fixture::new();
    let repository = Fixture::new();
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "vendor/arrow"],
        &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "x"],
    ] {
        let done = Command::new("git").args(arguments).current_dir(repository.root()).status().unwrap();
        assert!(done.success());
    }
    let git = format!("arrow = {{ git = \"file://{}\" }}", repository.root().display());
    house.replace("Cargo.toml", "arrow = { path = \"vendor/arrow\" }", &git);
    house.replace("crates/soc/Cargo.toml", "[lints]", "arrow = { workspace = true }\n[lints]");
    let violations = house.look("bans").violations;
    assert!(
        violations.iter().any(|violation| violation.what.starts_with("`arrow` comes from git+file://")),
        "{violations:#?}"
    );
}

#[test]
fn tests_may_do_what_the_product_may_not() {
    let house = Fixture::new();
    let tests = "#[cfg(test)]\nmod tests {\n    use std::fs;\n    #[test]\n    fn t() { fs::read(\"x\").unwrap(); panic!(); }\n}\n#[cfg(test)]\nmod apart;\n";
    house.append("crates/soc/src/engine/mod.rs", tests);
    house.write("crates/soc/src/engine/apart.rs", "fn t() { std::fs::read(\"x\").unwrap(); }\n");
    house.write("crates/soc/tests/it/main.rs", "fn t() { std::fs::read(\"x\").unwrap(); }\n");
    for rule in ["panics", "sans-io"] {
        assert!(house.look(rule).violations.is_empty(), "{rule}: {:#?}", house.look(rule).violations);
    }
    house.append("crates/soc/src/engine/mod.rs", "#[cfg(not(test))]\nmod product;\n");
    house.write("crates/soc/src/engine/product.rs", "fn t() { std::fs::read(\"x\").unwrap(); }\n");
    assert_eq!(house.look("panics").violations.len(), 1);
    assert_eq!(house.look("sans-io").violations.len(), 1);
}

#[test]
fn what_only_looks_like_a_violation_is_left_alone() {
    let house = Fixture::new();
    let innocent = concat!(
        "/// Never call `.unwrap()` or `std::fs::read` here.\n",
        "impl P { fn expect(&self, t: Token) {} }\nfn f(parser: P, ignore: bool) -> &'static str { parser.expect(Token::Comma); h(ignore); \"x.unwrap() panic!() TO",
        "DO\" }\n",
        "fn g() { let x = h().expect(\"the list was filled by the caller\"); }\n",
    );
    house.append("crates/soc/src/engine/mod.rs", innocent);
    for rule in ["panics", "sans-io", "leftovers", "drivers"] {
        assert!(house.look(rule).violations.is_empty(), "{rule}: {:#?}", house.look(rule).violations);
    }
}
