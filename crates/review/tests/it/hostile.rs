//! Files that are made to hurt.

use heptad_core::code::Language;
use heptad_review::{
    rules::{Choice, RuleSet, read},
    scan::{Options, scan_source},
};

use crate::platform::{folder, request, review};

#[tokio::test]
async fn hostile_files_neither_panic_nor_abort_the_scan() {
    let long_line = format!("x = '{}'; eval(y)\n", "ä".repeat(5_000_000));
    let brackets = format!("{}{}\n", "(".repeat(100_000), ")".repeat(100_000));
    let calls = format!("{}x{}\n", "eval(".repeat(5_000), ")".repeat(5_000));
    let quotes = "\"'`".repeat(50_000);
    let bom = "\u{FEFF}eval(x)\r\n\u{202E}\r";
    let folder = folder(&[
        ("good.py", b"eval(x)\n"),
        ("long.py", long_line.as_bytes()),
        ("brackets.js", brackets.as_bytes()),
        ("calls.py", calls.as_bytes()),
        ("quotes.ts", quotes.as_bytes()),
        ("bom.py", bom.as_bytes()),
        ("empty.py", b""),
        ("cut.py", b"eval(\"\xF0\x9F\x98"),
        ("nul.js", b"eval(\0)"),
        ("name with \u{202E}, 'quotes' & <b>.py", b"eval(x)\n"),
    ]);
    let report = review().scan(request(&folder)).await.unwrap();
    let of = |file: &str| report.findings.iter().filter(|f| f.location.file == file).count();
    assert_eq!((of("good.py"), of("long.py"), of("bom.py")), (1, 1, 1));
    let told = |file: &str| {
        report.files_skipped.iter().any(|s| s.file == file) || report.problems.iter().any(|p| p.file == file)
    };
    assert!(told("cut.py") && told("nul.js") && told("quotes.ts"));
    assert!(of("calls.py") > 0 || told("calls.py"));
}

#[test]
fn a_pattern_that_multiplies_is_stopped_and_told() {
    let rules = "[[rule]]\nid = \"x\"\nlanguages = [\"python\"]\nseverity = \"error\"\nconfidence = \"low\"\nmessage = \"m\"\n\
                 pattern = \"f(..., $A, ..., $B, ..., $C, ..., $D, ..., $E, ..., $E, ..., never)\"\n";
    let rules = RuleSet::new(read("r", rules).unwrap()).unwrap();
    let arguments: Vec<String> = (0..300).map(|n| format!("a{n}")).collect();
    let code = format!("f({})\n# never\n", arguments.join(", "));
    let outcome = scan_source(&rules, Options::default(), "f", Language::Python, code);
    assert!(outcome.findings.is_empty());
    assert_eq!(outcome.problems.len(), 1, "{:?}", outcome.problems);
    assert!(outcome.problems[0].message.contains("`x` has too much work"));
}

#[test]
fn a_deep_file_is_compared_without_recursion() {
    let rules = "[[rule]]\nid = \"x\"\nlanguages = [\"python\"]\nseverity = \"error\"\nconfidence = \"low\"\nmessage = \"m\"\n\
                 pattern = \"$A == $A\"\n";
    let rules = RuleSet::new(read("r", rules).unwrap()).unwrap();
    let deep = format!("{}x{}", "-(".repeat(2_000), ")".repeat(2_000));
    let outcome =
        scan_source(&rules, Options::default(), "f", Language::Python, format!("{deep} == {deep}\n"));
    assert_eq!(outcome.findings.len(), 1, "{:?} {:?}", outcome.skipped, outcome.problems);
}

#[test]
fn a_snippet_of_a_long_line_is_a_window_of_it() {
    let rules = RuleSet::built_in().unwrap();
    let rules =
        rules.choose(Vec::new(), &Choice { rules: &["python-eval".to_owned()], languages: &[] }).unwrap();
    let code = format!("x = '{}'; eval(y); z = '{}'\n", "ä".repeat(1000), "b".repeat(1000));
    let outcome = scan_source(&rules, Options::default(), "f", Language::Python, code);
    let line = &outcome.findings[0].snippet.lines[0];
    let marked: String =
        line.text.chars().skip(line.from as usize).take((line.to - line.from) as usize).collect();
    assert_eq!(marked, "eval(y)");
    assert!(line.cut > 0 && line.text.chars().count() <= 200);
}
