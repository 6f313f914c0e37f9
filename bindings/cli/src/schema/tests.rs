//! Schemas → shapes, as a table.

use serde_json::{Value, json};

use super::{Choice, POSITIONAL, Property, Shape, read};

fn text() -> Shape {
    Shape::Text { format: None }
}

fn choice(values: &[(&str, &str)]) -> Shape {
    let choice = |(value, doc): &(&str, &str)| Choice { value: (*value).to_owned(), doc: (*doc).to_owned() };
    Shape::Choice(values.iter().map(choice).collect())
}

fn property(schema: Value) -> Property {
    match read(&json!({ "type": "object", "properties": { "it": schema }, "$defs": definitions() })) {
        Shape::Object(properties) => properties.into_iter().next().expect("one property"),
        other => panic!("not an object: {other:?}"),
    }
}

fn definitions() -> Value {
    json!({
        "Tone": { "type": "string", "enum": ["plain", "loud"], "description": "How loudly." },
        "Alias": { "$ref": "#/$defs/Tone" },
        "Loop": { "$ref": "#/$defs/Loop" },
        "Tree": { "type": "object", "properties": { "kids": { "type": "array", "items": { "$ref": "#/$defs/Tree" } } } },
    })
}

#[test]
fn every_kind_of_property_has_its_shape() {
    let cases = [
        (json!({ "type": "string" }), text()),
        (
            json!({ "type": "string", "format": "date-time" }),
            Shape::Text { format: Some("date-time".to_owned()) },
        ),
        (json!({ "type": ["string", "null"] }), text()),
        (json!({ "type": "boolean" }), Shape::Switch),
        (json!({ "type": "integer", "format": "uint8" }), Shape::Integer { least: 0, most: 255 }),
        (
            json!({ "type": "integer", "format": "uint64", "minimum": 1 }),
            Shape::Integer { least: 1, most: u64::MAX.into() },
        ),
        (
            json!({ "type": "integer", "exclusiveMinimum": 0, "maximum": 9 }),
            Shape::Integer { least: 1, most: 9 },
        ),
        (json!({ "type": "number", "maximum": 1.5 }), Shape::Number { least: f64::NEG_INFINITY, most: 1.5 }),
        (json!({ "$ref": "#/$defs/Tone" }), choice(&[("plain", ""), ("loud", "")])),
        (json!({ "$ref": "#/$defs/Alias", "default": "loud" }), choice(&[("plain", ""), ("loud", "")])),
        (
            json!({ "anyOf": [{ "$ref": "#/$defs/Tone" }, { "type": "null" }] }),
            choice(&[("plain", ""), ("loud", "")]),
        ),
        (json!({ "allOf": [{ "$ref": "#/$defs/Tone" }] }), choice(&[("plain", ""), ("loud", "")])),
        (json!({ "enum": ["a", null], "type": ["string", "null"] }), choice(&[("a", "")])),
        (
            json!({ "oneOf": [{ "const": "a", "description": "First." }, { "type": "string", "enum": ["b", "c"] }] }),
            choice(&[("a", "First."), ("b", ""), ("c", "")]),
        ),
        (json!({ "type": "array", "items": { "type": "string" } }), Shape::List(Box::new(text()))),
        (json!({ "type": "array" }), Shape::List(Box::new(Shape::Any))),
        (
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            Shape::Map(Box::new(text())),
        ),
        (json!({ "type": "object" }), Shape::Map(Box::new(Shape::Any))),
        (json!({ "type": "object", "additionalProperties": false }), Shape::Object(vec![])),
        (json!({ "type": "null" }), Shape::Null),
        (json!(true), Shape::Any),
        (json!({}), Shape::Any),
        (json!({ "type": ["string", "integer"] }), Shape::Any),
        (json!({ "enum": [1, 2] }), Shape::Any),
        (json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] }), Shape::Any),
        (json!({ "oneOf": [{ "const": "a" }, { "type": "object", "properties": { "b": {} } }] }), Shape::Any),
        (json!({ "$ref": "#/$defs/Nowhere" }), Shape::Any),
        (json!({ "$ref": "#/$defs/Loop" }), Shape::Any),
    ];
    for (schema, shape) in cases {
        assert_eq!(property(schema.clone()).shape, shape, "{schema}");
    }
}

#[test]
fn a_property_keeps_what_stands_beside_its_reference() {
    let tone = property(
        json!({ "$ref": "#/$defs/Tone", "default": "plain", "description": "Here.", POSITIONAL: true }),
    );
    assert_eq!(
        (tone.doc.as_str(), tone.default, tone.positional, tone.nullable),
        ("Here.", Some(json!("plain")), true, false)
    );
    assert_eq!(property(json!({ "$ref": "#/$defs/Tone" })).doc, "How loudly.");
    assert!(property(json!({ "anyOf": [{ "$ref": "#/$defs/Tone" }, { "type": "null" }] })).nullable);
    assert!(property(json!({ "type": ["boolean", "null"] })).nullable);
}

#[test]
fn what_is_merged_adds_properties_and_requirements() {
    let shape = read(&json!({
        "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"],
        "allOf": [{ "properties": { "b": { "type": "boolean" } }, "required": ["b"] }],
    }));
    let Shape::Object(properties) = shape else { panic!("{shape:?}") };
    let seen: Vec<_> = properties.iter().map(|it| (it.name.as_str(), it.required)).collect();
    assert_eq!(seen, [("a", true), ("b", true)]);
}

#[test]
fn a_schema_that_contains_itself_is_not_unfolded() {
    let inner = |shape: Shape| match shape {
        Shape::List(item) => *item,
        other => panic!("no list: {other:?}"),
    };
    let Shape::Object(tree) = property(json!({ "$ref": "#/$defs/Tree" })).shape else { panic!("no object") };
    assert_eq!(inner(tree[0].shape.clone()), Shape::Object(vec![]), "what lies deeper is given as JSON");

    let kids: serde_json::Map<_, _> = (0..30).map(|n| (format!("kid{n}"), json!({ "$ref": "#" }))).collect();
    let Shape::Object(many) = read(&json!({ "type": "object", "properties": kids })) else {
        panic!("no object")
    };
    assert_eq!(many.len(), 30);
}
