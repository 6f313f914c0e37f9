//! Request schema → flags.
//!
//! | property | on the command line |
//! |---|---|
//! | the first required text, or whatever is marked `x-cli-positional` | positional: `<PATH>` |
//! | text, number, choice | `--name VALUE` |
//! | boolean | `--name`, or `--no-name` where the default is true; `--name=true` where it may also be unset |
//! | list | `--name` once for each value; choices also `--name a,b` |
//! | map | `--name KEY=VALUE` once for each entry |
//! | object | `--name.property VALUE` one level deep, and `--name JSON` for the whole |
//! | anything else | `--name JSON` |
//!
//! A property called like a flag that every command has (`--db`, …) becomes `--request.NAME`. `format` belongs to the flag of that name.

mod build;
mod names;
#[cfg(test)]
mod tests;
mod value;

use clap::Arg;

use self::names::Names;
pub(crate) use self::names::kebab;
use crate::schema::{Property, Shape};

/// One property of the request as it is asked for on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    /// Where its value goes in the request: one name, or two where it belongs to a nested object.
    pub(crate) path: Vec<String>,
    /// The property.
    pub(crate) property: Property,
    /// The long flag, without dashes.
    pub(crate) long: String,
    /// The long flag that says no, without dashes, where there is one.
    pub(crate) negation: Option<String>,
    /// Whether it is positional; it can be given as `--long` all the same.
    pub(crate) positional: bool,
}

impl Flag {
    /// clap's id of the value.
    pub(crate) fn id(&self) -> String {
        format!("request.{}", self.path.join("."))
    }

    /// clap's id of what sets the same property another way: the negation, or the flag of a positional.
    pub(crate) fn other_id(&self) -> String {
        format!("other.{}", self.path.join("."))
    }

    /// Whether it can be given more than once.
    pub(crate) fn takes_many(&self) -> bool {
        matches!(self.property.shape, Shape::List(_) | Shape::Map(_))
    }

    /// What stands for its value in the help.
    pub(crate) fn value_name(&self) -> String {
        build::value_name(self, &self.property.shape)
    }

    /// The arguments that clap is to accept. What the request needs is required, unless `json` may hold it.
    pub(crate) fn args(&self, json: bool) -> Vec<Arg> {
        build::args(self, json)
    }
}

/// The flags of a request, positional ones first among themselves, else in the order of the schema.
pub(crate) fn flags(properties: &[Property]) -> Vec<Flag> {
    let marked = properties.iter().any(|property| property.positional);
    let first = properties.iter().position(|property| property.required && is_text(&property.shape));
    let mut names = Names::default();
    let mut flags = Vec::new();
    for (index, property) in properties.iter().enumerate() {
        if is_format(property) {
            continue;
        }
        let positional = if marked { property.positional } else { first == Some(index) };
        flags.push(names.flag(vec![property.name.clone()], property, positional));
        let Shape::Object(nested) = &property.shape else { continue };
        for inner in nested {
            flags.push(names.flag(vec![property.name.clone(), inner.name.clone()], inner, false));
        }
    }
    // Only the last one can take all that follow.
    let last = flags.iter().rposition(|flag| flag.positional);
    for (index, flag) in flags.iter_mut().enumerate() {
        flag.positional &= Some(index) == last || !flag.takes_many();
    }
    flags
}

/// The renderings that the operation itself offers: the values of a property `format`, if it has one.
pub(crate) fn formats(properties: &[Property]) -> Vec<&str> {
    match properties.iter().find(|property| is_format(property)).map(|property| &property.shape) {
        Some(Shape::Choice(choices)) => choices.iter().map(|choice| choice.value.as_str()).collect(),
        _ => Vec::new(),
    }
}

fn is_format(property: &Property) -> bool {
    property.name == "format" && matches!(property.shape, Shape::Choice(_))
}

fn is_text(shape: &Shape) -> bool {
    matches!(shape, Shape::Text { .. })
}
