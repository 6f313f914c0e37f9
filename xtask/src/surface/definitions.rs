//! From JSON Schemas to named types.
//!
//! A type is known by its name within a system. The schema of a request says what must be given, that of a response what is always there: the
//! type of both has the fields of both. A name that means different things in different systems gets that of its system before it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Definition, Documented, Field, Record, Shape, Type, Union, Variant, read::text};
use crate::Result;

/// What the name of a type is behind in a reference.
const REFERENCE: &str = "#/$defs/";

/// The schemas of one type.
#[derive(Default)]
struct Schemas {
    /// Where it is part of a request.
    request: Option<Value>,
    /// Where it is part of a response.
    response: Option<Value>,
}

impl Schemas {
    /// What it is, whichever side it is on: what is required differs, and not all systems have both.
    fn meaning(&self) -> String {
        self.response.as_ref().or(self.request.as_ref()).map(bare).unwrap_or_default().to_string()
    }
}

/// The schemas of all types, by system and name.
#[derive(Default)]
pub(super) struct Definitions(BTreeMap<(String, String), Schemas>);

/// The names that types have on the surfaces, by system and name in the registry.
pub(super) struct Names(BTreeMap<(String, String), String>);

impl Names {
    pub(super) fn get(&self, system: &str, name: &str) -> Result<String> {
        let key = (system.to_owned(), name.to_owned());
        self.0
            .get(&key)
            .cloned()
            .ok_or_else(|| format!("`{system}` speaks of a type `{name}` that it does not define"))
    }
}

impl Definitions {
    /// Takes the types of an operation.
    pub(super) fn gather(&mut self, operation: &Value) -> Result<()> {
        let full = text(operation, "name")?;
        let (system, _) = full.split_once('.').ok_or_else(|| format!("`{full}` is in no system"))?;
        for side in ["request", "response"] {
            let root = operation[side].as_object().ok_or_else(|| format!("{full} has no {side}"))?;
            let title = text(&operation[side], "title").map_err(|e| format!("{full}, {side}: {e}"))?;
            let mut own = root.clone();
            let inner = own.remove("$defs").unwrap_or_default();
            own.remove("title");
            self.add(system, &title, side, Value::Object(own))?;
            for (name, schema) in inner.as_object().into_iter().flatten() {
                self.add(system, name, side, schema.clone())?;
            }
        }
        Ok(())
    }

    fn add(&mut self, system: &str, name: &str, side: &str, schema: Value) -> Result<()> {
        let schemas = self.0.entry((system.to_owned(), name.to_owned())).or_default();
        let place = if side == "request" { &mut schemas.request } else { &mut schemas.response };
        match place {
            Some(known) if *known != schema => {
                Err(format!("`{system}` has two types `{name}` ({side}): rename one of them"))
            }
            _ => {
                *place = Some(schema);
                Ok(())
            }
        }
    }

    /// What the types are called. Of several meanings of a name, the one of most systems keeps it alone.
    pub(super) fn named(&self) -> Names {
        let mut meanings: BTreeMap<&str, BTreeMap<String, Vec<&str>>> = BTreeMap::new();
        for ((system, name), schemas) in &self.0 {
            meanings.entry(name).or_default().entry(schemas.meaning()).or_default().push(system);
        }
        let mut names = BTreeMap::new();
        for (name, meanings) in meanings {
            let most = meanings.values().map(Vec::len).max().unwrap_or(0);
            let alone = meanings.values().filter(|systems| systems.len() == most).count() == 1;
            for systems in meanings.values() {
                let plain = alone && systems.len() == most;
                // A meaning that several systems share has one name: that of the first.
                let first = systems.first().copied().unwrap_or_default();
                let shown = if plain { name.to_owned() } else { pascal(first) + name };
                for system in systems {
                    names.insert(((*system).to_owned(), name.to_owned()), shown.clone());
                }
            }
        }
        Names(names)
    }

    /// The types, by name.
    pub(super) fn into_types(self, names: &Names) -> Result<Vec<Definition>> {
        let mut types: BTreeMap<String, Definition> = BTreeMap::new();
        for ((system, name), schemas) in &self.0 {
            let reader = Reader { system, names, all: &self };
            let shown = names.get(system, name)?;
            let definition = reader
                .definition(&shown, schemas)
                .map_err(|error| format!("{system}, type `{name}`: {error}"))?;
            match types.get_mut(&shown) {
                Some(known) => {
                    known.systems.push(system.clone());
                    known.shape.merge(definition.shape);
                }
                None => {
                    types.insert(shown, definition);
                }
            }
        }
        Ok(types.into_values().collect())
    }
}

