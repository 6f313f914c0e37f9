//! The methods of Python's strings, maps and lists that templates call. What they cost is counted before they are carried out.

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{ValueKind, from_args},
};

use super::paid::pay;

/// What `value.method(arguments)` is.
pub(super) fn method(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::String => {
            let text = value.as_str().ok_or_else(unknown)?;
            state.consume_fuel(1 + text.len() as u64 / 64)?;
            string(state, text, method, arguments)
        }
        ValueKind::Map => map(value, method, arguments),
        ValueKind::Seq => list(state, value, method, arguments),
        _ => Err(unknown()),
    }
}

fn unknown() -> Error {
    Error::from(ErrorKind::UnknownMethod)
}

fn string(state: &State<'_, '_>, text: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let none = || from_args::<()>(arguments);
    Ok(match method {
        "strip" => stripped(text, arguments, true, true)?,
        "lstrip" => stripped(text, arguments, true, false)?,
        "rstrip" => stripped(text, arguments, false, true)?,
        "upper" => none().map(|()| text.to_uppercase().into())?,
        "lower" => none().map(|()| text.to_lowercase().into())?,
        "capitalize" => none().map(|()| capitalized(text).into())?,
        "title" => none().map(|()| titled(text).into())?,
        "isspace" => none().map(|()| all(text, char::is_whitespace))?,
        "isdigit" | "isnumeric" => none().map(|()| all(text, char::is_numeric))?,
        "isalpha" => none().map(|()| all(text, char::is_alphabetic))?,
        "isalnum" => none().map(|()| all(text, char::is_alphanumeric))?,
        "isupper" => none().map(|()| cased(text, char::is_uppercase, char::is_lowercase))?,
        "islower" => none().map(|()| cased(text, char::is_lowercase, char::is_uppercase))?,
        "startswith" => affix(arguments, |part| text.starts_with(part))?,
        "endswith" => affix(arguments, |part| text.ends_with(part))?,
        "removeprefix" => {
            from_args::<(&str,)>(arguments).map(|(p,)| text.strip_prefix(p).unwrap_or(text).into())?
        }
        "removesuffix" => {
            from_args::<(&str,)>(arguments).map(|(p,)| text.strip_suffix(p).unwrap_or(text).into())?
        }
        "find" => from_args::<(&str,)>(arguments).map(|(part,)| place(text, text.find(part)))?,
        "rfind" => from_args::<(&str,)>(arguments).map(|(part,)| place(text, text.rfind(part)))?,
        "count" => from_args::<(&str,)>(arguments).map(|(part,)| text.matches(part).count().into())?,
        "replace" => replaced(state, text, arguments)?,
        "join" => joined(state, text, arguments)?,
        "split" => split(state, text, arguments, false)?,
        "rsplit" => split(state, text, arguments, true)?,
        "splitlines" => none().map(|()| text.lines().map(Value::from).collect())?,
        _ => return Err(unknown()),
    })
}

fn all(text: &str, is: fn(char) -> bool) -> Value {
    (!text.is_empty() && text.chars().all(is)).into()
}

fn cased(text: &str, some: fn(char) -> bool, none: fn(char) -> bool) -> Value {
    (text.chars().any(some) && !text.chars().any(none)).into()
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    first + &characters.as_str().to_lowercase()
}

fn titled(text: &str) -> String {
    let mut inside = false;
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        if inside {
            result.extend(c.to_lowercase())
        } else {
            result.extend(c.to_uppercase())
        }
        inside = c.is_alphabetic();
    }
    result
}

fn stripped(text: &str, arguments: &[Value], left: bool, right: bool) -> Result<Value, Error> {
    let (set,): (Option<&str>,) = from_args(arguments)?;
    let is = |c: char| set.map_or(c.is_whitespace(), |set| set.contains(c));
    let text = if left { text.trim_start_matches(is) } else { text };
    Ok(if right { text.trim_end_matches(is) } else { text }.into())
}

