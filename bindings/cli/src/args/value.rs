//! One argument's text → JSON, as its shape demands.

use serde_json::{Map, Number, Value};

use crate::{request::source, schema::Shape};

/// The JSON value that `text` stands for; an error says what would have been right.
pub(super) fn parse(shape: &Shape, text: &str) -> Result<Value, String> {
    let expected = || format!("expected {}", shape.expected());
    match shape {
        Shape::Text { .. } => Ok(Value::String(text.to_owned())),
        Shape::Integer { least, most } => match text.parse::<i128>() {
            Ok(whole) if (least..=most).contains(&&whole) => {
                Number::from_i128(whole).map(Value::Number).ok_or_else(expected)
            }
            _ => Err(expected()),
        },
        Shape::Number { least, most } => match text.parse::<f64>() {
            Ok(number) if (least..=most).contains(&&number) => {
                Number::from_f64(number).map(Value::Number).ok_or_else(expected)
            }
            _ => Err(expected()),
        },
        Shape::Switch => match text {
            "true" | "yes" | "on" | "1" => Ok(Value::Bool(true)),
            "false" | "no" | "off" | "0" => Ok(Value::Bool(false)),
            _ => Err(expected()),
        },
        Shape::Choice(choices) if choices.iter().any(|choice| choice.value == text) => {
            Ok(Value::String(text.to_owned()))
        }
        Shape::Choice(_) => Err(expected()),
        Shape::Map(value) => {
            let (key, text) = text.split_once('=').ok_or("expected KEY=VALUE")?;
            Ok(Value::Object(Map::from_iter([(key.to_owned(), parse(value, text)?)])))
        }
        Shape::List(_) | Shape::Object(_) => json(text).map_err(|error| format!("expected JSON: {error}")),
        Shape::Null | Shape::Any => any(text),
    }
}

/// JSON where the text is JSON, else the text itself. Text that sets out to be JSON has to get there.
fn any(text: &str) -> Result<Value, String> {
    let sets_out = text.trim_start().starts_with(['{', '[', '"', '@']);
    match json(text) {
        Ok(value) => Ok(value),
        Err(error) if sets_out => Err(format!("expected JSON: {error}")),
        Err(_) => Ok(Value::String(text.to_owned())),
    }
}

/// JSON text, or `@FILE` with JSON in it.
fn json(text: &str) -> Result<Value, String> {
    source::read(text).map_err(|error| error.to_string())
}
