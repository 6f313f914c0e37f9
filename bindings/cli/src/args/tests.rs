//! Properties → flags, and text → values, as tables.

use heptad::core::operation::Spec;
use serde_json::{Value, json};

use super::{Flag, kebab, value};
use crate::{
    sample,
    schema::{Shape, read},
    signature::Signature,
};

fn signature(name: &str) -> Signature {
    let spec: &'static Spec = sample::registry().get(name).expect("an operation of the sample").spec;
    Signature::of(spec)
}

/// The flags of a request as one line each: long name, negation, and whether it is positional.
fn flags(schema: Value) -> Vec<String> {
    let Shape::Object(properties) = read(&schema) else { panic!("not an object") };
    super::flags(&properties).iter().map(line).collect()
}

fn line(flag: &Flag) -> String {
    let negation = flag.negation.iter().map(|name| format!(" --{name}"));
    let positional = flag.positional.then(|| " positional".to_owned());
    format!("--{}", flag.long) + &negation.chain(positional).collect::<String>()
}

#[test]
fn every_property_of_the_sample_can_be_set() {
    let lines: Vec<_> = signature("sample.scan").flags.iter().map(line).collect();
    let expected = [
        "--path positional",
        "--rules",
        "--fail-on",
        "--threads",
        "--ignore-files --no-ignore-files",
        "--follow-links --no-follow-links",
        "--archives",
        "--only",
        "--labels",
        "--limits",
        "--limits.max-bytes",
        "--limits.binary-share",
        "--since",
        "--request.db",
        "--extra",
    ];
    assert_eq!(lines, expected);
    assert_eq!(signature("sample.scan").formats, ["text", "json", "sarif"]);
}

#[test]
fn what_is_marked_is_positional_instead_of_the_first_text() {
    let lines: Vec<_> = signature("sample.check_rules").flags.iter().map(line).collect();
    assert_eq!(lines, ["--files positional", "--author"]);
    assert!(signature("sample.ping").flags.is_empty());
}

#[test]
fn no_two_flags_have_the_same_name() {
    let object = |properties: Value| json!({ "type": "object", "properties": properties });
    let (yes, text) = (json!({ "type": "boolean" }), json!({ "type": "string" }));
    for (schema, expected) in [
        (object(json!({ "a_b": text, "aB": text })), vec!["--a-b", "--request.a-b"]),
        (
            object(json!({ "config": text, "help": text, "json": text })),
            vec!["--request.config", "--request.help", "--request.json"],
        ),
        (object(json!({ "cache": yes, "no_cache": text })), vec!["--cache --no-cache", "--request.no-cache"]),
        (object(json!({ "no_cache": text, "cache": yes })), vec!["--no-cache", "--cache"]),
        (object(json!({ "format": text })), vec!["--request.format"]),
        (
            object(
                json!({ "o": { "type": "object", "properties": { "on": yes, "deep": { "type": "object", "properties": { "x": text } } } } }),
            ),
            vec!["--o", "--o.on --o.no-on", "--o.deep"],
        ),
    ] {
        assert_eq!(flags(schema.clone()), expected, "{schema}");
    }
}

#[test]
fn names_become_kebab_case() {
    for (name, flag) in [
        ("path", "path"),
        ("fail_on", "fail-on"),
        ("failOn", "fail-on"),
        ("maxHTTPBytes", "max-httpbytes"),
        ("sha256Sum", "sha256-sum"),
    ] {
        assert_eq!(kebab(name), flag);
    }
}

#[test]
fn text_becomes_the_value_its_shape_demands() {
    let integer = Shape::Integer { least: 0, most: 255 };
    let map = Shape::Map(Box::new(integer.clone()));
    let any_integer = Shape::Integer { least: i64::MIN.into(), most: u64::MAX.into() };
    for (shape, text, expected) in [
        (Shape::Text { format: None }, "007", Ok(json!("007"))),
        (integer.clone(), "255", Ok(json!(255))),
        (integer.clone(), "256", Err("an integer from 0 to 255")),
        (integer.clone(), "1.0", Err("an integer from 0 to 255")),
        (integer, "", Err("an integer from 0 to 255")),
        (any_integer.clone(), "18446744073709551615", Ok(json!(u64::MAX))),
        (any_integer.clone(), "-9223372036854775808", Ok(json!(i64::MIN))),
        (any_integer, "99999999999999999999999999999999999999999", Err("an integer")),
        (Shape::Number { least: 0.0, most: 1.0 }, "0.5", Ok(json!(0.5))),
        (Shape::Number { least: 0.0, most: 1.0 }, "NaN", Err("a number from 0 to 1")),
        (Shape::Number { least: f64::NEG_INFINITY, most: f64::INFINITY }, "inf", Err("a number")),
        (Shape::Switch, "true", Ok(json!(true))),
        (Shape::Switch, "maybe", Err("true or false")),
        (map.clone(), "a=b=1", Err("an integer from 0 to 255")),
        (map.clone(), "a=1", Ok(json!({ "a": 1 }))),
        (map, "a", Err("KEY=VALUE")),
        (Shape::Object(vec![]), "{\"a\": [1]}", Ok(json!({ "a": [1] }))),
        (Shape::Object(vec![]), "{\"a\"", Err("JSON")),
        (Shape::Object(vec![]), "@/no/such/file", Err("cannot be read")),
        (Shape::Any, "12", Ok(json!(12))),
        (Shape::Any, "null", Ok(Value::Null)),
        (Shape::Any, "twelve", Ok(json!("twelve"))),
        (Shape::Any, "[1,", Err("JSON")),
    ] {
        match (value::parse(&shape, text), expected) {
            (Ok(value), Ok(expected)) => assert_eq!(value, expected, "{text}"),
            (Err(message), Err(part)) => assert!(message.contains(part), "{text}: {message}"),
            (value, expected) => panic!("{text}: {value:?} instead of {expected:?}"),
        }
    }
}