/// One text, or a list of which any will do.
fn affix(arguments: &[Value], fits: impl Fn(&str) -> bool) -> Result<Value, Error> {
    let (parts,): (&Value,) = from_args(arguments)?;
    if let Some(part) = parts.as_str() {
        return Ok(fits(part).into());
    }
    for part in parts.try_iter()? {
        if part.as_str().is_some_and(&fits) {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

/// A place in characters, as Python counts.
fn place(text: &str, at: Option<usize>) -> Value {
    at.map_or(-1, |at| i64::try_from(text[..at].chars().count()).unwrap_or(i64::MAX)).into()
}

pub(super) fn replaced(state: &State<'_, '_>, text: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (old, new, most): (&str, &str, Option<i64>) = from_args(arguments)?;
    let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    let times = text.matches(old).count().min(most);
    state.consume_fuel((text.len() + times.saturating_mul(new.len())) as u64 / 64)?;
    Ok(text.replacen(old, new, most).into())
}

fn joined(state: &State<'_, '_>, text: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (values,): (&Value,) = from_args(arguments)?;
    let mut result = String::new();
    for (index, value) in values.try_iter()?.enumerate() {
        if index > 0 {
            result.push_str(text);
        }
        pay(state, &value)?;
        state.consume_fuel(text.len() as u64 / 64)?;
        result.push_str(&value.to_string());
    }
    Ok(result.into())
}

fn split(state: &State<'_, '_>, text: &str, arguments: &[Value], from_right: bool) -> Result<Value, Error> {
    let (separator, most): (Option<&str>, Option<i64>) = from_args(arguments)?;
    let most =
        most.and_then(|most| usize::try_from(most).ok()).map_or(usize::MAX, |most| most.saturating_add(1));
    if separator == Some("") {
        return Err(Error::new(ErrorKind::InvalidOperation, "empty separator"));
    }
    // A list holds more than its texts.
    let pieces = separator
        .map_or_else(|| text.split_whitespace().count(), |separator| text.matches(separator).count() + 1);
    state.consume_fuel(pieces as u64)?;
    Ok(match separator {
        None if most == usize::MAX => text.split_whitespace().map(Value::from).collect(),
        None => text
            .trim()
            .splitn(most, char::is_whitespace)
            .map(|piece| Value::from(piece.trim_start()))
            .collect(),
        Some(separator) if from_right => {
            let mut pieces: Vec<Value> = text.rsplitn(most, separator).map(Value::from).collect();
            pieces.reverse();
            pieces.into()
        }
        Some(separator) => text.splitn(most, separator).map(Value::from).collect(),
    })
}

fn map(value: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    match method {
        "get" => {
            let (key, default): (&Value, Option<Value>) = from_args(arguments)?;
            let found = value.get_item(key)?;
            Ok(if found.is_undefined() { default.unwrap_or_else(|| Value::from(())) } else { found })
        }
        "keys" => from_args::<()>(arguments).and_then(|()| Ok(value.try_iter()?.collect())),
        "values" => {
            from_args::<()>(arguments)?;
            let values: Result<Vec<Value>, Error> =
                value.try_iter()?.map(|key| value.get_item(&key)).collect();
            values.map(Value::from)
        }
        "items" => {
            from_args::<()>(arguments)?;
            let pair = |key: Value| Ok(Value::from(vec![key.clone(), value.get_item(&key)?]));
            let pairs: Result<Vec<Value>, Error> = value.try_iter()?.map(pair).collect();
            pairs.map(Value::from)
        }
        _ => Err(unknown()),
    }
}

fn list(state: &State<'_, '_>, value: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (wanted,): (&Value,) = from_args(arguments)?;
    let is = |item: Value| -> Result<bool, Error> {
        pay(state, &item)?;
        Ok(item == *wanted)
    };
    let found = value.try_iter()?.map(is);
    match method {
        "count" => {
            let mut count = 0_usize;
            for is in found {
                count += usize::from(is?);
            }
            Ok(count.into())
        }
        "index" => {
            for (at, is) in found.enumerate() {
                if is? {
                    return Ok(at.into());
                }
            }
            Err(Error::new(ErrorKind::InvalidOperation, "the value is not in the list"))
        }
        _ => Err(unknown()),
    }
}