impl Shape {
    /// The same type as another system has it: what one of them must be given is to be given, and what one leaves out is not always there.
    fn merge(&mut self, other: Self) {
        if let (Self::Record(known), Self::Record(other)) = (self, other) {
            for (field, same) in known.fields.iter_mut().zip(other.fields) {
                field.required |= same.required;
                field.always &= same.always;
            }
        }
    }
}

/// A schema without what differs between the two sides.
fn bare(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let kept = fields
                .iter()
                .filter(|(key, _)| !["required", "default", "additionalProperties"].contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), bare(value))).collect())
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        other => other.clone(),
    }
}

/// `a_name` as `AName`.
pub(super) fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    name.split(['_', '-', '.']).map(word).collect()
}

/// Reads the schemas of one system.
struct Reader<'a> {
    system: &'a str,
    names: &'a Names,
    all: &'a Definitions,
}

impl Reader<'_> {
    fn definition(&self, name: &str, schemas: &Schemas) -> Result<Definition> {
        let (request, response) = (schemas.request.as_ref(), schemas.response.as_ref());
        let schema = response.or(request).ok_or("it has no schema")?;
        let mut shape = self.shape(schema)?;
        if let (Some(request), Some(_)) = (request, response) {
            // Whoever writes it is told by the request.
            shape = given_by(shape, self.shape(request)?)?;
        }
        Ok(Definition {
            name: name.to_owned(),
            doc: doc(schema),
            systems: vec![self.system.to_owned()],
            shape,
        })
    }

    fn shape(&self, schema: &Value) -> Result<Shape> {
        if let Some(variants) = schema["oneOf"].as_array() {
            if variants.iter().any(|variant| variant["properties"].is_object()) {
                return self.union(schema, variants).map(Shape::Union);
            }
            let texts = variants.iter().map(texts).collect::<Result<Vec<_>>>()?;
            return Ok(Shape::Choice(texts.into_iter().flatten().collect()));
        }
        if schema["enum"].is_array() {
            return texts(schema).map(Shape::Choice);
        }
        if schema["properties"].is_object()
            || schema["type"] == "object" && schema["additionalProperties"] == false
        {
            return self.record(schema).map(Shape::Record);
        }
        self.kind(schema).map(Shape::Alias)
    }

    fn union(&self, schema: &Value, variants: &[Value]) -> Result<Union> {
        let common = if schema["properties"].is_object() { self.record(schema)?.fields } else { Vec::new() };
        let mut union = Union { tag: String::new(), variants: Vec::new() };
        for variant in variants {
            let properties = variant["properties"].as_object().ok_or("a variant is no record")?;
            let tag = properties.iter().find_map(|(name, schema)| Some((name, schema["const"].as_str()?)));
            let (name, tag) = tag.ok_or("a variant has no field that tells it from the others")?;
            if !union.tag.is_empty() && union.tag != *name {
                return Err(format!("variants are told apart by `{}` and by `{name}`", union.tag));
            }
            union.tag = name.clone();
            let mut record = self.record(variant)?;
            record.fields.retain(|field| field.name != *name);
            record.fields.splice(..0, common.iter().cloned());
            // A variant that holds a type has its fields beside the tag.
            if let Some(name) =
                variant["$ref"].as_str().and_then(|reference| reference.strip_prefix(REFERENCE))
            {
                let held = self.all.0.get(&(self.system.to_owned(), name.to_owned()));
                let held = held.and_then(|schemas| schemas.response.as_ref().or(schemas.request.as_ref()));
                record
                    .fields
                    .extend(self.record(held.ok_or_else(|| format!("there is no `{name}`"))?)?.fields);
            }
            union.variants.push(Variant { tag: tag.to_owned(), doc: doc(variant), record });
        }
        Ok(union)
    }

    fn record(&self, schema: &Value) -> Result<Record> {
        let nothing = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&nothing);
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let field = |(name, schema): (&String, &Value)| {
            let kind = self.kind(schema).map_err(|error| format!("field `{name}`: {error}"))?;
            let default = schema.get("default").cloned().unwrap_or_else(|| absent(&kind));
            let kind = match kind {
                Type::Optional(kind) => Type::Optional(kind),
                kind if default.is_null() && !required.contains(&name.as_str()) && kind != Type::Any => {
                    Type::Optional(Box::new(kind))
                }
                kind => kind,
            };
            Ok(Field {
                name: name.clone(),
                doc: doc(schema),
                kind,
                required: required.contains(&name.as_str()),
                always: required.contains(&name.as_str()),
                default,
                positional: schema["x-cli-positional"] == true,
            })
        };
        let fields = properties.iter().map(field).collect::<Result<_>>()?;
        let further = match &schema["additionalProperties"] {
            Value::Null | Value::Bool(false) => None,
            Value::Bool(true) => Some(Type::Any),
            schema => Some(self.kind(schema)?),
        };
        Ok(Record { fields, further })
    }

    fn kind(&self, schema: &Value) -> Result<Type> {
        let Some(fields) = schema.as_object() else { return Ok(Type::Any) };
        if let Some(reference) = schema["$ref"].as_str() {
            let name =
                reference.strip_prefix(REFERENCE).ok_or_else(|| format!("a reference to {reference}"))?;
            let name = self.names.get(self.system, name)?;
            return Ok(if name == "Table" { Type::Table } else { Type::Named(name) });
        }
        if let Some(constant) = schema["const"].as_str() {
            return Ok(Type::Constant(constant.to_owned()));
        }
        if let Some(alternatives) = schema["anyOf"].as_array() {
            let null = |schema: &&Value| schema["type"] == "null";
            let mut others =
                alternatives.iter().filter(|schema| !null(schema)).map(|schema| self.kind(schema));
            let (Some(kind), None) = (others.next(), others.next()) else {
                return Err("alternatives without a name: give the type one".into());
            };
            let kind = kind?;
            return Ok(if alternatives.iter().any(|schema| null(&schema)) { optional(kind) } else { kind });
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ if fields.keys().all(|key| ["description", "default"].contains(&key.as_str())) => {
                return Ok(Type::Any);
            }
            _ => return Err(format!("a shape that has no type: {schema}")),
        };
        let named = kinds.iter().filter(|kind| **kind != "null").map(|kind| self.simple(kind, schema));
        let mut named = named.collect::<Result<Vec<_>>>()?;
        let kind = if named.len() == 1 { named.remove(0) } else { Type::Either(named) };
        Ok(if kinds.contains(&"null") { optional(kind) } else { kind })
    }

    fn simple(&self, kind: &str, schema: &Value) -> Result<Type> {
        Ok(match kind {
            "string" if schema["format"] == "date-time" => Type::Time,
            "string" => Type::Text,
            "boolean" => Type::Boolean,
            "number" => Type::Number,
            "integer" => {
                let (low, high) = match schema["format"].as_str() {
                    Some("uint8") => (0, u8::MAX.into()),
                    Some("uint16") => (0, u16::MAX.into()),
                    Some("uint32") => (0, u32::MAX.into()),
                    Some("uint64" | "uint") => (0, u64::MAX.into()),
                    Some("int32") => (i32::MIN.into(), i32::MAX.into()),
                    _ => (i64::MIN.into(), i64::MAX.into()),
                };
                Type::Integer(low, high)
            }
            "array" => Type::List(Box::new(self.kind(&schema["items"])?)),
            "object" => Type::Map(Box::new(match &schema["additionalProperties"] {
                Value::Null | Value::Bool(_) => Type::Any,
                schema => self.kind(schema)?,
            })),
            other => return Err(format!("a type `{other}` that is not known")),
        })
    }
}

