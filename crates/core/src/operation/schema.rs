//! JSON Schemas of requests and responses: draft 2020-12, `$schema` left out.
//!
//! Named types are definitions in `$defs` and are referred to, so that a code generator gives each a type of its own and a recursive type
//! has an end; who wants the shape of one property (the command line, for its flags) follows the reference with [`resolve`].

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

/// What a request of type `T` accepts.
pub fn request<T: JsonSchema>() -> Schema {
    generator(SchemaSettings::draft2020_12().for_deserialize()).into_root_schema_for::<T>()
}

/// What a response of type `T` looks like.
pub fn response<T: JsonSchema>() -> Schema {
    generator(SchemaSettings::draft2020_12().for_serialize()).into_root_schema_for::<T>()
}

fn generator(settings: SchemaSettings) -> SchemaGenerator {
    settings.with(|settings| settings.meta_schema = None).into_generator()
}

/// `node`, or the definition in `root` that it refers to. A reference to nowhere or in a circle gives the node where it was noticed.
pub fn resolve<'a>(root: &'a Value, mut node: &'a Value) -> &'a Value {
    const LONGEST_CHAIN: usize = 16;
    for _ in 0..LONGEST_CHAIN {
        let target =
            node.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(definition) => node = definition,
            None => break,
        }
    }
    node
}

/// The properties of an object schema with their schemas, in the order of declaration; those of alternatives (`anyOf`, `oneOf`, `allOf`)
/// follow. Empty for anything else.
pub fn properties<'a>(root: &'a Value, node: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let mut found = Vec::new();
    collect(root, node, &mut found, 0);
    found
}

fn collect<'a>(root: &'a Value, node: &'a Value, found: &mut Vec<(&'a str, &'a Value)>, depth: usize) {
    const DEEPEST: usize = 8;
    let node = resolve(root, node);
    if depth > DEEPEST {
        return;
    }
    for (name, schema) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if found.iter().all(|(known, _)| known != name) {
            found.push((name, schema));
        }
    }
    for combination in ["allOf", "anyOf", "oneOf"] {
        for alternative in node.get(combination).and_then(Value::as_array).into_iter().flatten() {
            collect(root, alternative, found, depth + 1);
        }
    }
}
