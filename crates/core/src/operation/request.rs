//! From JSON to a request, with errors that say which field is wrong and what would be right.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    Spec,
    reading::{self, Outcome, Step},
    schema,
};
use crate::{
    error::{Error, Result},
    suggest::{did_you_mean, json_kind, shortened},
};

/// The request of an operation that needs none: `{}`, or nothing at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// What errors quote at most, in characters.
const LONGEST_NAME: usize = 60;
const LONGEST_PATH: usize = 120;

/// Reads the request of `spec`. `null` stands for `{}`. A field that the request does not have is refused, at any depth, whatever the
/// type says about unknown fields: a misspelt option must not be silently without effect.
pub(super) fn read<R: DeserializeOwned>(spec: &Spec, request: Value) -> Result<R> {
    let request = match request {
        Value::Null => Value::Object(Map::new()),
        Value::Object(fields) => Value::Object(fields),
        other => {
            return Err(Error::invalid(format!(
                "the request is an object of named fields, not {}",
                json_kind(&other)
            )));
        }
    };
    match reading::read(request) {
        Outcome { read: Ok(request), unknown: None } => Ok(request),
        Outcome { read: Ok(_), unknown: Some(path) } => Err(unknown_field(spec, &path)),
        Outcome { read: Err((error, path)), .. } => Err(malformed(&display(&path), &error.to_string())),
    }
}

fn malformed(path: &str, message: &str) -> Error {
    let (hint, message) = (hint(message), shortened(message, 400));
    let path = &*shortened(path, LONGEST_PATH);
    match path {
        "" => Error::invalid(format!("the request does not fit: {message}{hint}")),
        path => Error::invalid(format!("the request does not fit at `{path}`: {message}{hint}"))
            .with("field", path),
    }
}

/// Serde's "unknown field `a`, expected one of `b`, `c`" and "unknown variant …" name the candidates themselves.
fn hint(message: &str) -> String {
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return String::new();
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    quoted.next().map(|word| did_you_mean(word, quoted)).unwrap_or_default()
}

fn unknown_field(spec: &Spec, path: &[Step]) -> Error {
    let root = Value::from((spec.request)());
    let (name, parents) = match path.split_last() {
        Some((Step::Field(name), parents)) => (name.as_str(), parents),
        _ => ("", path),
    };
    let known = fields_at(&root, parents);
    let (name, place) = (&*shortened(name, LONGEST_NAME), display(parents));
    let owner = if place.is_empty() { "the request".to_owned() } else { format!("`{place}`") };
    let mut message =
        format!("`{name}` is not a field of {owner}{}", did_you_mean(name, known.iter().copied()));
    if known.is_empty() && place.is_empty() {
        message.push_str("; it has none");
    } else if !known.is_empty() {
        let separator = if message.ends_with('?') { " " } else { "; " };
        let _ = write!(message, "{separator}it has {}", known.join(", "));
    }
    Error::invalid(message).with("field", display(path))
}

/// The names of the fields that the schema allows at `path`.
fn fields_at<'a>(root: &'a Value, path: &[Step]) -> Vec<&'a str> {
    let mut node = root;
    for step in path {
        let next = match step {
            Step::Field(name) => {
                schema::properties(root, node).into_iter().find(|(known, _)| known == name).map(|(_, s)| s)
            }
            Step::Index(_) => schema::resolve(root, node).get("items"),
        };
        match next {
            Some(next) => node = next,
            None => return Vec::new(),
        }
    }
    schema::properties(root, node).into_iter().map(|(name, _)| name).collect()
}

fn display(path: &[Step]) -> String {
    let text = path.iter().fold(String::new(), |mut text, step| {
        let _ = match step {
            Step::Index(index) => write!(text, "[{index}]"),
            Step::Field(name) if text.is_empty() => write!(text, "{name}"),
            Step::Field(name) => write!(text, ".{name}"),
        };
        text
    });
    shortened(&text, LONGEST_PATH)
}
