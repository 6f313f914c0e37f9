//! Whether a value is the one that is wanted, and else where it is not.

use heptad::core::clock::Timestamp;
use serde_json::{Number, Value};

use super::text::{Names, braced};

/// How much of a value a difference shows, in characters.
const SHOWN: usize = 200;

/// Compares deeply; values that are to be saved are added to `names`. Empty where nothing differs, else a line for each difference.
pub(super) fn between(place: &str, wanted: &Value, found: &Value, names: &mut Names) -> Vec<String> {
    if let Value::String(text) = wanted
        && let Some(fits) = placeholder(text, found, names)
    {
        return if fits { Vec::new() } else { vec![differs(place, wanted, found)] };
    }
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let missing = wanted.keys().filter(|name| !found.contains_key(*name));
            let mut lines: Vec<_> = missing.map(|name| format!("{place}.{name} is missing")).collect();
            for (name, found) in found {
                let place = format!("{place}.{name}");
                match wanted.get(name) {
                    Some(wanted) => lines.extend(between(&place, wanted, found, names)),
                    None => lines.push(format!("{place} is too much: {}", shown(found))),
                }
            }
            lines
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let pairs = wanted.iter().zip(found).enumerate();
            pairs
                .flat_map(|(at, (wanted, found))| between(&format!("{place}[{at}]"), wanted, found, names))
                .collect()
        }
        (Value::Array(items), Value::Array(others)) => {
            vec![format!("{place} has {} items, not {}: {}", others.len(), items.len(), shown(found))]
        }
        (Value::Number(wanted), Value::Number(found)) if same(wanted, found) => Vec::new(),
        _ if wanted == found => Vec::new(),
        _ => vec![differs(place, wanted, found)],
    }
}

/// Whether `found` is what `text` stands for; `None` where it stands for itself.
fn placeholder(text: &str, found: &Value, names: &mut Names) -> Option<bool> {
    let inner = braced(text)?;
    if let Some(name) = inner.strip_prefix("save:") {
        names.insert(name.to_owned(), found.clone());
        return Some(true);
    }
    match inner {
        "any" => Some(true),
        "string" => Some(found.is_string()),
        "integer" => Some(found.is_i64() || found.is_u64()),
        "number" => Some(found.is_number()),
        "time" => {
            Some(found.as_str().is_some_and(|text| text.contains('T') && text.parse::<Timestamp>().is_ok()))
        }
        _ => None,
    }
}

/// Numbers are the same where their values are: `1` and `1.0` are, 2^53 and 2^53+1 are not.
fn same(wanted: &Number, found: &Number) -> bool {
    match (wanted.as_i128(), found.as_i128()) {
        (Some(wanted), Some(found)) => wanted == found,
        (Some(whole), None) => is(found, whole),
        (None, Some(whole)) => is(wanted, whole),
        (None, None) => wanted.as_f64() == found.as_f64(),
    }
}

/// Every whole number of 64 bits is below 2^64, where the conversion is exact both ways.
fn is(float: &Number, whole: i128) -> bool {
    float.as_f64().is_some_and(|float| float.fract() == 0.0 && float as i128 == whole)
}

fn differs(place: &str, wanted: &Value, found: &Value) -> String {
    format!("{place} is {}, not {}", shown(found), shown(wanted))
}

/// The value as JSON, its middle left out where it is long.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
