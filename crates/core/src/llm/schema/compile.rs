//! From a document to nodes that refer to each other by number.

use std::collections::{BTreeMap, HashMap};

use regex::Regex;
use serde_json::{Map, Value};

use crate::{
    error::{Error, ErrorKind, Result},
    suggest::did_you_mean,
};

/// The most schemas a document may hold, one inside the other counted.
const MAX_NODES: usize = 20_000;
/// The deepest that schemas may lie in each other.
const MAX_DEPTH: usize = 64;
/// How much memory the automaton of one pattern may take.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Keywords that say something to people only.
const ANNOTATIONS: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "$anchor",
    "$vocabulary",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
    "contentEncoding",
    "contentMediaType",
    "$defs",
    "definitions",
];

/// Number of a node.
pub(super) type Id = usize;

/// A schema.
#[derive(Debug)]
pub(super) enum Node {
    /// `true` or `false`.
    Always(bool),
    Rules(Box<Rules>),
}

/// The keywords of a schema; those that are absent hold for everything.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) types: Option<Vec<String>>,
    pub(super) allowed: Option<Vec<Value>>,
    pub(super) properties: BTreeMap<String, Id>,
    pub(super) patterns: Vec<(Regex, Id)>,
    pub(super) additional: Option<Id>,
    pub(super) names: Option<Id>,
    pub(super) required: Vec<String>,
    pub(super) dependent: Vec<(String, Vec<String>)>,
    pub(super) items: Option<Id>,
    pub(super) prefix: Vec<Id>,
    pub(super) contains: Option<Id>,
    pub(super) unique: bool,
    pub(super) pattern: Option<Regex>,
    /// Keyword and bound of lengths and counts.
    pub(super) counts: Vec<(Count, u64)>,
    /// Keyword and bound of numbers.
    pub(super) numbers: Vec<(Number, serde_json::Number)>,
    pub(super) all_of: Vec<Id>,
    pub(super) any_of: Option<Vec<Id>>,
    pub(super) one_of: Option<Vec<Id>>,
    pub(super) not: Option<Id>,
    pub(super) condition: Option<(Id, Option<Id>, Option<Id>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    MinProperties,
    MaxProperties,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
    MultipleOf,
}

pub(super) fn compile(schema: &Value) -> Result<Vec<Node>> {
    let mut compiler = Compiler { root: schema, nodes: Vec::new(), known: HashMap::new() };
    compiler.node(schema, "#", 0)?;
    Ok(compiler.nodes)
}

struct Compiler<'a> {
    root: &'a Value,
    nodes: Vec<Node>,
    /// Numbers of the schemas that references lead to; this is where circles close.
    known: HashMap<*const Value, Id>,
}

