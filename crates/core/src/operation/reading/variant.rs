//! Variants of enums.

use std::{cell::RefCell, marker::PhantomData};

use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, Error as _, Unexpected, VariantAccess, Visitor},
};
use serde_json::{Error, Value};

use super::{At, Node, Notes, Spot, name::Name};

/// A variant of an enum, and what it holds.
pub(super) struct Variant<'a> {
    pub(super) name: String,
    pub(super) content: Option<Value>,
    pub(super) spot: &'a Spot<'a>,
    pub(super) notes: &'a RefCell<Notes>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Content<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content<'a>), Error> {
        let variant = seed.deserialize(Name(&self.name))?;
        Ok((variant, Content(self)))
    }
}

/// What is left of a variant when its name is read.
pub(super) struct Content<'a>(Variant<'a>);

impl Content<'_> {
    /// Reads what the variant holds, if anything is there.
    fn part<'de, S: DeserializeSeed<'de>>(self, seed: S, missing: &str) -> Result<S::Value, Error> {
        let Variant { name, content, spot, notes } = self.0;
        match content {
            Some(content) => Node::part(seed, content, At::Field(&name), spot, notes),
            None => {
                Spot { parent: Some((spot, At::Field(&name))) }.failed(notes);
                Err(Error::invalid_type(Unexpected::UnitVariant, &missing))
            }
        }
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0.content {
            Some(_) => self.part(PhantomData, "unit variant"),
            None => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        self.part(seed, "newtype variant")
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.part(Sequence(visitor), "tuple variant")
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.part(Mapping(visitor), "struct variant")
    }
}

/// Reads with a visitor what must be an array.
struct Sequence<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Sequence<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_seq(self.0)
    }
}

/// Reads with a visitor what must be an object.
struct Mapping<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Mapping<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_map(self.0)
    }
}
