//! `tojson` as Python's `json.dumps(…, ensure_ascii=False)` writes: what the templates were made with, and so what the models have seen.

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Kwargs, ValueKind},
};

use super::paid;

/// JSON as templates see it.
pub(super) fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(bool) => (*bool).into(),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(whole)) => whole.into(),
            (None, None) => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(items) => items.iter().map(value).collect::<Vec<Value>>().into(),
        serde_json::Value::Object(fields) => {
            Value::from_pairs(fields.iter().map(|(name, field)| (name.as_str(), value(field))))
        }
    }
}

/// How deep values may lie in each other.
const DEPTH: usize = 128;

pub(super) fn tojson(state: &State<'_, '_>, value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    // Python has these as well; what they choose is what is done here anyhow, or nobody relies on.
    let _: Option<bool> = options.get("ensure_ascii")?;
    let _: Option<bool> = options.get("sort_keys")?;
    let separators: Option<Vec<Value>> = options.get("separators")?;
    options.assert_all_used()?;
    let separators = separators.iter().flatten().map(|separator| separator.as_str().map(str::to_owned));
    let (item, key) = match separators.collect::<Option<Vec<String>>>().as_deref() {
        Some([item, key]) => (item.clone(), key.clone()),
        _ => (if indent.is_some() { ",".into() } else { ", ".into() }, ": ".into()),
    };
    let mut writer = Writer { out: String::new(), indent, item, key, state };
    writer.value(value, 0)?;
    Ok(Value::from(writer.out))
}

struct Writer<'a, 'b, 'c> {
    out: String,
    indent: Option<usize>,
    item: String,
    key: String,
    state: &'a State<'b, 'c>,
}

impl Writer<'_, '_, '_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > DEPTH {
            return Err(Error::new(ErrorKind::InvalidOperation, "a value is too deep for JSON"));
        }
        self.state.consume_fuel(1)?;
        match value.kind() {
            ValueKind::Undefined | ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self.out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.out.push_str(&value.to_string()),
            ValueKind::Map => self.group(value, depth, ['{', '}'], true)?,
            ValueKind::Seq | ValueKind::Iterable => self.group(value, depth, ['[', ']'], false)?,
            _ => {
                let text = value.to_string();
                self.state.consume_fuel(text.len() as u64 / 64)?;
                self.out.push_str(&serde_json::Value::String(text).to_string());
            }
        }
        Ok(())
    }

    fn group(&mut self, value: &Value, depth: usize, brackets: [char; 2], map: bool) -> Result<(), Error> {
        self.out.push(brackets[0]);
        let mut empty = true;
        for item in value.try_iter()? {
            let between = self.item.len() + self.key.len() + self.indent(depth + 1);
            self.state.consume_fuel(between as u64 / 64)?;
            if !empty {
                self.out.push_str(&self.item);
            }
            empty = false;
            self.line(depth + 1);
            if map {
                paid::pay(self.state, &item)?;
                self.out.push_str(&serde_json::Value::String(item.to_string()).to_string());
                self.out.push_str(&self.key);
                self.value(&value.get_item(&item)?, depth + 1)?;
            } else {
                self.value(&item, depth + 1)?;
            }
        }
        if !empty {
            self.line(depth);
        }
        self.out.push(brackets[1]);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if self.indent.is_some() {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', self.indent(depth)));
        }
    }

    /// How many spaces stand before a line.
    fn indent(&self, depth: usize) -> usize {
        self.indent.map_or(0, |indent| indent.min(16) * depth)
    }
}
