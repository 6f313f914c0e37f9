//! Records with a type, found by more than their id.
//!
//! An index is a collection of its own, whose records are written in the same [`Batch`] as what they point to, with conditions that keep
//! unique values unique. There is no second mechanism, so every adapter has indexes, and they are never behind.
//!
//! [`Definition`] names the indexes, [`Collection`] uses them, [`IndexValue`] is how values are put in order.

mod definition;
mod fill;
mod index;
mod query;
mod value;

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use self::index::Index;
pub use self::{
    definition::Definition,
    query::Found,
    value::{IndexRange, IndexValue},
};
use super::{Batch, Expect, Key, KeyRange, Page, Record, Store, Value, Version};
use crate::error::{Error, ErrorKind, Result};

/// How often a change is tried again when others were faster, before the conflict is reported.
const ATTEMPTS: usize = 64;

/// Values of one type in a store. Cheap to clone.
///
/// ```
/// use std::sync::Arc;
/// use heptad_core::{ErrorKind, clock::SystemClock};
/// use heptad_core::store::{Definition, IndexRange, IndexValue, Page, Store, memory::MemoryStore};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct User {
///     email: String,
///     age: u32,
/// }
///
/// # async fn example() -> heptad_core::Result<()> {
/// let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
/// let users = Definition::new("users")
///     .unique("email", |user: &User| [IndexValue::from(user.email.as_str())])
///     .index("age", |user: &User| [IndexValue::from(user.age)])
///     .open(store)
///     .await?;
///
/// users.insert("u1", &User { email: "ada@example.org".into(), age: 36 }).await?;
/// let taken = users.insert("u2", &User { email: "ada@example.org".into(), age: 20 }).await;
/// assert_eq!(taken.expect_err("the address is taken").kind(), ErrorKind::AlreadyExists);
///
/// users.update("u1", |user| { user.age += 1; Ok(()) }).await?;
/// let ada = users.find("email", "ada@example.org").await?.expect("she signed up");
/// assert_eq!((ada.id.as_str(), ada.value.age), ("u1", 37));
///
/// let thirties = users.query("age", &IndexRange::between(30, 40), Page::first(10)).await?;
/// assert_eq!(thirties.items.len(), 1);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(example()).expect("the example");
/// ```
pub struct Collection<T>(Arc<Inner<T>>);

struct Inner<T> {
    name: Arc<str>,
    store: Arc<dyn Store>,
    indexes: Vec<Index<T>>,
}

/// A value as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    /// Its id within the collection.
    pub id: String,
    /// The value.
    pub value: T,
    /// The commit that wrote it.
    pub version: Version,
}

impl<T> Clone for Collection<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync> Collection<T> {
    /// The name of the collection.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The value with this id.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt) where what is stored is not a `T`; and whatever the store fails with.
    pub async fn get(&self, id: &str) -> Result<Option<Stored<T>>> {
        self.0.store.get(&self.key(id)?).await?.map(read).transpose()
    }

    /// The values whose ids lie in `range`, which is one of this collection (`KeyRange::prefix(users.name(), "a")`).
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for a range of another collection; otherwise as [`get`](Self::get).
    pub async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Stored<T>>> {
        if range.collection != self.0.name {
            let message =
                format!("the range is one of `{}`, the collection is `{}`", range.collection, self.name());
            return Err(Error::invalid(message));
        }
        self.0.store.scan(range, page).await?.into_iter().map(read).collect()
    }

