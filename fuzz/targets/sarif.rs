//! SARIF: whatever code is scanned, whatever its file is called, the report is valid against the standard's schema.

use std::{path::Path, sync::LazyLock};

use heptad::{
    core::code::Language,
    review::{
        model::{ScanReport, Timings},
        report::sarif,
        rules::RuleSet,
        scan::{Options, scan_source},
    },
};
use jsonschema::Validator;
use serde_json::Value;

#[path = "../../crates/review/tests/it/schema.rs"]
mod schema;

static SCHEMA: LazyLock<Validator> =
    LazyLock::new(|| schema::validator().expect("cargo fetches the crate with the schema"));

/// The first line is the name of the file, the rest is its code; a name that tells no language stands for Python.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((file, code)) = text.split_once('\n') else { return };
    let language = Language::of(Path::new(file), code.as_bytes()).unwrap_or(Language::Python);
    let rules = RuleSet::built_in().expect("the built-in rules are read");
    let outcome = scan_source(&rules, Options::default(), file, language, code);
    let report = ScanReport {
        path: "/srv/app".into(),
        root: "/srv/app".into(),
        started: "2026-01-02T03:04:05Z".parse().expect("a time"),
        timings: Timings { rules_ms: 0, walk_ms: 0, scan_ms: 0 },
        files_scanned: usize::from(outcome.scanned),
        files_skipped: outcome.skipped.into_iter().collect(),
        findings: outcome.findings,
        suppressed: outcome.suppressed,
        problems: outcome.problems,
        rules: rules.infos(),
        failed: false,
        rendered: None,
    };
    let log: Value = serde_json::from_str(&sarif(&report)).expect("SARIF is JSON");
    let wrong: Vec<String> =
        SCHEMA.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
