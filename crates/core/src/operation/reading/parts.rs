//! The parts of arrays and objects, one after the other.

use std::cell::RefCell;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess};
use serde_json::{Error, Value};

use super::{At, Node, Notes, Spot, name::Name};

/// The values of an array.
pub(super) struct Items<'a> {
    pub(super) items: std::vec::IntoIter<Value>,
    pub(super) index: usize,
    pub(super) spot: &'a Spot<'a>,
    pub(super) notes: &'a RefCell<Notes>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(value) = self.items.next() else { return Ok(None) };
        let at = At::Index(self.index);
        self.index += 1;
        Node::part(seed, value, at, self.spot, self.notes).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The fields of an object.
pub(super) struct Fields<'a> {
    pub(super) fields: serde_json::map::IntoIter,
    pub(super) current: Option<(String, Value)>,
    pub(super) spot: &'a Spot<'a>,
    pub(super) notes: &'a RefCell<Notes>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        let spot = Spot { parent: Some((self.spot, At::Field(&name))) };
        let key = seed.deserialize(Name(&name)).inspect_err(|_| spot.failed(self.notes))?;
        self.current = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let Some((name, value)) = self.current.take() else { return Err(Error::custom("value is missing")) };
        Node::part(seed, value, At::Field(&name), self.spot, self.notes)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.fields.len())
    }
}
