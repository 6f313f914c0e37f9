//! Names of records: a collection and an id.

use std::{fmt, sync::Arc};

use crate::error::{Error, Result};

/// The most bytes a collection or stream name may have.
pub(crate) const MAX_NAME_BYTES: usize = 128;
/// The most bytes an id may have.
pub(crate) const MAX_ID_BYTES: usize = 1024;

/// Where a record lives. Ordered by collection, then by the bytes of the id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    collection: Arc<str>,
    id: String,
}

impl Key {
    /// A key from a collection name (1 to 128 characters of `a-z 0-9 _ - . :` beginning with a letter) and an id of 1 to 1,024 bytes
    /// without NUL.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where either is malformed.
    pub fn new(collection: impl Into<Arc<str>>, id: impl Into<String>) -> Result<Self> {
        let (collection, id) = (collection.into(), id.into());
        check_name("collection", &collection)?;
        if id.is_empty() || id.len() > MAX_ID_BYTES || id.contains('\0') {
            let message =
                format!("an id has 1 to {MAX_ID_BYTES} bytes and no NUL, this one has {} bytes", id.len());
            return Err(Error::invalid(message).with("collection", collection));
        }
        Ok(Self { collection, id })
    }

    /// The collection.
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// The id within the collection.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.collection, self.id)
    }
}

/// Refuses names that are not 1 to 128 characters of `a-z 0-9 _ - . :` beginning with a letter.
pub(crate) fn check_name(what: &str, name: &str) -> Result<()> {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_-.:".contains(&c);
    let first = name.bytes().next().is_some_and(|c| c.is_ascii_lowercase());
    if first && name.len() <= MAX_NAME_BYTES && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`{}` is not a {what} name: 1 to {MAX_NAME_BYTES} of a-z 0-9 _ - . : beginning with a letter",
        name.escape_debug()
    )))
}

/// A run of ids within one collection: `start` included, `end` excluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The collection.
    pub collection: Arc<str>,
    /// The first id, included; empty: from the beginning.
    pub start: String,
    /// The first id that no longer belongs; `None`: to the end.
    pub end: Option<String>,
}

impl KeyRange {
    /// All of `collection`.
    pub fn all(collection: impl Into<Arc<str>>) -> Self {
        Self { collection: collection.into(), start: String::new(), end: None }
    }

    /// The ids of `collection` that begin with `prefix`.
    pub fn prefix(collection: impl Into<Arc<str>>, prefix: impl Into<String>) -> Self {
        let start = prefix.into();
        let end = successor_of_prefix(&start);
        Self { collection: collection.into(), start, end }
    }

    /// The ids from `start` (included) to `end` (excluded).
    pub fn between(
        collection: impl Into<Arc<str>>,
        start: impl Into<String>,
        end: impl Into<String>,
    ) -> Self {
        Self { collection: collection.into(), start: start.into(), end: Some(end.into()) }
    }

    /// The same range, going on behind `id`: for the next page.
    #[must_use]
    pub fn after(mut self, id: &str) -> Self {
        // Ids have no NUL, so nothing lies between `id` and this; and a database that refuses NUL in text takes it.
        self.start = format!("{id}\u{1}");
        self
    }

    /// The same range, ending before `id`: for the next page in [reverse](Page::last).
    #[must_use]
    pub fn before(mut self, id: &str) -> Self {
        self.end = Some(id.to_owned());
        self
    }

    /// Whether `key` lies in the range.
    pub fn contains(&self, key: &Key) -> bool {
        key.collection() == &*self.collection
            && key.id() >= self.start.as_str()
            && self.end.as_deref().is_none_or(|end| key.id() < end)
    }
}

/// The smallest string above every string with this prefix; `None` where there is none.
fn successor_of_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            _ => char::from_u32(last as u32 + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

/// How much of a range to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The most records to return.
    pub limit: usize,
    /// From the end of the range towards its beginning.
    pub reverse: bool,
}

impl Page {
    /// The first `limit` records.
    pub const fn first(limit: usize) -> Self {
        Self { limit, reverse: false }
    }

    /// The last `limit` records, the last one first.
    pub const fn last(limit: usize) -> Self {
        Self { limit, reverse: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_range_holds_the_prefix_and_nothing_else() {
        for prefix in ["a", "ä", "a\u{D7FF}", "a\u{10FFFF}"] {
            let range = KeyRange::prefix("c", prefix);
            let inside = Key::new("c", format!("{prefix}\u{10FFFF}x")).expect("a valid key");
            let outside = Key::new("c", "b\u{10FFFF}\u{10FFFF}").expect("a valid key");
            assert!(range.contains(&inside), "{prefix:?}");
            assert!(!range.contains(&outside) || prefix > "b", "{prefix:?}");
        }
    }

    #[test]
    fn names_and_ids_are_checked() {
        for (collection, id, good) in [
            ("users", "1", true),
            ("Users", "1", false),
            ("", "1", false),
            ("a b", "1", false),
            ("users", "", false),
        ] {
            assert_eq!(Key::new(collection, id).is_ok(), good, "{collection:?} {id:?}");
        }
    }
}
