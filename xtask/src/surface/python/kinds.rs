//! What a type is called in Python: to the native module, in what is given, and in what is taken.

use serde_json::Value;

use crate::surface::{Definition, Field, Shape, Surface, Type};

/// As the native module reads it.
pub(super) fn native(surface: &Surface, kind: &Type) -> String {
    match surface.resolve(kind) {
        Type::Any | Type::Either(_) | Type::Table => "any".into(),
        Type::Text | Type::Constant(_) => "str".into(),
        Type::Integer(..) => "int".into(),
        Type::Number => "float".into(),
        Type::Boolean => "bool".into(),
        Type::Time => "time".into(),
        Type::List(kind) => format!("[{}]", native(surface, kind)),
        Type::Map(kind) => format!("{{{}}}", native(surface, kind)),
        Type::Optional(kind) => native(surface, kind) + "?",
        Type::Named(name) => match surface.definition(name).map(|definition| &definition.shape) {
            Some(Shape::Choice(_)) => "str".into(),
            _ => name.clone(),
        },
    }
}

/// As what an operation gives.
pub(super) fn given(surface: &Surface, kind: &Type) -> String {
    match surface.resolve(kind) {
        Type::Any => "Json".into(),
        Type::Either(kinds) => union(kinds.iter().map(|kind| given(surface, kind))),
        Type::Table => "Table".into(),
        Type::Text => "str".into(),
        Type::Constant(text) => format!("Literal[{}]", quoted(text)),
        Type::Integer(..) => "int".into(),
        Type::Number => "float".into(),
        Type::Boolean => "bool".into(),
        Type::Time => "datetime".into(),
        Type::List(kind) => format!("Rows[{}]", given(surface, kind)),
        Type::Map(kind) => format!("Mapping[str, {}]", given(surface, kind)),
        Type::Optional(kind) => given(surface, kind) + " | None",
        Type::Named(name) => name.clone(),
    }
}

/// As what an operation takes.
pub(super) fn taken(surface: &Surface, kind: &Type) -> String {
    match surface.resolve(kind) {
        Type::Any => "object".into(),
        Type::Either(kinds) => union(kinds.iter().map(|kind| taken(surface, kind))),
        Type::Time => "datetime | str".into(),
        Type::List(kind) => format!("Iterable[{}]", taken(surface, kind)),
        Type::Map(kind) => format!("Mapping[str, {}]", taken(surface, kind)),
        Type::Optional(kind) => taken(surface, kind) + " | None",
        Type::Named(name) => match surface.definition(name) {
            Some(Definition { shape: Shape::Record(_) | Shape::Union(_), .. }) => {
                format!("{name} | Mapping[str, object]")
            }
            _ => name.clone(),
        },
        kind => given(surface, kind),
    }
}

/// What a field takes. A path is also what says that it is one.
pub(super) fn taken_by(surface: &Surface, field: &Field) -> String {
    match &field.kind {
        Type::Text if field.name == "path" => "str | PathLike[str]".into(),
        kind => taken(surface, kind),
    }
}

fn union(kinds: impl Iterator<Item = String>) -> String {
    kinds.collect::<Vec<_>>().join(" | ")
}

/// A text as Python writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A value as Python writes it, never to be changed.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) if items.is_empty() => "()".into(),
        Value::Array(items) => format!("({},)", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{}: {}", quoted(name), literal(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}
