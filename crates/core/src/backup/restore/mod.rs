//! Restoring: from a backup to a file that holds exactly what the database held at a point.
//!
//! [`find`] says which point is meant and what is needed for it; [`build`] puts the file together beside its place and checks it; [`install`]
//! moves it there. Until then nothing is changed.

mod build;
mod find;
mod install;

use std::{path::Path, sync::Arc};

use self::{build::build, find::find, install::Site};
use super::{BackupTarget, archive::Archive};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    progress::SharedProgress,
    store::sqlite::Contents,
};

/// Which state is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestorePoint {
    /// The last one.
    #[default]
    Latest,
    /// After the commit with this number. Commits that were written in one transaction with it come with it.
    Commit(u64),
    /// The last one that was shipped by this time.
    Time(Timestamp),
}

/// What is to happen with a file that is in the place already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is restored.
    #[default]
    Refuse,
    /// It is moved aside, with its write-ahead log, and stays as `<file>.replaced-<…>`.
    MoveAside,
}

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The number of the last commit in it.
    pub commit: u64,
    /// When that was shipped.
    pub time: Timestamp,
    /// How many objects were read.
    pub objects: u64,
    /// The bytes of the file.
    pub bytes: u64,
    /// What the file holds: counted while it was checked.
    pub contents: Contents,
    /// Where the file is that was there before.
    pub replaced: Option<std::path::PathBuf>,
}

/// Restores `point` of the backup in `target` to the file `to`.
///
/// The file is checked before it takes its place (SQLite's `integrity_check`, the checksums of all objects, their chain, all segments and
/// counts); it appears whole or not at all. A search index beside it, derived from what was there before, is removed: it is built anew.
///
/// # Errors
/// [`NotFound`](crate::ErrorKind::NotFound) where the backup is empty or does not hold the point; the message says what it holds;
/// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) where `to` exists and is not to be moved aside;
/// [`Conflict`](crate::ErrorKind::Conflict) where another process restores to it or has it open;
/// [`Corrupt`](crate::ErrorKind::Corrupt) where an object is damaged, missing or another database's.
pub async fn restore(
    target: Arc<dyn BackupTarget>,
    point: RestorePoint,
    to: &Path,
    existing: Existing,
    progress: SharedProgress,
) -> Result<Restored> {
    let archive = Archive::new(target);
    let site = Site::prepare(to, existing)?;
    let plan = find(&archive, point).await?;
    let built = build(&archive, &plan, &site.temporary(), &progress).await?;
    progress.finish();
    let replaced = tokio::task::spawn_blocking(move || site.install())
        .await
        .map_err(|error| Error::internal("moving the restored file panicked").because(error))??;
    Ok(Restored { replaced, ..built })
}