    /// Adds a value.
    ///
    /// # Errors
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) where the id, or a value of a unique index, is taken.
    pub async fn insert(&self, id: &str, value: &T) -> Result<Version> {
        let mut batch = Batch::new();
        self.insert_in(&mut batch, id, value)?;
        self.commit(batch).await.map_err(|failure| match failure {
            Failure::Outrun(error) => {
                Error::new(ErrorKind::AlreadyExists, format!("`{}` has a `{id}` already", self.name()))
                    .because(error)
            }
            Failure::Other(error) => error,
        })
    }

    /// Adds a value, or replaces what has this id.
    ///
    /// # Errors
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) where a value of a unique index is taken.
    pub async fn put(&self, id: &str, value: &T) -> Result<Version> {
        if self.0.indexes.is_empty() {
            let mut batch = Batch::new();
            batch.put(self.key(id)?, Value::json(value)?);
            return Ok(self.0.store.commit(batch).await?.version);
        }
        for _ in 0..ATTEMPTS {
            let mut batch = Batch::new();
            match self.get(id).await? {
                Some(old) => self.replace_in(&mut batch, &old, value)?,
                None => self.insert_in(&mut batch, id, value)?,
            }
            if let Some(version) = self.try_commit(batch).await? {
                return Ok(version);
            }
        }
        Err(self.gave_up(id))
    }

    /// Replaces a value by what `change` makes of it. Where others change it at the same time, `change` is called again with what they
    /// made of it; where it fails, nothing is changed.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) where there is none; [`AlreadyExists`](ErrorKind::AlreadyExists) as [`put`](Self::put);
    /// whatever `change` fails with.
    pub async fn update(
        &self,
        id: &str,
        mut change: impl FnMut(&mut T) -> Result<()> + Send,
    ) -> Result<Stored<T>> {
        for _ in 0..ATTEMPTS {
            let Some(old) = self.get(id).await? else {
                return Err(Error::not_found(format!("`{}` has no `{id}`", self.name())));
            };
            // The indexes need the value as it was, and the change wants one it may take apart.
            let entries = self.entries(&old.id, &old.value)?;
            let Stored { id, mut value, version } = old;
            change(&mut value)?;
            let mut batch = Batch::new();
            self.stage(&mut batch, &id, Expect::Exactly(version), entries, Some(&value))?;
            if let Some(version) = self.try_commit(batch).await? {
                return Ok(Stored { id, value, version });
            }
        }
        Err(self.gave_up(id))
    }

    /// Replaces a value that was read before.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) where it was changed since; [`AlreadyExists`](ErrorKind::AlreadyExists) as
    /// [`put`](Self::put).
    pub async fn replace(&self, old: &Stored<T>, value: &T) -> Result<Version> {
        let mut batch = Batch::new();
        self.replace_in(&mut batch, old, value)?;
        self.commit(batch).await.map_err(Failure::into_error)
    }

    /// Removes a value; says whether there was one.
    ///
    /// # Errors
    /// Whatever the store fails with.
    pub async fn delete(&self, id: &str) -> Result<bool> {
        for _ in 0..ATTEMPTS {
            let Some(old) = self.get(id).await? else { return Ok(false) };
            let mut batch = Batch::new();
            self.delete_in(&mut batch, &old)?;
            if self.try_commit(batch).await?.is_some() {
                return Ok(true);
            }
        }
        Err(self.gave_up(id))
    }

    /// Adds [`insert`](Self::insert) to a batch; a taken id or unique value makes the commit a [`Conflict`](ErrorKind::Conflict).
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) where an id or index value is too long or the value has no JSON form.
    pub fn insert_in(&self, batch: &mut Batch, id: &str, value: &T) -> Result<()> {
        self.stage(batch, id, Expect::Absent, Vec::new(), Some(value))
    }

    /// Adds [`replace`](Self::replace) to a batch.
    ///
    /// # Errors
    /// As [`insert_in`](Self::insert_in).
    pub fn replace_in(&self, batch: &mut Batch, old: &Stored<T>, value: &T) -> Result<()> {
        let entries = self.entries(&old.id, &old.value)?;
        self.stage(batch, &old.id, Expect::Exactly(old.version), entries, Some(value))
    }

    /// Adds the removal of what was read before to a batch; a change since makes the commit a [`Conflict`](ErrorKind::Conflict).
    ///
    /// # Errors
    /// As [`insert_in`](Self::insert_in).
    pub fn delete_in(&self, batch: &mut Batch, old: &Stored<T>) -> Result<()> {
        let entries = self.entries(&old.id, &old.value)?;
        self.stage(batch, &old.id, Expect::Exactly(old.version), entries, None)
    }

    fn key(&self, id: &str) -> Result<Key> {
        Key::new(Arc::clone(&self.0.name), id)
    }

    /// The index entries of a value, with whether they must be unique.
    fn entries(&self, id: &str, value: &T) -> Result<Vec<(Key, bool)>> {
        let mut entries = Vec::new();
        for index in &self.0.indexes {
            for key in index.entries(id, value)? {
                entries.push((key, index.unique));
            }
        }
        Ok(entries)
    }

    /// The record first, then its index entries: so a conflict that names an entry means that the record was as expected.
    fn stage(
        &self,
        batch: &mut Batch,
        id: &str,
        expect: Expect,
        old: Vec<(Key, bool)>,
        value: Option<&T>,
    ) -> Result<()> {
        let key = self.key(id)?;
        match value {
            Some(value) => batch.put_if(key, Value::json(value)?, expect),
            None => batch.delete_if(key, expect),
        };
        let new = value.map_or_else(|| Ok(Vec::new()), |value| self.entries(id, value))?;
        for (entry, _) in old.iter().filter(|entry| !new.contains(entry)) {
            batch.delete(entry.clone());
        }
        let target = Value::json(id)?;
        for (entry, unique) in new.into_iter().filter(|entry| !old.contains(entry)) {
            batch.put_if(entry, target.clone(), if unique { Expect::Absent } else { Expect::Any });
        }
        Ok(())
    }

    async fn commit(&self, batch: Batch) -> Result<Version, Failure> {
        let error = match self.0.store.commit(batch).await {
            Ok(receipt) => return Ok(receipt.version),
            Err(error) if error.kind() == ErrorKind::Conflict => error,
            Err(error) => return Err(Failure::Other(error)),
        };
        let key = error.context().iter().find_map(|(what, key)| (*what == "key").then_some(key.as_str()));
        let taken = |index: &&Index<T>| key.is_some_and(|key| index.holds(key));
        Err(match self.0.indexes.iter().find(taken) {
            Some(index) => {
                let message = format!("another record of `{}` has the same `{}`", self.name(), index.name);
                Failure::Other(Error::new(ErrorKind::AlreadyExists, message).because(error))
            }
            None => Failure::Outrun(error),
        })
    }

    /// `None` where others were faster.
    async fn try_commit(&self, batch: Batch) -> Result<Option<Version>> {
        match self.commit(batch).await {
            Ok(version) => Ok(Some(version)),
            Err(Failure::Outrun(_)) => Ok(None),
            Err(Failure::Other(error)) => Err(error),
        }
    }

    fn gave_up(&self, id: &str) -> Error {
        let message = format!("`{}` was changed by others {ATTEMPTS} times in a row: try later", self.name());
        Error::new(ErrorKind::Conflict, message).with("id", id).retry(crate::Retry::Now)
    }
}

/// Why a commit of a collection failed.
enum Failure {
    /// Others were faster: to be tried again with what they made.
    Outrun(Error),
    Other(Error),
}

impl Failure {
    fn into_error(self) -> Error {
        match self {
            Self::Outrun(error) | Self::Other(error) => error,
        }
    }
}

fn read<T: DeserializeOwned>(record: Record) -> Result<Stored<T>> {
    let value = record.value.decode().map_err(|error| error.with("key", &record.key))?;
    Ok(Stored { id: record.key.id().to_owned(), value, version: record.version })
}
