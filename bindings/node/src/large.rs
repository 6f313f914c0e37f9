//! Integers that a JavaScript number would round: they cross as text, and beside the value goes where they are.

use serde_json::{Map, Number, Value};

/// `Number.MAX_SAFE_INTEGER`.
const SAFE: u64 = (1 << 53) - 1;

fn is_large(number: &Number) -> bool {
    number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs)).is_some_and(|size| size > SAFE)
}

/// Whether there is such an integer in `value`.
fn holds(value: &Value) -> bool {
    match value {
        Value::Number(number) => is_large(number),
        Value::Array(items) => items.iter().any(holds),
        Value::Object(fields) => fields.values().any(holds),
        _ => false,
    }
}

/// Makes texts of such integers in `value`. What is given back has the shape of `value`, of which only what leads to one is there, and `true` in its
/// place: `{"id": true}`, of a list `{"3": true}`. `None` where there is none, as nearly always.
pub(crate) fn mark(value: &mut Value) -> Option<Value> {
    if holds(value) { replace(value) } else { None }
}

fn replace(value: &mut Value) -> Option<Value> {
    let marks: Map<String, Value> = match value {
        Value::Number(number) if is_large(number) => {
            *value = Value::String(number.to_string());
            return Some(Value::Bool(true));
        }
        Value::Array(items) => {
            let marks = items.iter_mut().enumerate();
            marks.filter_map(|(place, item)| Some((place.to_string(), replace(item)?))).collect()
        }
        Value::Object(fields) => {
            fields.iter_mut().filter_map(|(name, field)| Some((name.clone(), replace(field)?))).collect()
        }
        _ => return None,
    };
    (!marks.is_empty()).then_some(Value::Object(marks))
}
