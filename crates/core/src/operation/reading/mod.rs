//! A deserializer over a JSON value that notes where reading failed and which field nobody asked for.
//!
//! One layer of our own in place of three nested ones (`serde_path_to_error` around `serde_ignored` around `Value`): every layer is compiled
//! again for every type of every request. What it accepts, and what its errors say, is what `serde_json`'s own deserializer of a `Value`
//! accepts and says; the tests hold the two side by side.

mod name;
mod parts;
#[cfg(test)]
mod tests;
mod variant;

use std::cell::RefCell;

use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error as _, Unexpected, Visitor},
};
use serde_json::{Error, Map, Value};

use self::{
    parts::{Fields, Items},
    variant::Variant,
};

/// One step from a value to a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    Index(usize),
}

/// What reading a value came to.
pub(super) struct Outcome<T> {
    /// The value; or what is wrong, and where.
    pub(super) read: Result<T, (Error, Vec<Step>)>,
    /// The first field that the type does not have.
    pub(super) unknown: Option<Vec<Step>>,
}

/// Reads a `T`.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Outcome<T> {
    let (notes, root) = (RefCell::default(), Spot { parent: None });
    let read = T::deserialize(Node { value, spot: &root, notes: &notes });
    let Notes { failed, unknown } = notes.into_inner();
    Outcome { read: read.map_err(|error| (error, failed.unwrap_or_default())), unknown }
}

#[derive(Default)]
struct Notes {
    failed: Option<Vec<Step>>,
    unknown: Option<Vec<Step>>,
}

/// Where a value stands: a list from the leaf to the root, on the stack.
#[derive(Clone, Copy)]
struct Spot<'a> {
    parent: Option<(&'a Spot<'a>, At<'a>)>,
}

#[derive(Clone, Copy)]
enum At<'a> {
    Field(&'a str),
    Index(usize),
}

impl Spot<'_> {
    /// Reading failed here. The deepest failure is the one that is noted: it comes first.
    fn failed(&self, notes: &RefCell<Notes>) {
        notes.borrow_mut().failed.get_or_insert_with(|| self.steps());
    }

    fn steps(&self) -> Vec<Step> {
        let (mut steps, mut spot) = (Vec::new(), self);
        while let Some((parent, at)) = spot.parent {
            steps.push(match at {
                At::Field(name) => Step::Field(name.to_owned()),
                At::Index(index) => Step::Index(index),
            });
            spot = parent;
        }
        steps.reverse();
        steps
    }
}

/// A value, and where it stands.
struct Node<'a> {
    value: Value,
    spot: &'a Spot<'a>,
    notes: &'a RefCell<Notes>,
}

impl Node<'_> {
    /// Reads the part of this place that `at` leads to.
    fn part<'de, S: DeserializeSeed<'de>>(
        seed: S,
        value: Value,
        at: At<'_>,
        spot: &Spot<'_>,
        notes: &RefCell<Notes>,
    ) -> Result<S::Value, Error> {
        let spot = Spot { parent: Some((spot, at)) };
        seed.deserialize(Node { value, spot: &spot, notes }).inspect_err(|_| spot.failed(notes))
    }

    fn sequence<'de, V: Visitor<'de>>(&self, items: Vec<Value>, visitor: V) -> Result<V::Value, Error> {
        let len = items.len();
        let mut items = Items { items: items.into_iter(), index: 0, spot: self.spot, notes: self.notes };
        let read = visitor.visit_seq(&mut items)?;
        match items.items.len() {
            0 => Ok(read),
            _ => Err(Error::invalid_length(len, &"fewer elements in array")),
        }
    }

    fn map<'de, V: Visitor<'de>>(&self, fields: Map<String, Value>, visitor: V) -> Result<V::Value, Error> {
        let len = fields.len();
        let mut fields =
            Fields { fields: fields.into_iter(), current: None, spot: self.spot, notes: self.notes };
        let read = visitor.visit_map(&mut fields)?;
        match fields.fields.len() {
            0 => Ok(read),
            _ => Err(Error::invalid_length(len, &"fewer elements in map")),
        }
    }
}

/// What is read from one kind of value only.
macro_rules! only {
    ($($kind:pat => $($method:ident)+;)+) => {
        $($(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.value {
                $kind => self.deserialize_any(visitor),
                other => Err(Error::invalid_type(unexpected(&other), &visitor)),
            }
        })+)+
    };
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.value.take() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(found) => visitor.visit_bool(found),
            Value::Number(found) => found.deserialize_any(visitor),
            Value::String(found) => visitor.visit_string(found),
            Value::Array(items) => self.sequence(items, visitor),
            Value::Object(fields) => self.map(fields, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (name, content) = match self.value.take() {
            Value::String(name) => (name, None),
            Value::Object(fields) => {
                let mut fields = fields.into_iter();
                match (fields.next(), fields.next()) {
                    (Some((name, content)), None) => (name, Some(content)),
                    _ => return Err(Error::invalid_value(Unexpected::Map, &"map with a single key")),
                }
            }
            other => return Err(Error::invalid_type(unexpected(&other), &"string or map")),
        };
        visitor.visit_enum(Variant { name, content, spot: self.spot, notes: self.notes })
    }

    /// Nobody wants this value: its field is unknown.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.notes.borrow_mut().unknown.get_or_insert_with(|| self.spot.steps());
        visitor.visit_unit()
    }

    only! {
        Value::Null => deserialize_unit;
        Value::Bool(_) => deserialize_bool;
        Value::Number(_) => deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8
            deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64;
        Value::String(_) => deserialize_char deserialize_str deserialize_string deserialize_identifier;
        Value::String(_) | Value::Array(_) => deserialize_bytes deserialize_byte_buf;
        Value::Array(_) => deserialize_seq;
        Value::Object(_) => deserialize_map;
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(_) | Value::Object(_) => self.deserialize_any(visitor),
            other => Err(Error::invalid_type(unexpected(&other), &visitor)),
        }
    }
}

/// What a value is, in an error.
fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(found) => Unexpected::Bool(*found),
        Value::Number(found) => found
            .as_u64()
            .map(Unexpected::Unsigned)
            .or_else(|| found.as_i64().map(Unexpected::Signed))
            .unwrap_or_else(|| Unexpected::Float(found.as_f64().unwrap_or_default())),
        Value::String(found) => Unexpected::Str(found),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}