fn optional(kind: Type) -> Type {
    match kind {
        Type::Any | Type::Optional(_) => kind,
        kind => Type::Optional(Box::new(kind)),
    }
}

/// What a field is that is left out where it says nothing.
fn absent(kind: &Type) -> Value {
    match kind {
        Type::List(_) => Value::Array(Vec::new()),
        Type::Map(_) => Value::Object(Map::new()),
        Type::Boolean => false.into(),
        Type::Integer(..) => 0.into(),
        Type::Text => "".into(),
        _ => Value::Null,
    }
}

/// The shape of a response, with what the request says of who writes it.
fn given_by(mut shape: Shape, request: Shape) -> Result<Shape> {
    let given = |record: &mut Record, request: Record| -> Result<()> {
        for field in &mut record.fields {
            let written = request.fields.iter().find(|written| written.name == field.name);
            field.required = written.is_some_and(|written| written.required);
            if let Some(written) = written {
                (field.default, field.positional) = (written.default.clone(), written.positional);
            }
        }
        Ok(())
    };
    match (&mut shape, request) {
        (Shape::Record(record), Shape::Record(request)) => given(record, request)?,
        (Shape::Union(union), Shape::Union(request)) => {
            for (variant, request) in union.variants.iter_mut().zip(request.variants) {
                given(&mut variant.record, request.record)?;
            }
        }
        _ => {}
    }
    Ok(shape)
}

/// The texts that a schema allows.
fn texts(schema: &Value) -> Result<Vec<Documented>> {
    let named =
        |name: &Value| name.as_str().map(str::to_owned).ok_or_else(|| format!("{name} is no text to choose"));
    match (&schema["const"], schema["enum"].as_array()) {
        (Value::Null, Some(values)) => {
            values.iter().map(|value| Ok(Documented { name: named(value)?, doc: String::new() })).collect()
        }
        (constant, _) => Ok(vec![Documented { name: named(constant)?, doc: doc(schema) }]),
    }
}

fn doc(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}
