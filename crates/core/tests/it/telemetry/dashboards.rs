//! The dashboard and the alert rules: they speak of what is counted and of nothing else, Prometheus reads them, and alerts fire when they should and
//! only then.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use heptad_core::telemetry::{Metrics, alerts, dashboard};
use serde_json::Value;

use super::promtool;

/// The cases of the alerts, in the format of `promtool test rules`.
const CASES: &str = include_str!("alerts_test.yml");

/// Every query of the dashboard, with the panel it is in.
fn queries() -> Vec<(String, String)> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let of = |panel: &Value| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        targets.into_iter().map(move |target| (title.clone(), target["expr"].as_str().unwrap().to_owned()))
    };
    panels.flat_map(of).collect()
}

/// The families that `text` speaks of, without the ends that histograms have.
fn families(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let base = |word: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        ends.iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).to_owned()
    };
    words.filter(|word| word.starts_with("heptad_")).map(base).collect()
}

#[test]
fn every_family_is_counted_and_every_family_is_shown() {
    let counted: BTreeSet<String> = Metrics::new().families().into_iter().map(str::to_owned).collect();
    let shown: String = queries().into_iter().map(|(_, query)| query + "\n").collect();
    let alerting = families(&alerts());
    assert!(!alerting.is_empty() && alerting.is_subset(&counted), "{:?}", alerting.difference(&counted));
    assert_eq!(families(&shown), counted, "the dashboard shows what is counted, all of it");
}

#[test]
fn panels_have_places_of_their_own() {
    let dashboard = dashboard();
    let mut taken: BTreeMap<(u64, u64), String> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        let [x, y, width, height] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + width <= 24, "{title}");
        for place in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            let other = taken.insert(place, title.to_owned());
            assert!(other.is_none(), "{title} lies upon {other:?}");
        }
    }
}

fn said(mut command: Command) -> Option<(bool, String)> {
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Some((output.status.success(), text))
}

fn check(folder: &Path, rules: &str) -> Option<(bool, String)> {
    let file = folder.join("rules.yml");
    std::fs::write(&file, rules).unwrap();
    let mut command = promtool();
    command.args(["check", "rules"]).arg(file);
    said(command)
}

/// The queries as recording rules, which is how promtool reads queries. Grafana's variable is a length of time.
fn recorded(queries: &[(String, String)]) -> String {
    let rule = |(index, (_, query)): (usize, &(String, String))| {
        let query = query.replace("$__rate_interval", "5m").replace('\'', "''");
        format!("      - record: panel:query{index}\n        expr: '{query}'\n")
    };
    let rules: String = queries.iter().enumerate().map(rule).collect();
    format!("groups:\n  - name: panels\n    rules:\n{rules}")
}

#[test]
fn prometheus_reads_rules_and_queries() {
    let folder = tempfile::tempdir().unwrap();
    let queries = queries();
    let Some((accepted, text)) = check(folder.path(), &alerts()) else {
        heptad_testkit::not_run("promtool is not on this machine");
        return;
    };
    assert!(
        accepted && text.contains(&format!("{} rules found", alerts().matches("- alert:").count())),
        "{text}"
    );
    let (accepted, text) = check(folder.path(), &recorded(&queries)).unwrap();
    assert!(accepted && text.contains(&format!("{} rules found", queries.len())), "{text}");
    let wrong = [("wrong".to_owned(), "sum by (x) rate(heptad_x[5m]))".to_owned())];
    assert!(!check(folder.path(), &recorded(&wrong)).unwrap().0, "it would have complained");
}

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let test = |rules: &str| {
        std::fs::write(folder.path().join("alerts.yml"), rules).unwrap();
        std::fs::write(folder.path().join("alerts_test.yml"), CASES).unwrap();
        let mut command = promtool();
        command.args(["test", "rules"]).arg(folder.path().join("alerts_test.yml"));
        said(command)
    };
    let rules = alerts();
    for name in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        let cases = CASES.split("alertname: ").filter(|case| case.starts_with(name)).count();
        assert!(cases >= 2, "{name} has a case in which it fires and one in which it does not");
    }
    let Some((passed, text)) = test(&rules) else {
        heptad_testkit::not_run("promtool is not on this machine");
        return;
    };
    assert!(passed, "{text}");
    let (passed, _) = test(&rules.replace("> 0.05", "> 0.5")).unwrap();
    assert!(!passed, "the cases know another threshold from ours");
}
