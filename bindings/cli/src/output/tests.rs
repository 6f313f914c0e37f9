//! Values → text, as people see it.

use serde_json::{Value, json};

use super::{Format, text};

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

fn rendered(value: &Value, width: Option<usize>) -> String {
    plain(&text::render(value, width))
}

fn report() -> Value {
    json!({
        "files_scanned": 12,
        "languages": ["python", "rust"],
        "skipped": [],
        "baseline": null,
        "findings": [
            { "rule": "sqli-format", "path": "a/b.py", "line": 7, "message": "Query built from a format string; use parameters." },
            { "rule": "eval", "path": "x.py", "line": 112, "message": null },
        ],
        "timings": { "parse_ms": 3.5, "match_ms": 10 },
        "notes": ["one", "two\nlines"],
        "trees": [{ "name": "a", "kids": [{ "name": "b", "kids": [] }] }, { "name": "c", "kids": [] }],
    })
}

#[test]
fn a_report_reads_well_without_a_terminal() {
    insta::assert_snapshot!(rendered(&report(), None));
}

#[test]
fn a_report_is_wrapped_to_a_narrow_terminal() {
    let text = rendered(&report(), Some(50));
    assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn every_value_has_a_form() {
    for (value, whole, line) in [
        (json!(null), "", "–\n"),
        (json!(true), "true\n", "true\n"),
        (json!(1.5), "1.5\n", "1.5\n"),
        (json!("a\nb\n"), "a\nb\n", "a b\n"),
        (json!(""), "\n", "\n"),
        (json!([]), "none\n", "\n"),
        (json!({}), "", "\n"),
        (json!([1, [2, 3], {"a": 4}]), "• 1\n• • 2\n  • 3\n• a  4\n", "[1,[2,3],{\"a\":4}]\n"),
        (
            json!({"a": "x", "b": "x y", "c": null, "d": [1]}),
            "a  x\nb  x y\nc  –\nd  1\n",
            "a=x b=\"x y\" d=[1]\n",
        ),
        (json!({"esc": "\u{1b}[2J"}), "esc  ␛[2J\n", "esc=␛[2J\n"),
    ] {
        assert_eq!(rendered(&value, None), whole, "{value}");
        assert_eq!(plain(&text::line(&value)), line, "{value}");
    }
}

#[test]
fn formats_differ_where_they_should() {
    let list = json!([{ "name": "a", "n": 1 }, { "name": "bb", "n": 10 }]);
    for (format, value, expected) in [
        (Format::Table, list.clone(), "name\tn\na\t1\nbb\t10\n"),
        (Format::Text, list.clone(), "name   n\na      1\nbb    10\n"),
        (Format::Table, json!({ "total": 2, "items": list }), "name\tn\na\t1\nbb\t10\n"),
        (
            Format::Table,
            json!([{ "a": "x\ty\nz", "b": null }, { "b": [1, 2] }]),
            "a\tb\nx    y z\t\n\t1, 2\n",
        ),
        (Format::Table, json!({ "total": 2 }), "total  2\n"),
        (Format::Jsonl, list.clone(), "{\"name\":\"a\",\"n\":1}\n{\"name\":\"bb\",\"n\":10}\n"),
        (Format::Jsonl, json!({ "a": [1] }), "{\"a\":[1]}\n"),
        (Format::Json, json!({ "a": [1] }), "{\n  \"a\": [\n    1\n  ]\n}\n"),
    ] {
        assert_eq!(plain(&format.whole(&value, None)), expected, "{format:?} {value}");
    }
}

#[test]
fn hostile_values_are_rendered_at_any_width() {
    let mut deep = json!("x");
    for _ in 0..60 {
        deep = json!({ "deep": [deep, "日本語 \u{202e}"] });
    }
    let wide: Value = (0..200).map(|n| (format!("column_{n}"), json!(n))).collect();
    for value in
        [deep, json!([wide.clone(), wide]), json!({ "": "", "\n": "\r\n" }), json!([{}, {}]), json!([[[]]])]
    {
        for width in [None, Some(0), Some(1), Some(9), Some(80)] {
            for format in Format::ALL {
                let text = format.0.whole(&value, width);
                assert!(text.is_empty() || text.ends_with('\n'));
            }
        }
    }
}

#[test]
fn without_a_terminal_nothing_is_cut_and_a_long_cell_does_not_push_the_other_rows() {
    let long = "x".repeat(300);
    let list = json!([{ "name": long, "n": 1 }, { "name": "b", "n": 2 }]);
    let text = rendered(&list, None);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[1], format!("{long}  1"));
    assert_eq!(lines[2], format!("b{}2", " ".repeat(61)));
    assert_eq!(
        plain(&Format::Table.whole(&list, Some(80))).lines().next(),
        Some("name                                                                           n")
    );
}
