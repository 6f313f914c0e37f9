//! Where a backup is kept: the port, and its adapters.
//!
//! The test kit holds every adapter to the same suite (`heptad_testkit::backup`).

#[cfg(feature = "object-store")]
mod cloud;
mod folder;
mod memory;
mod open;

use std::sync::Arc;

use async_trait::async_trait;

#[cfg(feature = "object-store")]
#[cfg_attr(docsrs, doc(cfg(feature = "object-store")))]
pub use self::cloud::CloudTarget;
pub use self::{folder::FolderTarget, memory::MemoryTarget, open::open};
use crate::error::{Error, Result};

/// The port: a place for objects that are written once, whole or not at all.
///
/// Names are [checked](check_name): parts of lower-case letters, digits, `-` and `_`, separated by `/`.
#[async_trait]
pub trait BackupTarget: Send + Sync {
    /// What people call it: a path or a URL without credentials.
    fn describe(&self) -> String;

    /// Keeps `bytes` under `name`. When it returns they survive the loss of power, and at no time does anybody see a part of them.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) where there is an object of that name: it stays as it is.
    /// [`Unavailable`](crate::ErrorKind::Unavailable) where the target is full or out of reach.
    async fn put(&self, name: &str, bytes: Arc<[u8]>) -> Result<()>;

    /// The object `name`.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) where there is none.
    async fn get(&self, name: &str) -> Result<Vec<u8>>;

    /// What is directly in `folder` (`""`: the whole target); nothing where there is no such folder. Ordered by name.
    async fn list(&self, folder: &str) -> Result<Listing>;

    /// Removes the object `name`, if there is one.
    async fn delete(&self, name: &str) -> Result<()>;
}

/// What is directly in a folder of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The objects: the last part of the name, and the size in bytes.
    pub objects: Vec<(String, u64)>,
    /// The folders: the last part of the name.
    pub folders: Vec<String>,
}

impl Listing {
    pub(super) fn sorted(mut self) -> Self {
        self.objects.sort();
        self.folders.sort();
        self
    }
}

/// Refuses what is no name of an object, so that none reaches outside of the target.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput).
pub fn check_name(name: &str) -> Result<()> {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    if name.len() <= 200 && name.split('/').all(part) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`{}` is no name of a backup object: it has parts of a-z, 0-9, `-` and `_`, separated by `/`",
        name.escape_debug()
    )))
}

fn exists(name: &str) -> Error {
    Error::new(crate::ErrorKind::AlreadyExists, "the backup has an object of that name").with("object", name)
}

fn missing(name: &str) -> Error {
    Error::not_found("the backup has no such object").with("object", name)
}
