//! SARIF: valid against the schema of the standard for any report, and right about places.

use std::sync::LazyLock;

use heptad_core::code::{Language, Position, Span};
use heptad_review::{
    ScanReport,
    model::{
        Confidence, Finding, Fingerprint, Location, Metavariable, Problem, ProblemKind, RuleInfo, Severity,
        Skipped, Snippet, SnippetLine, SuppressedFinding, Timings,
    },
    report::sarif,
    rules::RuleSet,
    scan::{Options, scan_source},
};
use proptest::prelude::*;
use serde_json::Value;

use super::schema;

static SCHEMA: LazyLock<Option<jsonschema::Validator>> = LazyLock::new(|| {
    schema::validator()
        .inspect_err(|reason| {
            heptad_testkit::not_run(format_args!("validation against the schema: {reason}"))
        })
        .ok()
});

/// The report as SARIF, which is valid.
fn valid(report: &ScanReport) -> Value {
    let sarif: Value = serde_json::from_str(&sarif(report)).unwrap();
    let errors = SCHEMA.iter().flat_map(|schema| schema.iter_errors(&sarif));
    let errors: Vec<String> = errors.map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    sarif
}

pub(crate) fn report(findings: Vec<Finding>) -> ScanReport {
    ScanReport {
        path: "/srv/my app".to_owned(),
        root: "/srv/my app".to_owned(),
        started: "2026-01-02T03:04:05.678Z".parse().unwrap(),
        timings: Timings { rules_ms: 1, walk_ms: 2, scan_ms: 30 },
        findings,
        suppressed: Vec::new(),
        files_scanned: 1,
        files_skipped: Vec::new(),
        problems: Vec::new(),
        rules: RuleSet::built_in().unwrap().infos(),
        failed: false,
        rendered: None,
    }
}

pub(crate) fn findings(file: &str, language: Language, code: &str) -> Vec<Finding> {
    scan_source(&RuleSet::built_in().unwrap(), Options::default(), file, language, code).findings
}

#[test]
fn the_validator_refuses_what_is_wrong() {
    let mut sarif: Value = serde_json::from_str(&sarif(&report(Vec::new()))).unwrap();
    sarif["runs"][0]["columnKind"] = "bytes".into();
    assert!(SCHEMA.as_ref().is_none_or(|schema| !schema.is_valid(&sarif)));
}

#[test]
fn places_are_counted_in_utf16_from_one() {
    let code = "x = '😀'; eval(y)\r\n\tz = '😀é'; eval(\r\n  y)\r\n";
    let report = report(findings("a b/ü:1.py", Language::Python, code));
    let sarif = valid(&report);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let region = |n: usize| &results[n]["locations"][0]["physicalLocation"]["region"];
    let numbers = |n: usize| {
        ["startLine", "startColumn", "endLine", "endColumn"].map(|key| region(n)[key].as_u64().unwrap())
    };
    assert_eq!(numbers(0), [1, 11, 1, 18]);
    assert_eq!(numbers(1), [2, 13, 3, 5]);
    let start = region(0)["byteOffset"].as_u64().unwrap() as usize;
    let length = region(0)["byteLength"].as_u64().unwrap() as usize;
    assert_eq!(&code[start..start + length], "eval(y)");
    let place = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "a%20b/%C3%BC:1.py");
    assert_eq!(sarif["runs"][0]["originalUriBaseIds"]["SRCROOT"]["uri"], "file:///srv/my%20app/");
    assert_eq!(sarif["runs"][0]["columnKind"], "utf16CodeUnits");
    assert_eq!(results[0]["ruleId"], "python-eval");
    let index = results[0]["ruleIndex"].as_u64().unwrap() as usize;
    let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][index];
    assert_eq!((&rule["id"], &rule["properties"]["cwe"][0]), (&"python-eval".into(), &"CWE-95".into()));
}

