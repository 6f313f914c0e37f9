//! How reports look.

use heptad_core::code::Language;
use heptad_review::{
    ScanReport,
    model::{Problem, ProblemKind, Skipped},
    report::{json, markdown, text},
};

use crate::sarif::{findings, report};

fn example() -> ScanReport {
    let code = "import os, yaml\n\nconfig = yaml.load(open(\"a.yaml\"))\nif config:\n\tos.system('echo 名前 ' + config[\"name\"])\n\
                rows = cursor.execute(\n    f\"SELECT a FROM t WHERE b = {b}\",\n)\nos.system(`x`)\n";
    let mut all = findings("src/app.py", Language::Python, code);
    all.extend(findings(
        "web/view.js",
        Language::JavaScript,
        "list.innerHTML = `<b>${name}</b>`; if (x === NaN) eval(a|b)\n",
    ));
    let mut report = report(all);
    report.rules.retain(|rule| report.findings.iter().any(|finding| finding.rule == rule.id));
    report.files_skipped.push(Skipped { file: "data.py".into(), reason: "the file is binary".into() });
    report.problems.push(Problem {
        file: "src/app.py".into(),
        line: Some(9),
        kind: ProblemKind::Syntax,
        message: "this does not parse; the file was scanned as far as it does".into(),
    });
    report
}

#[test]
fn text_frames_the_code_and_marks_the_place() {
    insta::assert_snapshot!(text(&example(), false));
}

#[test]
fn markdown_is_fit_for_a_pull_request() {
    insta::assert_snapshot!(markdown(&example()));
}

#[test]
fn json_is_the_report() {
    let mut short = example();
    short.findings.truncate(1);
    short.rules.truncate(1);
    insta::assert_snapshot!(json(&short));
}

#[test]
fn colours_are_only_added_where_they_are_asked_for() {
    let (plain, colored) = (text(&example(), false), text(&example(), true));
    assert!(!plain.contains('\u{1B}') && colored.contains("\u{1B}[1;31m"));
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1B}') {
        stripped.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&(stripped + rest)), lines(&plain));
}

#[test]
fn a_report_without_findings_says_so() {
    let text = text(&report(Vec::new()), false);
    assert!(text.starts_with("0 findings\n1 file scanned, "), "{text}");
}
