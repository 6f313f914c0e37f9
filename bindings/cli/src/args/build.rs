//! A [`Flag`] as clap's arguments. Every value is parsed to JSON at once, so that clap reports what is wrong with it.

use std::sync::Arc;

use clap::{
    Arg, ArgAction, ValueHint,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _, ValueParser},
};
use serde_json::Value;

use super::{Flag, value};
use crate::schema::{Property, Shape};

pub(super) fn args(flag: &Flag, json: bool) -> Vec<Arg> {
    let property = &flag.property;
    match &property.shape {
        Shape::Switch => {
            if let Some(negation) = &flag.negation {
                return switch(flag, negation);
            }
            let arg = described(Arg::new(flag.id()).long(flag.long.clone()), property)
                .num_args(0..=1)
                .require_equals(true)
                .value_name("true|false")
                .hide_possible_values(true)
                .default_missing_value("true")
                .value_parser(parser(&property.shape));
            vec![arg.required(property.required && !json)]
        }
        shape => valued(flag, shape, json),
    }
}

/// `--name` and `--no-name`: the one that changes the default is shown, the other lets a flag override `--json`.
fn switch(flag: &Flag, negation: &str) -> Vec<Arg> {
    let on_by_default = flag.property.default == Some(Value::Bool(true));
    let yes = Arg::new(flag.id()).long(flag.long.clone()).hide(on_by_default);
    let no = Arg::new(flag.other_id()).long(negation.to_owned()).hide(!on_by_default);
    let mut doc = flag.property.doc.clone();
    if on_by_default {
        doc = format!("Turn off: {}", uncapitalised(&doc));
    }
    [yes.overrides_with(flag.other_id()), no.overrides_with(flag.id())]
        .map(|arg| helped(arg.action(ArgAction::SetTrue), &doc))
        .into()
}

fn valued(flag: &Flag, shape: &Shape, json: bool) -> Vec<Arg> {
    let property = &flag.property;
    let repeated = flag.takes_many();
    let shared = |arg: Arg| {
        let arg =
            arg.value_parser(parser(shape)).value_name(value_name(flag, shape)).value_hint(hint(property));
        let arg = match shape {
            Shape::Integer { .. } | Shape::Number { .. } => arg.allow_negative_numbers(true),
            Shape::List(element) if matches!(**element, Shape::Choice(_)) => arg.value_delimiter(','),
            _ => arg,
        };
        arg.action(if repeated { ArgAction::Append } else { ArgAction::Set })
    };
    if !flag.positional {
        let arg = described(shared(Arg::new(flag.id()).long(flag.long.clone())), property);
        return vec![arg.required(property.required && flag.path.len() == 1 && !json)];
    }
    let arg = described(shared(Arg::new(flag.id())), property);
    let arg = if repeated { arg.num_args(1..) } else { arg };
    // It is not missed where its flag is there, which conflicts with it.
    let arg = arg.required(property.required && !json);
    let same = shared(Arg::new(flag.other_id()).long(flag.long.clone())).hide(true).conflicts_with(flag.id());
    vec![arg, same]
}

fn described(arg: Arg, property: &Property) -> Arg {
    let default = property.default.as_ref().and_then(|default| match default {
        Value::Null => None,
        Value::Array(values) if values.is_empty() => None,
        Value::Object(_) if matches!(property.shape, Shape::Object(_)) => None,
        Value::Object(values) if values.is_empty() => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            Some(values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
        }
        other => Some(other.to_string()),
    });
    let mut doc = property.doc.clone();
    if matches!(property.shape, Shape::List(_) | Shape::Map(_)) {
        doc = with_tag(&doc, "[repeatable]");
    }
    match default {
        Some(default) if !property.required => helped(arg, &with_tag(&doc, &format!("[default: {default}]"))),
        _ => helped(arg, &doc),
    }
}

/// `tag` behind the first paragraph, where the short help has it too.
fn with_tag(doc: &str, tag: &str) -> String {
    let (first, rest) = doc.find("\n\n").map_or((doc, ""), |end| doc.split_at(end));
    let space = if first.is_empty() { "" } else { " " };
    format!("{first}{space}{tag}{rest}")
}

/// The first paragraph is the short help; all of it is the long one.
fn helped(arg: Arg, doc: &str) -> Arg {
    let short = doc.split("\n\n").next().unwrap_or_default();
    let arg = arg.help(crate::output::markdown::inline(short));
    if short.len() < doc.len() { arg.long_help(crate::output::markdown::render(doc)) } else { arg }
}

fn parser(shape: &Shape) -> ValueParser {
    let element = match shape {
        Shape::List(element) => element,
        shape => shape,
    };
    if let Shape::Choice(choices) = element {
        let values = choices.iter().map(|choice| {
            let summary = choice.doc.lines().next().unwrap_or_default().to_owned();
            let value = PossibleValue::new(choice.value.clone());
            if summary.is_empty() { value } else { value.help(crate::output::markdown::inline(&summary)) }
        });
        return PossibleValuesParser::new(values).map(Value::String).into();
    }
    let shape = Arc::new(element.clone());
    ValueParser::new(move |text: &str| value::parse(&shape, text))
}

pub(super) fn value_name(flag: &Flag, shape: &Shape) -> String {
    let name = || flag.path.last().map(|name| super::names::kebab(name).to_uppercase()).unwrap_or_default();
    match shape {
        _ if flag.positional => name(),
        Shape::Text { format: Some(format) } if format == "date-time" => "TIME".to_owned(),
        Shape::Integer { .. } | Shape::Number { .. } => "N".to_owned(),
        Shape::Map(_) => "KEY=VALUE".to_owned(),
        Shape::Object(_) | Shape::Any => "JSON".to_owned(),
        Shape::List(element) => value_name(flag, element),
        _ => name(),
    }
}

/// What a shell may complete: schemas do not tell paths from other text, names do.
fn hint(property: &Property) -> ValueHint {
    match property.name.as_str() {
        "path" | "paths" | "root" | "out" | "output" => ValueHint::AnyPath,
        name if name.ends_with("file") || name.ends_with("_path") => ValueHint::FilePath,
        name if name.ends_with("dir") || name.ends_with("folder") => ValueHint::DirPath,
        _ => ValueHint::Unknown,
    }
}

fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(std::iter::once(second)).chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
