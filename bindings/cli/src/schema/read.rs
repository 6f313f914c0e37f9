//! JSON Schema → [`Shape`].

use serde_json::{Map, Value};

use super::{Choice, POSITIONAL, Property, Shape};

/// Deeper than this a schema (it may refer to itself) is [`Shape::Any`].
const MAX_DEPTH: usize = 8;
/// Properties are read of the request and of the objects in it. What lies deeper is given as JSON, and a type that contains itself many
/// times over must not be unfolded.
const MAX_LEVEL: usize = 2;

/// The shape that `schema` describes.
pub(crate) fn read(schema: &Value) -> Shape {
    Reader { root: schema, level: 0 }.shape(schema, 0).0
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    root: &'a Value,
    /// How many objects the reader is in.
    level: usize,
}

impl Reader<'_> {
    /// The shape, and whether `null` is allowed as well.
    fn shape(&self, schema: &Value, depth: usize) -> (Shape, bool) {
        if depth > MAX_DEPTH {
            return (Shape::Any, false);
        }
        let schema = self.resolved(schema);
        if let Some(variants) = union(&schema) {
            return self.union(&schema, variants, depth);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let nullable = values.iter().any(Value::is_null);
            return match strings(values.iter().filter(|value| !value.is_null())) {
                Some(choices) => (Shape::Choice(choices), nullable),
                None => (Shape::Any, nullable),
            };
        }
        if let Some(Value::String(only)) = schema.get("const") {
            return (Shape::Choice(vec![Choice { value: only.clone(), doc: String::new() }]), false);
        }
        let types = types(&schema);
        let nullable = types.len() > 1 && types.contains(&"null");
        let mut named = types.iter().filter(|name| types.len() == 1 || **name != "null");
        let shape = match (named.next(), named.next()) {
            (Some(&name), None) => self.of_type(name, &schema, depth),
            (None, _) if schema.contains_key("properties") => self.of_type("object", &schema, depth),
            _ => Shape::Any,
        };
        (shape, nullable)
    }

    fn of_type(&self, name: &str, schema: &Map<String, Value>, depth: usize) -> Shape {
        match name {
            "null" => Shape::Null,
            "string" => {
                Shape::Text { format: schema.get("format").and_then(Value::as_str).map(str::to_owned) }
            }
            "boolean" => Shape::Switch,
            "integer" => integer(schema),
            "number" => Shape::Number {
                least: bound(schema, "minimum").unwrap_or(f64::NEG_INFINITY),
                most: bound(schema, "maximum").unwrap_or(f64::INFINITY),
            },
            "array" => match schema.get("items") {
                Some(items) => Shape::List(Box::new(self.shape(items, depth + 1).0)),
                None => Shape::List(Box::new(Shape::Any)),
            },
            "object" => self.object(schema, depth),
            _ => Shape::Any,
        }
    }

    fn object(&self, schema: &Map<String, Value>, depth: usize) -> Shape {
        let additional = schema.get("additionalProperties");
        let properties = schema.get("properties").and_then(Value::as_object);
        let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
            return match additional {
                None | Some(Value::Bool(true)) => Shape::Map(Box::new(Shape::Any)),
                Some(Value::Bool(false)) => Shape::Object(Vec::new()),
                Some(values) => Shape::Map(Box::new(self.shape(values, depth + 1).0)),
            };
        };
        if self.level >= MAX_LEVEL {
            return Shape::Object(Vec::new());
        }
        let inside = Self { level: self.level + 1, ..*self };
        let required = schema.get("required").and_then(Value::as_array);
        let required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
        let property =
            |(name, schema): (&String, &Value)| inside.property(name, schema, required(name), depth);
        Shape::Object(properties.iter().map(property).collect())
    }

    fn property(&self, name: &str, schema: &Value, required: bool, depth: usize) -> Property {
        let (shape, nullable) = self.shape(schema, depth + 1);
        let resolved = self.resolved(schema);
        let text = |key| resolved.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Property {
            name: name.to_owned(),
            shape,
            doc: text("description"),
            required: required && !nullable,
            nullable,
            default: resolved.get("default").cloned(),
            positional: resolved.get(POSITIONAL) == Some(&Value::Bool(true)),
        }
    }

    /// Variants of which one holds: `Option<T>`, an enum with documented values, or something that only JSON can say.
    fn union(&self, schema: &Map<String, Value>, variants: &[Value], depth: usize) -> (Shape, bool) {
        let mut shapes = Vec::new();
        let mut nullable = false;
        for variant in variants {
            let (shape, optional) = self.shape(variant, depth + 1);
            nullable |= optional;
            match shape {
                Shape::Null => nullable = true,
                shape => shapes.push((shape, variant)),
            }
        }
        if let [(shape, _)] = &shapes[..] {
            return (shape.clone(), nullable);
        }
        let mut choices = Vec::new();
        for (shape, variant) in shapes {
            match shape {
                Shape::Choice(mut more) => {
                    if let [only] = &mut more[..] {
                        only.doc =
                            variant.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
                    }
                    choices.append(&mut more);
                }
                // What the object says besides the union is still known; what the variants add is for JSON.
                _ if schema.contains_key("properties") => return (self.object(schema, depth), nullable),
                _ => return (Shape::Any, nullable),
            }
        }
        (Shape::Choice(choices), nullable)
    }

    /// The schema with what `$ref` and `allOf` point to written out; what stands beside them wins.
    fn resolved(&self, schema: &Value) -> Map<String, Value> {
        let mut merged = Map::new();
        self.merge(&mut merged, schema, 0);
        merged
    }

    fn merge(&self, merged: &mut Map<String, Value>, schema: &Value, hops: usize) {
        let Some(schema) = schema.as_object().filter(|_| hops <= MAX_DEPTH) else { return };
        for (key, value) in schema.iter().filter(|(key, _)| !matches!(key.as_str(), "$ref" | "allOf")) {
            match (merged.get_mut(key), value) {
                (None, value) => drop(merged.insert(key.clone(), value.clone())),
                (Some(Value::Object(into)), Value::Object(more)) if key == "properties" => {
                    into.extend(more.iter().map(|(name, schema)| (name.clone(), schema.clone())));
                }
                (Some(Value::Array(into)), Value::Array(more)) if key == "required" => {
                    into.extend(more.iter().cloned())
                }
                (Some(_), _) => {}
            }
        }
        if let Some(target) =
            schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'))
        {
            self.root.pointer(target).into_iter().for_each(|target| self.merge(merged, target, hops + 1));
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.merge(merged, part, hops + 1);
        }
    }
}

