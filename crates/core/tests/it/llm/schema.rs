//! Our own validator beside the general one.

use heptad_core::{ErrorKind, llm::Schema};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn violations(schema: &Value, instance: &Value) -> Vec<String> {
    Schema::compile(schema).unwrap().violations(instance).iter().map(ToString::to_string).collect()
}

#[test]
fn a_violation_says_where_and_what_would_be_right() {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 2},
            "kind": {"enum": ["bug", "feature"]},
            "lines": {"type": "array", "items": {"type": "integer", "minimum": 1}},
        },
        "required": ["name", "kind"],
        "additionalProperties": false,
    });
    let instance = json!({"nam": "x", "kind": "bugg", "lines": [1, 0, "2"]});
    let want = [
        "the document: `name` is missing",
        "the document: `nam` is not a field of it; did you mean `name`?",
        "/kind: it should be one of \"bug\", \"feature\"",
        "/lines/1: 0 should be at least 1",
        "/lines/2: it is text, and should be integer",
    ];
    assert_eq!(violations(&schema, &instance), want);
}

#[test]
fn what_is_not_known_is_refused_and_never_without_effect() {
    for (schema, kind) in [
        (json!({"type": "objekt"}), ErrorKind::InvalidInput),
        (json!({"requierd": ["a"]}), ErrorKind::Unsupported),
        (json!({"unevaluatedProperties": false}), ErrorKind::Unsupported),
        (json!({"$dynamicRef": "#x"}), ErrorKind::Unsupported),
        (json!({"pattern": "(?=look)ahead"}), ErrorKind::Unsupported),
        (json!({"pattern": "(a{1000}){1000}"}), ErrorKind::Unsupported),
        (json!({"$ref": "https://example.org/other"}), ErrorKind::InvalidInput),
        (json!({"$ref": "#/$defs/nowhere"}), ErrorKind::InvalidInput),
        (json!({"anyOf": []}), ErrorKind::InvalidInput),
        (json!({"minimum": "1"}), ErrorKind::InvalidInput),
        (json!({"multipleOf": 0}), ErrorKind::InvalidInput),
        (json!({"maxLength": -1}), ErrorKind::InvalidInput),
        (json!(7), ErrorKind::InvalidInput),
    ] {
        assert_eq!(Schema::compile(&schema).unwrap_err().kind(), kind, "{schema}");
    }
}

#[test]
fn circles_depth_and_width_come_to_an_end() {
    let list = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["value"]});
    assert!(violations(&list, &json!({"value": 1, "next": {"value": 2}})).is_empty());
    assert_eq!(violations(&list, &json!({"value": 1, "next": {}})), ["/next: `value` is missing"]);
    let nowhere =
        json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"});
    assert_eq!(
        violations(&nowhere, &json!(1)),
        ["the document: it takes too long to check against this schema"]
    );
    let (mut deep, mut instance) = (json!({"type": "null"}), json!(null));
    for _ in 0..100 {
        deep = json!({"items": deep});
        instance = json!([instance]);
    }
    assert_eq!(Schema::compile(&deep).unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert!(violations(&json!({"items": {"$ref": "#"}, "type": ["array", "null"]}), &instance).is_empty());
    let branch = json!({"anyOf": vec![json!({"items": {"$ref": "#"}, "minItems": 1}); 30]});
    assert!(
        !Schema::compile(&branch).unwrap().accepts(&json!([[[[[[[[[[]]]]]]]]]])),
        "thirty ways at ten depths"
    );
}

