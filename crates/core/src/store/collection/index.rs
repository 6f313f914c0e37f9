//! One index: from a value to the keys of its entries.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    super::{Key, key::MAX_ID_BYTES},
    value::{END, IndexValue},
};
use crate::error::{Error, Result};

type Extract<T> = Box<dyn Fn(&T) -> Vec<IndexValue> + Send + Sync>;

/// An index of a collection of `T`.
pub(super) struct Index<T> {
    pub(super) name: String,
    pub(super) unique: bool,
    /// The collection in which its entries are kept.
    pub(super) collection: Arc<str>,
    pub(super) extract: Extract<T>,
}

impl<T> Index<T> {
    /// Whether the record `key`, written `collection/id`, is an entry of this index.
    pub(super) fn holds(&self, key: &str) -> bool {
        key.strip_prefix(&*self.collection).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The entries of `value`, each once.
    pub(super) fn entries(&self, id: &str, value: &T) -> Result<Vec<Key>> {
        let values: BTreeSet<IndexValue> = (self.extract)(value).into_iter().collect();
        values.iter().map(|value| self.entry(id, value)).collect()
    }

    fn entry(&self, id: &str, value: &IndexValue) -> Result<Key> {
        let mut entry = format!("{}{END}", value.as_str());
        if !self.unique {
            entry.push_str(id);
        }
        if entry.len() > MAX_ID_BYTES {
            let message = format!(
                "the value for index `{}` has {} bytes with its id, at most {MAX_ID_BYTES} fit: index a shorter form or a hash",
                self.name,
                entry.len()
            );
            return Err(Error::invalid(message).with("id", id));
        }
        Key::new(Arc::clone(&self.collection), entry)
    }
}
