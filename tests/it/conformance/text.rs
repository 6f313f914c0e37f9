//! What stands in braces: remembered values, and values that would be too long for a file.

use std::collections::BTreeMap;

use serde_json::Value;

/// Remembered values by name; `folder` is there from the beginning.
pub(super) type Names = BTreeMap<String, Value>;

/// The value with everything in braces written out. What is no known name stays.
pub(super) fn filled(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => whole(text, names).unwrap_or_else(|| Value::String(within(text, names))),
        Value::Array(items) => items.iter().map(|item| filled(item, names)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), filled(value, names))).collect())
        }
        other => other.clone(),
    }
}

/// The text with remembered values in place of their names.
pub(super) fn within(text: &str, names: &Names) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.replace(&format!("{{{name}}}"), &value)
    })
}

/// What stands between the braces, where they are the first and the last character.
pub(super) fn braced(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

/// A value that takes the place of the whole string, and keeps its type.
fn whole(text: &str, names: &Names) -> Option<Value> {
    let inner = braced(text)?;
    if let Some(value) = names.get(inner) {
        return Some(value.clone());
    }
    if let Some(rest) = inner.strip_prefix("repeat:") {
        let (text, count) = rest.rsplit_once(':')?;
        return Some(text.repeat(count.parse().ok()?).into());
    }
    let depth: usize = inner.strip_prefix("nested:")?.parse().ok()?;
    Some((1..depth).fold(Value::Array(Vec::new()), |list, _| Value::Array(vec![list])))
}