/// What `schemars` writes of a type with everything in it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Finding {
    /// What it is.
    title: String,
    severity: Severity,
    line: Option<u32>,
    weight: f64,
    tags: std::collections::BTreeMap<String, bool>,
    inner: Vec<Finding>,
    pair: (i8, String),
    place: Place,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Severity {
    Low,
    High,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
enum Place {
    File { path: String },
    Nowhere,
}

#[test]
fn schemas_of_types_are_known_whole() {
    let schema = Value::from(schemars::schema_for!(Finding));
    let good = json!({
        "title": "t", "severity": "low", "line": null, "weight": 0.5, "tags": {"a": true}, "inner": [], "pair": [1, "x"],
        "place": {"type": "File", "path": "a"},
    });
    assert_eq!(violations(&schema, &good), [""; 0]);
    for (pointer, wrong) in [
        ("/severity", json!("middle")),
        ("/line", json!(-1)),
        ("/weight", json!("heavy")),
        ("/tags/a", json!(1)),
        ("/pair/0", json!(200)),
        ("/place/type", json!("Sea")),
        ("/inner", json!([{}])),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = wrong;
        let general = jsonschema::validator_for(&schema).unwrap().is_valid(&bad);
        assert_eq!((violations(&schema, &bad).is_empty(), general), (false, false), "{pointer}");
    }
}

#[test]
fn strict_mode_takes_closed_objects_with_everything_required() {
    let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let text = json!({"type": "string"});
    assert!(Schema::is_strict(&closed(json!({"a": text}), json!(["a"]))));
    assert!(Schema::is_strict(&closed(json!({"a": {"anyOf": [text, {"type": "null"}]}}), json!(["a"]))));
    assert!(!Schema::is_strict(&closed(json!({"a": text}), json!([]))), "`a` is not required");
    assert!(!Schema::is_strict(&json!({"type": "object", "properties": {}})), "it is open");
    assert!(!Schema::is_strict(&json!({"type": "array"})), "its root is no object");
    assert!(!Schema::is_strict(&closed(json!({"a": {"oneOf": [text]}}), json!(["a"]))));
    assert!(
        !Schema::is_strict(&closed(json!({"a": {"type": "object"}}), json!(["a"]))),
        "an inner object is open"
    );
}

fn instance() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        prop_oneof![Just(1.0), Just(0.5), Just(-1.5), Just(0.3)].prop_map(Value::from),
        "[abä]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn schema() -> impl Strategy<Value = Value> {
    let kinds = prop_oneof![
        Just("null"),
        Just("boolean"),
        Just("object"),
        Just("array"),
        Just("number"),
        Just("integer"),
        Just("string")
    ];
    let small = 0_u64..4;
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        kinds.clone().prop_map(|kind| json!({"type": kind})),
        proptest::collection::btree_set(kinds, 1..3).prop_map(|kinds| json!({"type": kinds})),
        proptest::collection::vec(instance(), 1..3).prop_map(|values| json!({"enum": values})),
        instance().prop_map(|value| json!({"const": value})),
        (
            small.clone(),
            prop_oneof![
                Just("minLength"),
                Just("maxLength"),
                Just("minItems"),
                Just("maxItems"),
                Just("minProperties"),
                Just("maxProperties")
            ]
        )
            .prop_map(|(bound, keyword)| json!({keyword: bound})),
        (
            -2_i64..3,
            prop_oneof![Just("minimum"), Just("maximum"), Just("exclusiveMinimum"), Just("exclusiveMaximum")]
        )
            .prop_map(|(bound, keyword)| json!({keyword: bound})),
        prop_oneof![Just(json!(1)), Just(json!(2)), Just(json!(0.5))]
            .prop_map(|step| json!({"multipleOf": step})),
        prop_oneof![Just("^a"), Just("b$"), Just("[aä]+")].prop_map(|pattern| json!({"pattern": pattern})),
        Just(json!({"uniqueItems": true})),
        proptest::collection::btree_set("[abc]", 0..3).prop_map(|names| json!({"required": names})),
        Just(json!({"dependentRequired": {"a": ["b"]}})),
    ];
    leaf.prop_recursive(3, 20, 3, |inner| {
        let several = proptest::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            (proptest::collection::btree_map("[abc]", inner.clone(), 0..3), inner.clone()).prop_map(
                |(properties, rest)| json!({"properties": properties, "additionalProperties": rest})
            ),
            inner.clone().prop_map(
                |schema| json!({"patternProperties": {"^[ab]": schema}, "additionalProperties": false})
            ),
            inner.clone().prop_map(|schema| json!({"propertyNames": schema})),
            (several.clone(), inner.clone())
                .prop_map(|(prefix, items)| json!({"prefixItems": prefix, "items": items})),
            inner.clone().prop_map(|schema| json!({"items": schema})),
            inner.clone().prop_map(|schema| json!({"contains": schema})),
            several.clone().prop_map(|all| json!({"allOf": all})),
            several.clone().prop_map(|any| json!({"anyOf": any})),
            several.clone().prop_map(|one| json!({"oneOf": one})),
            inner.clone().prop_map(|schema| json!({"not": schema})),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| json!({"if": a, "then": b, "else": c})),
            inner.prop_map(|schema| json!({"$defs": {"a": schema}, "items": {"$ref": "#/$defs/a"}})),
        ]
    })
    .prop_filter("references stand at the root only", |schema| {
        let references = schema.to_string().matches("$ref").count();
        references == 0 || (references == 1 && schema.get("$defs").is_some())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn it_agrees_with_the_general_validator(schema in schema(), instances in proptest::collection::vec(instance(), 1..6)) {
        let (ours, general) = (Schema::compile(&schema).unwrap(), jsonschema::draft202012::new(&schema).unwrap());
        for instance in instances {
            prop_assert_eq!(ours.accepts(&instance), general.is_valid(&instance), "{} against {}", instance, schema);
        }
    }
}
