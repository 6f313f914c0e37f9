//! What a collection is called and which indexes it has.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    super::{Batch, Expect, Key, Store, Value, key::check_name},
    Collection, Inner,
    index::Index,
    value::IndexValue,
};
use crate::error::{Error, ErrorKind, Result};

/// Where it is written down which indexes are complete.
const CATALOGUE: &str = "heptad.indexes";

/// A collection to be: its name and its indexes.
pub struct Definition<T> {
    name: Arc<str>,
    version: u32,
    indexes: Vec<Index<T>>,
}

/// What is known to be complete in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Catalogue {
    version: u32,
    /// Name of each index, and whether it is unique.
    indexes: BTreeMap<String, bool>,
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Definition<T> {
    /// A collection without indexes. Its name is one of a [`Key`] without `:`, which is kept for indexes.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), version: 0, indexes: Vec::new() }
    }

    /// Says that the indexes mean something else than in a smaller version: they are filled anew. Default 0.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// An index in which several records may have the same value. `extract` says under which values a record is found: none, one, or
    /// several. It must always say the same of the same record; raise the [`version`](Self::version) to change it.
    #[must_use]
    pub fn index<I: IntoIterator<Item = IndexValue>>(
        self,
        name: impl Into<String>,
        extract: impl Fn(&T) -> I + Send + Sync + 'static,
    ) -> Self {
        self.with(name.into(), false, extract)
    }

    /// An index in which no two records have the same value.
    #[must_use]
    pub fn unique<I: IntoIterator<Item = IndexValue>>(
        self,
        name: impl Into<String>,
        extract: impl Fn(&T) -> I + Send + Sync + 'static,
    ) -> Self {
        self.with(name.into(), true, extract)
    }

    fn with<I: IntoIterator<Item = IndexValue>>(
        mut self,
        name: String,
        unique: bool,
        extract: impl Fn(&T) -> I + Send + Sync + 'static,
    ) -> Self {
        let collection = format!("{}:{name}", self.name).into();
        let extract = Box::new(move |value: &T| extract(value).into_iter().collect());
        self.indexes.push(Index { name, unique, collection, extract });
        self
    }

    /// Opens the collection in `store`. Indexes that are new, or of another [`version`](Self::version), are filled first; those that
    /// are no longer defined are emptied. Others may go on using the collection meanwhile, if they have the same definition.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for a malformed or repeated name; [`AlreadyExists`](ErrorKind::AlreadyExists) where
    /// records that are there have the same value in a unique index.
    pub async fn open(self, store: Arc<dyn Store>) -> Result<Collection<T>> {
        self.check()?;
        let wanted = Catalogue {
            version: self.version,
            indexes: self.indexes.iter().map(|index| (index.name.clone(), index.unique)).collect(),
        };
        let Self { name, indexes, .. } = self;
        let collection = Collection(Arc::new(Inner { name, store, indexes }));
        collection.bring_up_to(&wanted).await?;
        Ok(collection)
    }

    fn check(&self) -> Result<()> {
        if self.name.contains(':') {
            let message = "the name of a collection has no `:`, which is kept for indexes";
            return Err(Error::invalid(message).with("collection", &self.name));
        }
        check_name("collection", &self.name)?;
        for (position, index) in self.indexes.iter().enumerate() {
            check_name("collection", &index.collection)?;
            if index.name.contains(':') || index.name.is_empty() {
                let message = format!(
                    "`{}` is no name for an index: it has at least one character and no `:`",
                    index.name
                );
                return Err(Error::invalid(message).with("collection", &self.name));
            }
            if self.indexes[..position].iter().any(|other| other.name == index.name) {
                return Err(Error::invalid(format!("index `{}` is defined twice", index.name)));
            }
        }
        Ok(())
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync> Collection<T> {
    async fn bring_up_to(&self, wanted: &Catalogue) -> Result<()> {
        let key = Key::new(CATALOGUE, self.name())?;
        loop {
            let record = self.0.store.get(&key).await?;
            let found: Catalogue =
                record.as_ref().map_or_else(|| Ok(Catalogue::default()), |record| record.value.decode())?;
            if found == *wanted {
                return Ok(());
            }
            for gone in found.indexes.keys().filter(|name| !wanted.indexes.contains_key(*name)) {
                self.clear(format!("{}:{gone}", self.name()).into()).await?;
            }
            for index in &self.0.indexes {
                let complete =
                    found.version == wanted.version && found.indexes.get(&index.name) == Some(&index.unique);
                if !complete {
                    self.fill(index).await?;
                }
            }
            let expect = record.map_or(Expect::Absent, |record| Expect::Exactly(record.version));
            let mut batch = Batch::new();
            batch.put_if(key.clone(), Value::json(wanted)?, expect);
            match self.0.store.commit(batch).await {
                Ok(_) => return Ok(()),
                // Somebody else did the same, or something else: look again.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
    }
}
