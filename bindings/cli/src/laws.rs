//! Laws that hold for whatever schemas and values there are.

use clap::Command;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    args,
    output::Format,
    schema::{Shape, read},
};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Schemas of properties, made of what schemas are made of, rightly or wrongly put together.
fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({ "type": "string" })),
        Just(json!({ "type": "boolean", "default": true })),
        Just(json!({ "type": ["boolean", "null"] })),
        Just(json!({ "type": "integer", "format": "uint8", "x-cli-positional": true })),
        Just(json!({ "type": "array", "items": { "type": "string" }, "x-cli-positional": true })),
        Just(json!({ "type": "number", "minimum": 1, "maximum": 0 })),
        Just(json!({ "enum": ["a", "b"], "description": "One.\n\nTwo." })),
        Just(json!({ "enum": [] })),
        Just(json!({ "oneOf": [] })),
        Just(json!({ "$ref": "#" })),
        Just(json!({ "allOf": [{ "$ref": "#/properties/path" }] })),
        any_json(),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|items| json!({ "type": "array", "items": items })),
            inner.clone().prop_map(|values| json!({ "type": "object", "additionalProperties": values })),
            inner.clone().prop_map(|one| json!({ "anyOf": [one, { "type": "null" }] })),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| json!({ "oneOf": [one, other] })),
            object(inner),
        ]
    })
}

fn object(property: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let name = "path|db|config|format|json|no_cache|cache|noCache|help|request|a_b|aB|[a-z]{1,3}";
    prop::collection::vec((name, property, any::<bool>()), 0..8).prop_map(|properties| {
        let required: Vec<_> =
            properties.iter().filter(|(.., required)| *required).map(|(name, ..)| name.clone()).collect();
        let properties: Value = properties.into_iter().map(|(name, schema, _)| (name, schema)).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_schema_is_read(schema in prop_oneof![any_json(), any_schema()]) {
        read(&schema);
    }

    #[test]
    fn every_request_has_flags_that_clap_takes(schema in object(any_schema())) {
        if let Shape::Object(properties) = read(&schema) {
            let flags = args::flags(&properties);
            let command = Command::new("it").args(flags.iter().flat_map(|flag| flag.args(true))).arg(clap::Arg::new("json").long("json"));
            command.debug_assert();
        }
    }

    #[test]
    fn every_value_is_rendered(value in any_json(), width in prop::option::of(0_usize..120)) {
        for (format, ..) in Format::ALL {
            let whole = format.whole(&value, width);
            prop_assert!(whole.is_empty() || whole.ends_with('\n'));
            let plain = anstream::adapter::strip_str(&whole).to_string();
            // Tabs separate the cells of a table in a pipe, and are nowhere else.
            let tabs = *format == Format::Table && width.is_none();
            if !format.is_json() {
                let driving = |letter: char| letter.is_control() && letter != '\n' && !(tabs && letter == '\t');
                prop_assert!(!plain.contains(driving), "{plain:?}");
            }
            prop_assert_eq!(format.item(&value).matches('\n').count(), 1);
        }
    }

    #[test]
    fn json_comes_out_as_it_went_in(value in any_json()) {
        prop_assert_eq!(&serde_json::from_str::<Value>(&Format::Json.whole(&value, None)).expect("JSON"), &value);
        prop_assert_eq!(&serde_json::from_str::<Value>(&Format::Jsonl.item(&value)).expect("JSON"), &value);
    }
}
