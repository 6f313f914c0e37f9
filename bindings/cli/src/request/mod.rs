//! What was typed → the JSON request.

pub(crate) mod source;
#[cfg(test)]
mod tests;

use clap::{ArgMatches, parser::ValueSource};
use heptad::core::{Error, Result};
use serde_json::{Map, Value};

use crate::{args::Flag, schema::Shape};

/// The request that `matches` ask for: `--json` first, the flags over it.
///
/// # Errors
/// `InvalidInput` where `--json` is not JSON, or a flag has no place in it. The rest is for the operation to say.
pub(crate) fn build(flags: &[Flag], matches: &ArgMatches) -> Result<Value> {
    let mut request = match matches.get_one::<String>("json") {
        Some(text) => source::read_argument(text)?,
        None => Value::Object(Map::new()),
    };
    for flag in flags {
        if let Some(value) = given(flag, matches) {
            set(&mut request, flag, value)?;
        }
    }
    Ok(request)
}

/// The value that was given for `flag`, if one was.
fn given(flag: &Flag, matches: &ArgMatches) -> Option<Value> {
    let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let (id, other) = (flag.id(), flag.other_id());
    if flag.negation.is_some() {
        return match (typed(&id), typed(&other)) {
            (true, _) => Some(Value::Bool(true)),
            (_, true) => Some(Value::Bool(false)),
            _ => None,
        };
    }
    let id = [id, other].into_iter().find(|id| matches.ids().any(|known| known == id) && typed(id))?;
    let mut values = matches.get_many::<Value>(&id)?.cloned();
    match &flag.property.shape {
        Shape::List(_) => Some(values.collect()),
        Shape::Map(_) => {
            let entries = values.filter_map(|entry| match entry {
                Value::Object(entry) => Some(entry),
                _ => None,
            });
            Some(Value::Object(entries.flatten().collect()))
        }
        _ => values.next(),
    }
}

/// Puts `value` where the flag's path says; a nested object is made on the way.
fn set(request: &mut Value, flag: &Flag, value: Value) -> Result<()> {
    let mut place = request;
    for name in &flag.path {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(properties) = place else {
            return Err(Error::invalid(format!(
                "`--{}` has no place in what `--json` gives: it is not an object",
                flag.long
            )));
        };
        place = properties.entry(name.clone()).or_insert(Value::Null);
    }
    *place = value;
    Ok(())
}
