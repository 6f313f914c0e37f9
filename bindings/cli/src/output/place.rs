//! Places in a text, which many results have: `3:1` and `3:1-7:27` instead of a paragraph of numbers.

use serde_json::{Map, Value};

/// `line:column` of an object that has both, or `start-end` of an object whose `start` and `end` do.
pub(super) fn place(value: &Value) -> Option<String> {
    let value = value.as_object()?;
    point(value).or_else(|| {
        let end = |name: &str| value.get(name).and_then(Value::as_object).and_then(point);
        (value.len() == 2).then(|| Some(format!("{}-{}", end("start")?, end("end")?)))?
    })
}

/// Besides line and column it may count in bytes or UTF-16, but nothing else that would be lost.
fn point(value: &Map<String, Value>) -> Option<String> {
    let known =
        value.keys().all(|key| matches!(key.as_str(), "line" | "column" | "byte" | "offset" | "utf16"));
    let number = |name: &str| value.get(name).and_then(Value::as_u64);
    known.then(|| Some(format!("{}:{}", number("line")?, number("column")?)))?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::place;

    #[test]
    fn places_are_recognised_and_nothing_else_is() {
        let (start, end) =
            (json!({ "byte": 11, "line": 3, "column": 1, "utf16": 0 }), json!({ "line": 7, "column": 27 }));
        for (value, shown) in [
            (start.clone(), Some("3:1")),
            (json!({ "start": start, "end": end }), Some("3:1-7:27")),
            (json!({ "start": start, "end": end, "text": "x" }), None),
            (json!({ "line": 3, "column": 1, "text": "x" }), None),
            (json!({ "line": 3 }), None),
            (json!({ "line": "3", "column": 1 }), None),
            (json!({ "start": 1, "end": 2 }), None),
            (json!([3, 1]), None),
        ] {
            assert_eq!(place(&value).as_deref(), shown, "{value}");
        }
    }
}