impl<'a> Compiler<'a> {
    fn node(&mut self, schema: &'a Value, place: &str, depth: usize) -> Result<Id> {
        if let Some(id) = self.known.get(&std::ptr::from_ref(schema)) {
            return Ok(*id);
        }
        if self.nodes.len() >= MAX_NODES || depth > MAX_DEPTH {
            let message =
                format!("the schema has more than {MAX_NODES} parts, or they lie more than {MAX_DEPTH} deep");
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        let id = self.nodes.len();
        self.nodes.push(Node::Always(true));
        self.known.insert(std::ptr::from_ref(schema), id);
        self.nodes[id] = match schema {
            Value::Bool(always) => Node::Always(*always),
            Value::Object(keywords) => Node::Rules(Box::new(self.rules(keywords, place, depth)?)),
            _ => return Err(malformed(place, "a schema is an object, true or false")),
        };
        Ok(id)
    }

    fn rules(&mut self, keywords: &'a Map<String, Value>, place: &str, depth: usize) -> Result<Rules> {
        let mut rules = Rules::default();
        for (keyword, value) in keywords {
            let at = format!("{place}/{keyword}");
            let one = |this: &mut Self, value: &'a Value| this.node(value, &at, depth + 1);
            match keyword.as_str() {
                "type" => rules.types = Some(types(value, &at)?),
                "enum" => rules.allowed = Some(list(value, &at)?.clone()),
                "const" => rules.allowed = Some(vec![value.clone()]),
                "properties" => {
                    for (name, schema) in object(value, &at)? {
                        rules.properties.insert(name.clone(), one(self, schema)?);
                    }
                }
                "patternProperties" => {
                    for (pattern, schema) in object(value, &at)? {
                        rules.patterns.push((regex(pattern, &at)?, one(self, schema)?));
                    }
                }
                "additionalProperties" => rules.additional = Some(one(self, value)?),
                "propertyNames" => rules.names = Some(one(self, value)?),
                "required" => rules.required = words(value, &at)?,
                "dependentRequired" => {
                    for (name, needed) in object(value, &at)? {
                        rules.dependent.push((name.clone(), words(needed, &at)?));
                    }
                }
                "items" => rules.items = Some(one(self, value)?),
                "prefixItems" => rules.prefix = self.several(value, &at, depth)?,
                "contains" => rules.contains = Some(one(self, value)?),
                "uniqueItems" => {
                    rules.unique = value.as_bool().ok_or_else(|| malformed(&at, "it is true or false"))?
                }
                "pattern" => {
                    let pattern = value.as_str().ok_or_else(|| malformed(&at, "a pattern is text"))?;
                    rules.pattern = Some(regex(pattern, &at)?);
                }
                "allOf" => rules.all_of.extend(self.several(value, &at, depth)?),
                "anyOf" => rules.any_of = Some(self.several(value, &at, depth)?),
                "oneOf" => rules.one_of = Some(self.several(value, &at, depth)?),
                "not" => rules.not = Some(one(self, value)?),
                "if" => {
                    let branch = |keyword: &str| keywords.get(keyword);
                    let condition = one(self, value)?;
                    let then = branch("then").map(|schema| one(self, schema)).transpose()?;
                    let otherwise = branch("else").map(|schema| one(self, schema)).transpose()?;
                    rules.condition = Some((condition, then, otherwise));
                }
                "then" | "else" => {}
                "$ref" => {
                    let target = self.target(value, &at)?;
                    rules.all_of.push(one(self, target)?);
                }
                other => {
                    if !bound(other, value, &at, &mut rules)? && !ANNOTATIONS.contains(&other) {
                        return Err(unsupported(other, &at));
                    }
                }
            }
        }
        Ok(rules)
    }

    fn several(&mut self, value: &'a Value, place: &str, depth: usize) -> Result<Vec<Id>> {
        let schemas = list(value, place)?;
        if schemas.is_empty() {
            return Err(malformed(place, "it has at least one schema"));
        }
        schemas.iter().map(|schema| self.node(schema, place, depth + 1)).collect()
    }

    fn target(&self, value: &Value, place: &str) -> Result<&'a Value> {
        let pointer = value.as_str().and_then(|reference| reference.strip_prefix('#'));
        let pointer = pointer
            .ok_or_else(|| malformed(place, "a reference stays within the document: `#/$defs/Name`"))?;
        self.root.pointer(pointer).ok_or_else(|| malformed(place, "the reference leads nowhere"))
    }
}

/// Reads a bound of lengths, counts or numbers; false where the keyword is none.
fn bound(keyword: &str, value: &Value, place: &str, rules: &mut Rules) -> Result<bool> {
    let count = match keyword {
        "minLength" => Some(Count::MinLength),
        "maxLength" => Some(Count::MaxLength),
        "minItems" => Some(Count::MinItems),
        "maxItems" => Some(Count::MaxItems),
        "minProperties" => Some(Count::MinProperties),
        "maxProperties" => Some(Count::MaxProperties),
        _ => None,
    };
    if let Some(count) = count {
        let whole = value.as_u64().or_else(|| {
            let float =
                value.as_f64().filter(|float| float.fract() == 0.0 && (0.0..=9e15).contains(float))?;
            Some(float as u64)
        });
        rules.counts.push((count, whole.ok_or_else(|| malformed(place, "it is a whole number, 0 or more"))?));
        return Ok(true);
    }
    let number = match keyword {
        "minimum" => Number::Minimum,
        "maximum" => Number::Maximum,
        "exclusiveMinimum" => Number::ExclusiveMinimum,
        "exclusiveMaximum" => Number::ExclusiveMaximum,
        "multipleOf" => Number::MultipleOf,
        _ => return Ok(false),
    };
    let Value::Number(given) = value else { return Err(malformed(place, "it is a number")) };
    if number == Number::MultipleOf && given.as_f64().is_none_or(|step| step <= 0.0) {
        return Err(malformed(place, "it is above 0"));
    }
    rules.numbers.push((number, given.clone()));
    Ok(true)
}