#[test]
fn suppressions_problems_and_skipped_files_are_told() {
    let code = "eval(x)  # heptad: ignore[python-eval] checked\n";
    let outcome =
        scan_source(&RuleSet::built_in().unwrap(), Options::default(), "a.py", Language::Python, code);
    let mut report = report(Vec::new());
    report.suppressed = outcome.suppressed;
    report.files_skipped.push(Skipped { file: "b.py".into(), reason: "it is binary".into() });
    report.problems.push(Problem {
        file: "c.py".into(),
        line: Some(3),
        kind: ProblemKind::Syntax,
        message: "no".into(),
    });
    let sarif = valid(&report);
    let run = &sarif["runs"][0];
    assert_eq!(run["results"][0]["suppressions"][0]["kind"], "inSource");
    assert_eq!(run["results"][0]["suppressions"][0]["justification"], "checked");
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["toolExecutionNotifications"].as_array().unwrap().len(), 2);
    assert_eq!(invocation["startTimeUtc"], "2026-01-02T03:04:05.678Z");
    assert_eq!(invocation["endTimeUtc"], "2026-01-02T03:04:05.711Z");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        "[\u{0}-\u{7F}]{0,20}",
        Just(String::new()),
        Just("x".repeat(5000)),
        Just("\u{202E}😀\u{1B}[31m".to_owned())
    ]
}

fn position() -> impl Strategy<Value = Position> {
    (any::<u32>(), 1..u32::MAX, 1..u32::MAX, 0..u32::MAX - 1)
        .prop_map(|(byte, line, column, utf16)| Position { byte, line, column, utf16 })
}

prop_compose! {
    fn span()(start in position(), end in position()) -> Span {
        Span { start, end }
    }
}

prop_compose! {
    fn finding()(rule in prop_oneof![Just("python-eval".to_owned()), text()], message in text(), file in text(), span in span(),
                 line in text(), cut in 0u32..2, name in text(), severity in 0usize..3, cwe in text()) -> Finding {
        let line = SnippetLine { number: 1, text: line, cut, from: 0, to: 1 };
        Finding {
            rule, message,
            severity: Severity::ALL[severity],
            confidence: Confidence::ALL[severity],
            cwe: vec![cwe.clone()],
            location: Location { file: file.clone(), span },
            snippet: Snippet { lines: vec![line], more: 0 },
            metavariables: [(name, Metavariable { text: file, span })].into(),
            fingerprint: Fingerprint(cwe),
        }
    }
}

prop_compose! {
    fn any_report()(path in text(), findings in prop::collection::vec(finding(), 0..8), suppressed in prop::collection::vec(finding(), 0..3),
                    skipped in prop::collection::vec((text(), text()), 0..3), problem in (text(), text(), prop::option::of(1..u32::MAX)),
                    info in (text(), text(), text(), text()), millis in 0u64..1 << 50) -> ScanReport {
        let mut report = report(findings);
        report.root = path;
        report.timings.scan_ms = millis;
        report.suppressed = suppressed.into_iter()
            .map(|finding| SuppressedFinding { reason: finding.message.clone(), comment_line: 1, finding }).collect();
        report.files_skipped = skipped.into_iter().map(|(file, reason)| Skipped { file, reason }).collect();
        report.problems.push(Problem { file: problem.0, line: problem.2, kind: ProblemKind::Limit, message: problem.1 });
        report.rules.push(RuleInfo { id: info.0, message: info.1, explanation: info.2, remedy: info.3, ..report.rules[0].clone() });
        report.rules.sort_by(|a, b| a.id.cmp(&b.id));
        report
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_report_is_valid_sarif(report in any_report()) {
        let sarif = valid(&report);
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            prop_assert!(uri.bytes().all(|c| c.is_ascii_graphic()) && !uri.starts_with('/'), "{uri}");
        }
    }

    #[test]
    fn any_report_is_harmless_text_and_markdown(report in any_report()) {
        for text in [heptad_review::report::text(&report, false), heptad_review::report::markdown(&report)] {
            prop_assert!(!text.chars().any(|c| c == '\u{1B}' || c == '\u{202E}' || c == '\r' || c == '\0'), "{text:?}");
        }
        let json: ScanReport = serde_json::from_str(&heptad_review::report::json(&report)).unwrap();
        prop_assert_eq!(json, report);
    }
}

#[test]
fn a_rule_is_described_without_holes_and_as_what_it_is() {
    let sarif = valid(&report(Vec::new()));
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = |id: &str| rules.iter().find(|rule| rule["id"] == id).unwrap();
    let eval = rule("python-eval");
    assert_eq!(eval["shortDescription"]["text"], "`…` runs `…` as Python code");
    assert_eq!(eval["properties"]["tags"], serde_json::json!(["security", "external/cwe/cwe-95"]));
    let nan = rule("javascript-compare-nan");
    assert_eq!(nan["properties"]["tags"][0], "correctness");
    assert!(rules.iter().all(|rule| !rule["shortDescription"]["text"].as_str().unwrap().contains('$')));
}
