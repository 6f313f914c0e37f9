//! What is read out of a file of Rust.

use xtask::source::Facts;

/// The paths of a piece of code.
fn paths(code: &str) -> Vec<String> {
    Facts::read(code).unwrap().mentions.into_iter().map(|mention| mention.path).collect()
}

#[test]
fn short_names_are_spelt_out() {
    let cases = [
        ("use std::time::Instant; fn f() { Instant::now(); }", "std::time::Instant::now"),
        ("use std::{fs::{self, File}, io}; fn f() { fs::read(x); }", "std::fs::read"),
        ("use std::fs as disk; fn f() { disk::read(x); }", "std::fs::read"),
        ("use std::fs; use fs::File as F; fn f() { F::open(x); }", "std::fs::File::open"),
        ("fn f() { ::tokio::spawn(x); }", "tokio::spawn"),
        ("use tokio::*;", "tokio::*"),
        ("fn f() { select! { x = tokio::time::sleep(d) => {} } }", "tokio::time::sleep"),
        ("fn f() { std::println!(\"x\") }", "std::println!"),
    ];
    for (code, path) in cases {
        assert!(paths(code).iter().any(|found| found == path), "{code}: {:?}", paths(code));
    }
}

#[test]
fn an_import_that_names_itself_does_not_loop() {
    assert!(paths("use a::b; use b::a; fn f() { a::c(); }").len() >= 3);
}

#[test]
fn a_method_call_is_one_with_parentheses() {
    let facts = Facts::read("fn f() { a.unwrap(); b.unwrap; c.expect(\"why\").d::<T>(1); }").unwrap();
    let calls: Vec<_> =
        facts.calls.iter().map(|call| (call.method.as_str(), call.arguments.as_str())).collect();
    assert_eq!(calls, [("unwrap", ""), ("expect", "\"why\""), ("d", "1")]);
}

#[test]
fn what_is_not_rust_is_refused() {
    assert!(Facts::read("fn f( {").is_err());
}