fn types(value: &Value, place: &str) -> Result<Vec<String>> {
    const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "integer", "string"];
    let names = match value {
        Value::String(name) => vec![name.clone()],
        other => words(other, place)?,
    };
    match names.iter().find(|name| !TYPES.contains(&name.as_str())) {
        None => Ok(names),
        Some(wrong) => {
            let hint = did_you_mean(wrong, TYPES);
            Err(malformed(place, &format!("`{}` is not a type{hint}", wrong.escape_debug())))
        }
    }
}

fn words(value: &Value, place: &str) -> Result<Vec<String>> {
    let texts = list(value, place)?.iter().map(|item| item.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or_else(|| malformed(place, "it is a list of texts"))
}

fn list<'a>(value: &'a Value, place: &str) -> Result<&'a Vec<Value>> {
    value.as_array().ok_or_else(|| malformed(place, "it is a list"))
}

fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| malformed(place, "it is an object"))
}

/// The patterns of JSON Schema are those of ECMAScript; what this engine lacks of them (look-around, back-references) is refused.
fn regex(pattern: &str, place: &str) -> Result<Regex> {
    regex::RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).build().map_err(|_| {
        let message = format!(
            "the pattern at `{place}` is malformed, too large, or needs look-around or back-references"
        );
        Error::new(ErrorKind::Unsupported, message)
    })
}

fn malformed(place: &str, what: &str) -> Error {
    Error::invalid(format!("the schema is malformed at `{}`: {what}", crate::suggest::shortened(place, 120)))
}

fn unsupported(keyword: &str, place: &str) -> Error {
    const HINTS: [&str; 12] = [
        "type",
        "enum",
        "const",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "prefixItems",
        "anyOf",
        "oneOf",
        "allOf",
        "pattern",
    ];
    let hint = did_you_mean(keyword, HINTS);
    let place = crate::suggest::shortened(place, 120);
    Error::new(
        ErrorKind::Unsupported,
        format!("the keyword at `{place}` of the schema is not known here{hint}"),
    )
}

/// See [`Schema::is_strict`](super::Schema::is_strict).
pub(super) fn is_strict(schema: &Value, depth: usize) -> bool {
    const LACKING: [&str; 12] = [
        "allOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "patternProperties",
        "propertyNames",
        "prefixItems",
        "contains",
        "uniqueItems",
    ];
    let Some(keywords) = schema.as_object() else { return false };
    if depth > MAX_DEPTH || (depth == 0 && keywords.get("type").and_then(Value::as_str) != Some("object")) {
        return false;
    }
    if LACKING.iter().any(|keyword| keywords.contains_key(*keyword)) {
        return false;
    }
    let properties = keywords.get("properties").and_then(Value::as_object);
    let is_object = keywords.get("type").is_some_and(|kind| {
        kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
    });
    if is_object || properties.is_some() {
        let required = keywords.get("required").and_then(Value::as_array);
        let needs = |name: &String| required.is_some_and(|required| required.iter().any(|item| item == name));
        let closed = keywords.get("additionalProperties") == Some(&Value::Bool(false));
        if !closed || !properties.is_some_and(|properties| properties.keys().all(needs)) {
            return false;
        }
    }
    let inner = properties.into_iter().flat_map(Map::values);
    let definitions = ["$defs", "definitions"]
        .into_iter()
        .filter_map(|name| keywords.get(name)?.as_object())
        .flat_map(Map::values);
    let alternatives = keywords.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    inner
        .chain(definitions)
        .chain(alternatives)
        .chain(keywords.get("items"))
        .all(|schema| is_strict(schema, depth + 1))
}
