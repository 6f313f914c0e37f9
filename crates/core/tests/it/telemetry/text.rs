//! The Prometheus text, read by a strict parser of the format (version 0.0.4).

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use heptad_core::{
    operation::{Context, Registry},
    telemetry::Metrics,
};
use serde_json::Value;

use crate::platform::kernel;

/// A family as it was read: its type and its samples (name, labels, value).
#[derive(Debug, Default)]
pub(super) struct Family {
    pub(super) kind: String,
    pub(super) samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

/// Reads the text and panics at whatever the format forbids.
pub(super) fn parse(text: &str) -> BTreeMap<String, Family> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last line ends");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let mut helped = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a name and a help text");
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "one help for each family: {line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a type");
            assert!(helped.contains(name), "help comes before the type: {line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(kind != "counter" || name.ends_with("_total"), "a counter is a total: {line}");
            current = name.to_owned();
            let family = Family { kind: kind.to_owned(), samples: Vec::new() };
            assert!(families.insert(current.clone(), family).is_none(), "one type for each family: {line}");
        } else {
            let (name, labels, value) = sample(line);
            let base =
                ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
            assert!(name == current || base == current, "samples follow their family: {line}");
            let family = families.get_mut(&current).expect("a type comes before samples");
            assert!(family.kind != "counter" || value >= 0.0, "{line}");
            let twice = family.samples.iter().any(|(known, with, _)| *known == name && *with == labels);
            assert!(!twice, "a series is there once: {line}");
            family.samples.push((name, labels, value));
        }
    }
    for (name, family) in families.iter().filter(|(_, family)| family.kind == "histogram") {
        check_histogram(name, family);
    }
    families
}

fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let end = line.find(|c| !named(c)).expect("a name and a value");
    let (name, rest) = line.split_at(end);
    assert!(!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()), "{line}");
    let mut labels = BTreeMap::new();
    let mut rest = rest;
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").expect("a label has a value in quotes");
            assert!(label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{line}");
            let (value, after) = quoted(after);
            assert!(labels.insert(label.to_owned(), value).is_none(), "a label is there once: {line}");
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').expect("one space before the value");
    let value = if value == "+Inf" { f64::INFINITY } else { value.parse().expect("a number") };
    (name.to_owned(), labels, value)
}

/// The text up to the closing quote, unescaped, and what follows the quote.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match chars.next().expect("an escaped character").1 {
                'n' => '\n',
                other => {
                    assert!(other == '\\' || other == '"', "only these are escaped");
                    other
                }
            }),
            other => value.push(other),
        }
    }
    panic!("a value ends");
}

/// One histogram of a family.
#[derive(Default)]
struct Histogram {
    buckets: Vec<(f64, f64)>,
    sum: Option<f64>,
    count: Option<f64>,
}

/// Buckets grow, the last is `+Inf` and equals the count.
fn check_histogram(name: &str, family: &Family) {
    let mut histograms: BTreeMap<BTreeMap<String, String>, Histogram> = BTreeMap::new();
    for (sample, labels, value) in &family.samples {
        let mut labels = labels.clone();
        let bound = labels.remove("le");
        let of = histograms.entry(labels).or_default();
        match sample.strip_prefix(name).expect("a sample of the family") {
            "_bucket" => {
                let bound = bound.expect("a bucket has a bound");
                let bound =
                    if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a bound is a number") };
                of.buckets.push((bound, *value));
            }
            "_sum" => of.sum = Some(*value),
            "_count" => of.count = Some(*value),
            other => panic!("a histogram has no {other}"),
        }
    }
    for (labels, Histogram { buckets, sum, count }) in histograms {
        assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name} {labels:?} {buckets:?}");
        let last = buckets.last().expect("a histogram has buckets");
        assert_eq!((last.0, Some(last.1)), (f64::INFINITY, count), "{name} {labels:?}");
        assert!(sum.is_some(), "{name} {labels:?}");
    }
}

#[test]
fn an_unused_registry_says_which_build_it_is_and_nothing_else() {
    let families = parse(&Metrics::new().render());
    let (name, family) = families.first_key_value().unwrap();
    assert_eq!((families.len(), name.as_str(), family.samples.len()), (1, "heptad_build_info", 1));
    assert_eq!(family.samples[0].1["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn the_text_keeps_to_the_format_and_what_callers_choose_is_no_label() {
    let (kernel, _) = kernel();
    let registry = Registry::default().with(heptad_core::operation::Platform::OPERATIONS);
    let calls = (0..200).map(|index| {
        let caller = heptad_core::operation::Principal::new(format!("caller \"{index}\"\n"), []);
        let context = Context::owner(kernel.clone()).as_principal(caller);
        let reply = registry.call("platform.health", context, Value::Null).unwrap();
        async move {
            match reply {
                heptad_core::operation::Reply::One(answer) => answer.await.unwrap_err(),
                heptad_core::operation::Reply::Many(_) => panic!("it has one answer"),
            }
        }
    });
    join_all(calls).await;
    assert!(registry.call("no.such\"operation", Context::owner(kernel.clone()), Value::Null).is_err());

    let text = kernel.metrics.render();
    let families = parse(&text);
    let calls = &families["heptad_operations_total"].samples;
    let labels = [("operation", "platform.health"), ("outcome", "permission_denied")];
    let labels: BTreeMap<_, _> = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(*calls, [("heptad_operations_total".to_owned(), labels, 200.0)]);
    assert_eq!(families["heptad_operation_seconds"].kind, "histogram");
    assert!(!text.contains("caller") && !text.contains("such"), "{text}");
}

#[test]
#[should_panic(expected = "a series is there once")]
fn the_parser_of_these_tests_is_strict() {
    parse("# HELP a_total A.\n# TYPE a_total counter\na_total{b=\"c\"} 1\na_total{b=\"c\"} 2\n");
}
