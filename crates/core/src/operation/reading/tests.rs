//! Side by side with what is read without notes, and with the crates that note the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Outcome, Step, read};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Request {
    name: String,
    #[serde(default)]
    count: Option<u8>,
    #[serde(default)]
    ratio: f64,
    #[serde(default)]
    shape: Option<Shape>,
    #[serde(default)]
    pair: Option<(bool, i32)>,
    #[serde(default)]
    nested: Vec<Request>,
    #[serde(default)]
    by_number: BTreeMap<u16, Unit>,
    #[serde(default)]
    by_flag: BTreeMap<bool, Id>,
    #[serde(default)]
    any: Value,
    #[serde(default)]
    tagged: Option<Tagged>,
    #[serde(default)]
    unit: (),
}

#[derive(Debug, PartialEq, PartialOrd, Eq, Ord, Serialize, Deserialize)]
struct Id(u32);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Point,
    Circle(u32),
    Line(i8, i8),
    Box { width: u8, height: Option<u8> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    A { left: u8 },
    B(BTreeMap<String, u8>),
}

/// What `serde_path_to_error` and `serde_ignored` find: the value or the message, the path of the failure, that of the first unknown field.
fn nested_crates<T: DeserializeOwned>(value: Value) -> (Result<T, String>, String, Option<String>) {
    let (mut unknown, mut track) = (None, serde_path_to_error::Track::new());
    let input = serde_path_to_error::Deserializer::new(value, &mut track);
    let read = serde_ignored::deserialize(input, |path| {
        unknown.get_or_insert_with(|| path.to_string());
    });
    let path = track.path().to_string();
    (read.map_err(|error: serde_json::Error| error.to_string()), path, unknown)
}

/// As those crates write it.
fn display(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Field(name) if text.is_empty() => text.push_str(name),
            Step::Field(name) => text.extend([".", name]),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// They have a question mark for a name that is no text.
fn alike(ours: &str, theirs: &str) -> bool {
    ours.split('.').count() == theirs.split('.').count()
        && ours.split('.').zip(theirs.split('.')).all(|(ours, theirs)| theirs == "?" || ours == theirs)
}

fn compare(value: &Value) -> Result<(), TestCaseError> {
    let Outcome { read, unknown } = read::<Request>(value.clone());
    let (expected, path, their_unknown) = nested_crates::<Request>(value.clone());
    match (read, expected) {
        (Ok(ours), Ok(theirs)) => {
            prop_assert_eq!(ours, theirs);
            // They write an index as `.0.` and an option as `?.`.
            let plain = |path: &str| path.replace("?.", "").replace(['[', ']'], ".").replace("..", ".");
            prop_assert_eq!(
                unknown.map(|steps| plain(&display(&steps))),
                their_unknown.map(|path| plain(&path))
            );
        }
        (Err((ours, steps)), Err(theirs)) => {
            // They read a number in a name as a text with lines and columns, and leave the names of some variants out.
            let (ours, theirs) = (ours.to_string(), theirs.split(" at line ").next().unwrap_or_default());
            prop_assert!(ours.starts_with(theirs), "{} but not {}", ours, theirs);
            prop_assert!(alike(&display(&steps), path.trim_start_matches('.')), "{:?}, {}", steps, path);
        }
        (ours, theirs) => prop_assert!(false, "{:?} and {:?} of {}", ours.is_ok(), theirs, value),
    }
    Ok(())
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-300_i64..300).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-4.0..4.0_f64).prop_map(Value::from),
        prop_oneof!["point", "circle", "a", "b", "x", ""].prop_map(|text: String| Value::from(text)),
    ]
}

/// Objects with the fields of the types above, filled with what fits and what does not.
fn value() -> impl Strategy<Value = Value> {
    let name = || {
        prop::sample::select(vec![
            "name",
            "count",
            "ratio",
            "shape",
            "pair",
            "nested",
            "by_number",
            "by_flag",
            "any",
            "tagged",
            "unit",
            "point",
            "circle",
            "line",
            "box",
            "width",
            "height",
            "kind",
            "left",
            "7",
            "70000",
            "true",
            "other",
        ])
    };
    leaf().prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner.clone(), 0..5).prop_map(|fields| json!(fields)),
            // A request that is right but for what the others put into it.
            (prop::collection::btree_map(name(), inner, 0..4)).prop_map(|mut fields| {
                fields.insert("name", json!("x"));
                json!(fields)
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn reads_and_fails_as_the_crates_it_replaces(value in value()) {
        compare(&value)?;
    }
}

#[test]
fn what_is_whole_is_read_and_what_is_wrong_is_placed() {
    let whole = json!({
        "name": "n", "count": 3, "ratio": 0.5, "shape": { "box": { "width": 1 } }, "pair": [true, -1], "nested": [{ "name": "m" }],
        "by_number": { "7": null }, "by_flag": { "true": 1 }, "any": [{}], "tagged": { "kind": "b", "x": 1 }, "unit": null,
    });
    compare(&whole).expect("both read it");
    assert!(read::<Request>(whole).read.is_ok());
    for (value, path) in [
        (json!({ "name": "n", "nested": [{ "name": "m" }, { "name": 1 }] }), "nested[1].name"),
        (json!({ "name": "n", "shape": { "box": { "width": 256 } } }), "shape.box.width"),
        (json!({ "name": "n", "shape": { "line": [1, 2, 3] } }), "shape.line"),
        (json!({ "name": "n", "pair": [true] }), "pair"),
        (json!({ "name": "n", "by_number": { "70000": null } }), "by_number.70000"),
        (json!({ "name": "n", "nested": [{}] }), "nested[0]"),
        (json!({}), ""),
    ] {
        compare(&value).expect("both fail alike");
        let (_, steps) = read::<Request>(value).read.expect_err("it is wrong");
        assert_eq!(display(&steps), path);
    }
}