fn union(schema: &Map<String, Value>) -> Option<&[Value]> {
    ["anyOf", "oneOf"].iter().find_map(|key| schema.get(*key)?.as_array()).map(Vec::as_slice)
}

fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn strings<'a>(values: impl Iterator<Item = &'a Value>) -> Option<Vec<Choice>> {
    values.map(|value| Some(Choice { value: value.as_str()?.to_owned(), doc: String::new() })).collect()
}

/// The bounds come from the Rust type that schemars names as `format`, narrowed by `minimum` and `maximum`.
fn integer(schema: &Map<String, Value>) -> Shape {
    let (least, most) = match schema.get("format").and_then(Value::as_str) {
        Some("uint8") => (0, u8::MAX.into()),
        Some("uint16") => (0, u16::MAX.into()),
        Some("uint32") => (0, u32::MAX.into()),
        Some("uint" | "uint64") => (0, u64::MAX.into()),
        Some("int8") => (i8::MIN.into(), i8::MAX.into()),
        Some("int16") => (i16::MIN.into(), i16::MAX.into()),
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("int" | "int64") => (i64::MIN.into(), i64::MAX.into()),
        _ => (i64::MIN.into(), u64::MAX.into()),
    };
    let whole = |key: &str| {
        let number = schema.get(key)?;
        number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
    };
    let above = whole("exclusiveMinimum").map(|bound| bound + 1);
    let below = whole("exclusiveMaximum").map(|bound| bound - 1);
    Shape::Integer {
        least: whole("minimum").or(above).map_or(least, |bound| bound.max(least)),
        most: whole("maximum").or(below).map_or(most, |bound| bound.min(most)),
    }
}

fn bound(schema: &Map<String, Value>, key: &str) -> Option<f64> {
    schema.get(key).and_then(Value::as_f64)
}
