//! Finding records by an index.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    super::{KeyRange, Page},
    Collection, Index, IndexRange, IndexValue, Stored,
};
use crate::error::{Error, Result};

/// How many records are read at once.
const AT_ONCE: usize = 8;
/// How many entries of an index are read at once where all are wanted.
const PAGE: usize = 256;

/// A page of what an index found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The records, in the order of the index, then of their ids; a record with several values in the range comes once for each.
    pub items: Vec<Stored<T>>,
    /// What is left of the range: query it for the next page. `None` at the end.
    pub rest: Option<IndexRange>,
}

impl<T: Serialize + DeserializeOwned + Send + Sync> Collection<T> {
    /// The first record with `value` in `index`: the only one, where the index is unique.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where there is no such index.
    pub async fn find(&self, index: &str, value: impl Into<IndexValue> + Send) -> Result<Option<Stored<T>>> {
        let found = self.query(index, &IndexRange::equal(value), Page::first(1)).await?;
        Ok(found.items.into_iter().next())
    }

    /// All records with `value` in `index`, in the order of their ids.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn find_by(&self, index: &str, value: impl Into<IndexValue> + Send) -> Result<Vec<Stored<T>>> {
        let (mut rest, mut items) = (Some(IndexRange::equal(value)), Vec::new());
        while let Some(range) = rest {
            let found = self.query(index, &range, Page::first(PAGE)).await?;
            items.extend(found.items);
            rest = found.rest;
        }
        Ok(items)
    }

    /// A page of the records whose value in `index` lies in `range`.
    ///
    /// The entries of the page are read from the index in one go, then their records, a few at a time.
    /// A record that is changed while the page is read may be left out, never returned under a value it no longer has; so a page can be
    /// shorter than its limit and not be the last.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn query(&self, index: &str, range: &IndexRange, page: Page) -> Result<Found<T>> {
        let index = self.index(index)?;
        let keys = KeyRange {
            collection: Arc::clone(&index.collection),
            start: range.start.clone(),
            end: range.end.clone(),
        };
        let entries = self.0.store.scan(keys, page).await?;
        let rest = match entries.last() {
            Some(last) if entries.len() == page.limit => {
                let keys =
                    KeyRange { collection: "".into(), start: range.start.clone(), end: range.end.clone() };
                let id = last.key.id();
                let KeyRange { start, end, .. } = if page.reverse { keys.before(id) } else { keys.after(id) };
                Some(IndexRange { start, end })
            }
            _ => None,
        };
        let reads = entries.into_iter().map(|entry| async move {
            let id: String = entry.value.decode().map_err(|error| error.with("key", &entry.key))?;
            let Some(stored) = self.get(&id).await? else { return Ok(None) };
            let still = index.entries(&id, &stored.value)?.contains(&entry.key);
            Ok::<_, Error>(still.then_some(stored))
        });
        let items = stream::iter(reads).buffered(AT_ONCE).try_filter_map(async |stored| Ok(stored));
        Ok(Found { items: items.try_collect().await?, rest })
    }

    fn index(&self, name: &str) -> Result<&Index<T>> {
        self.0.indexes.iter().find(|index| index.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.0.indexes.iter().map(|index| index.name.as_str()).collect();
            Error::invalid(format!("`{}` has no index `{name}`; it has: {}", self.name(), known.join(", ")))
        })
    }
}
