//! What a type is called in TypeScript: in what is given, and in what is taken.

use std::collections::BTreeSet;

use serde_json::Value;

use super::types::body;
use crate::surface::{Definition, Shape, Surface, Type};

/// Who has the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// An operation gives it.
    Given,
    /// An operation takes it.
    Taken,
}

/// The API, and which types are on which side.
pub(super) struct Sides<'a> {
    pub(super) surface: &'a Surface,
    given: BTreeSet<&'a str>,
    taken: BTreeSet<&'a str>,
    /// The types that are not the same on the two sides: what is taken is called `…Input`.
    twofold: BTreeSet<&'a str>,
}

/// The largest integer whose neighbours a JavaScript number tells apart.
const SAFE: i128 = (1 << 53) - 1;

impl<'a> Sides<'a> {
    pub(super) fn of(surface: &'a Surface) -> Self {
        let mut sides =
            Self { surface, given: BTreeSet::new(), taken: BTreeSet::new(), twofold: BTreeSet::new() };
        for operation in surface.systems.iter().flat_map(|system| &system.operations) {
            reach(surface, &operation.response, &mut sides.given);
            if let Some(request) = operation.request.as_deref().and_then(|name| surface.definition(name)) {
                reach_named(surface, request, &mut sides.taken);
            }
        }
        // A type that speaks of one that is twofold is twofold too.
        loop {
            let both = surface.types.iter().filter(|definition| {
                let name = definition.name.as_str();
                sides.is(Side::Given, name) && sides.is(Side::Taken, name) && !sides.twofold.contains(name)
            });
            let differs = |definition: &&Definition| {
                body(&sides, definition, Side::Given) != body(&sides, definition, Side::Taken)
            };
            let more: Vec<&str> = both.filter(differs).map(|definition| definition.name.as_str()).collect();
            if more.is_empty() {
                return sides;
            }
            sides.twofold.extend(more);
        }
    }

    fn is(&self, side: Side, name: &str) -> bool {
        match side {
            Side::Given => self.given.contains(name),
            Side::Taken => self.taken.contains(name),
        }
    }

    /// The sides on which a type is to be declared.
    pub(super) fn declared(&self, name: &str) -> Vec<Side> {
        let sides = [Side::Given, Side::Taken].into_iter().filter(|side| self.is(*side, name));
        let count = if self.twofold.contains(name) { 2 } else { 1 };
        sides.take(count).collect()
    }

    /// What the type called `name` is called on that side.
    pub(super) fn name(&self, name: &str, side: Side) -> String {
        let input = side == Side::Taken && self.twofold.contains(name);
        format!("{name}{}", if input { "Input" } else { "" })
    }

    pub(super) fn kind(&self, kind: &Type, side: Side) -> String {
        match self.surface.resolve(kind) {
            Type::Any | Type::Table if side == Side::Given => "Json".into(),
            Type::Any | Type::Table => "unknown".into(),
            Type::Text => "string".into(),
            Type::Constant(text) => quoted(text),
            Type::Integer(low, high) if *low >= -SAFE && *high <= SAFE => "number".into(),
            Type::Integer(..) => "Integer".into(),
            Type::Number => "number".into(),
            Type::Boolean => "boolean".into(),
            Type::Time if side == Side::Given => "Timestamp".into(),
            Type::Time => "Timestamp | Date".into(),
            Type::Either(kinds) => {
                kinds.iter().map(|kind| self.kind(kind, side)).collect::<Vec<_>>().join(" | ")
            }
            Type::List(kind) => {
                let item = self.kind(kind, side);
                if item.contains(' ') { format!("readonly ({item})[]") } else { format!("readonly {item}[]") }
            }
            Type::Map(kind) => format!("{{ readonly [name: string]: {} }}", self.kind(kind, side)),
            Type::Optional(kind) => self.kind(kind, side) + " | null",
            Type::Named(name) => self.name(name, side),
        }
    }
}

fn reach<'a>(surface: &'a Surface, kind: &'a Type, reached: &mut BTreeSet<&'a str>) {
    match surface.resolve(kind) {
        Type::List(kind) | Type::Map(kind) | Type::Optional(kind) => reach(surface, kind, reached),
        Type::Either(kinds) => kinds.iter().for_each(|kind| reach(surface, kind, reached)),
        Type::Named(name) => {
            if let Some(definition) = surface.definition(name) {
                reach_named(surface, definition, reached);
            }
        }
        _ => {}
    }
}

fn reach_named<'a>(surface: &'a Surface, definition: &'a Definition, reached: &mut BTreeSet<&'a str>) {
    if !reached.insert(&definition.name) {
        return;
    }
    let records: Vec<_> = match &definition.shape {
        Shape::Record(record) => vec![record],
        Shape::Union(union) => union.variants.iter().map(|variant| &variant.record).collect(),
        Shape::Choice(_) | Shape::Alias(_) => Vec::new(),
    };
    for record in records {
        record.fields.iter().for_each(|field| reach(surface, &field.kind, reached));
        record.further.iter().for_each(|kind| reach(surface, kind, reached));
    }
}

/// A text as JavaScript writes it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A name of a field as JavaScript writes it.
pub(super) fn key(name: &str) -> String {
    let plain = !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if plain { name.to_owned() } else { quoted(name) }
}
