//! A target in memory: for tests, and for trying out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{BackupTarget, Listing, check_name, exists, missing};
use crate::error::Result;

/// A [`BackupTarget`] in memory. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryTarget(Arc<Mutex<BTreeMap<String, Arc<[u8]>>>>);

impl MemoryTarget {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `bytes` in the place of whatever has the name: what a target never does, and what tests need.
    pub fn replace(&self, name: &str, bytes: Arc<[u8]>) {
        self.objects().insert(name.to_owned(), bytes);
    }

    /// The names of all objects.
    pub fn names(&self) -> Vec<String> {
        self.objects().keys().cloned().collect()
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Arc<[u8]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl BackupTarget for MemoryTarget {
    fn describe(&self) -> String {
        "memory".to_owned()
    }

    async fn put(&self, name: &str, bytes: Arc<[u8]>) -> Result<()> {
        check_name(name)?;
        let mut objects = self.objects();
        if objects.contains_key(name) {
            return Err(exists(name));
        }
        objects.insert(name.to_owned(), bytes);
        Ok(())
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>> {
        check_name(name)?;
        self.objects().get(name).map(|bytes| bytes.to_vec()).ok_or_else(|| missing(name))
    }

    async fn list(&self, folder: &str) -> Result<Listing> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let (mut listing, mut folders) = (Listing::default(), BTreeSet::new());
        for (name, bytes) in self.objects().iter() {
            let Some(rest) = name.strip_prefix(&prefix) else { continue };
            match rest.split_once('/') {
                Some((inner, _)) => drop(folders.insert(inner.to_owned())),
                None => listing.objects.push((rest.to_owned(), bytes.len() as u64)),
            }
        }
        listing.folders = folders.into_iter().collect();
        Ok(listing.sorted())
    }

    async fn delete(&self, name: &str) -> Result<()> {
        check_name(name)?;
        self.objects().remove(name);
        Ok(())
    }
}
