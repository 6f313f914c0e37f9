//! A target in a folder: another disk, a mounted share.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;

use super::{BackupTarget, Listing, check_name, exists, missing};
use crate::{
    backup::disk::{publish, random_name, sync_folder},
    error::{Error, ErrorKind, Result},
};

/// What the name of an object in the making ends with.
const PART: &str = ".part";

/// A [`BackupTarget`] in a folder, which is made where it does not exist. An object is written beside its place, synced, and moved there;
/// then the folder is synced. What an end in between leaves begins with a dot and is no object; it is removed when the folder is listed.
#[derive(Clone, Debug)]
pub struct FolderTarget {
    root: PathBuf,
}

impl FolderTarget {
    /// In the folder `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    async fn run<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = self.root.join(name);
        let done = tokio::task::spawn_blocking(move || work(&path)).await;
        done.map_err(io::Error::other).flatten().map_err(|error| self.failed(name, error))
    }

    fn failed(&self, name: &str, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::AlreadyExists => exists(name),
            io::ErrorKind::NotFound => missing(name),
            io::ErrorKind::PermissionDenied => Error::new(
                ErrorKind::PermissionDenied,
                format!(
                    "the backup folder {} cannot be used: give this process access to it",
                    self.root.display()
                ),
            )
            .because(error),
            kind => {
                let full = kind == io::ErrorKind::StorageFull || kind == io::ErrorKind::QuotaExceeded;
                let what = if full { "is full: make room" } else { "cannot be used now" };
                let message = format!("the backup folder {} {what}", self.root.display());
                Error::new(ErrorKind::Unavailable, message).because(error)
            }
        }
    }
}

#[async_trait]
impl BackupTarget for FolderTarget {
    fn describe(&self) -> String {
        self.root.display().to_string()
    }

    async fn put(&self, name: &str, bytes: Arc<[u8]>) -> Result<()> {
        check_name(name)?;
        self.run(name, move |path| write(path, &bytes)).await
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>> {
        check_name(name)?;
        self.run(name, |path| fs::read(path)).await
    }

    async fn list(&self, folder: &str) -> Result<Listing> {
        if !folder.is_empty() {
            check_name(folder)?;
        }
        self.run(folder, list).await
    }

    async fn delete(&self, name: &str) -> Result<()> {
        check_name(name)?;
        let root = self.root.clone();
        self.run(name, move |path| remove(path, &root)).await
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_folder(folder)?;
    let temporary = folder.join(format!(".{}{PART}", random_name()));
    let outcome = File::create_new(&temporary).and_then(|mut file| {
        // Tells it from what an end left. Where the file system has no locks, nothing is taken for left.
        let _ = file.try_lock();
        file.write_all(bytes)?;
        file.sync_all()?;
        publish(&temporary, path).map_err(|error| match error.kind() {
            // Another process listed the folder before the lock was there.
            io::ErrorKind::NotFound => {
                io::Error::other("what was being written was taken for left by an end")
            }
            _ => error,
        })
    });
    if outcome.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    outcome?;
    sync_folder(folder)
}

/// Makes a folder and the ones it is in, each on the disk before what is in it.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        make_folder(parent)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    parent.map_or(Ok(()), sync_folder)
}

fn list(folder: &Path) -> io::Result<Listing> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Listing::default()),
        entries => entries?,
    };
    let mut listing = Listing::default();
    for entry in entries {
        let entry = entry?;
        // What is not of our making is passed over.
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if check_name(&name).is_err() {
            remove_left(&entry.path(), &name);
            continue;
        }
        let about = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            about => about?,
        };
        if about.is_dir() {
            listing.folders.push(name);
        } else {
            listing.objects.push((name, about.len()));
        }
    }
    Ok(listing.sorted())
}

/// Removes an object in the making that nobody makes any more. That this may fail is why there is a next time.
fn remove_left(path: &Path, name: &str) {
    let random = name.strip_prefix('.').and_then(|name| name.strip_suffix(PART));
    let ours =
        random.is_some_and(|random| random.len() == 8 && random.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if ours && File::open(path).is_ok_and(|file| file.try_lock().is_ok()) {
        let _ = fs::remove_file(path);
    }
}

/// Removes a file, and the folders that it leaves empty.
fn remove(path: &Path, root: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut folder = path.parent();
    while let Some(inner) = folder.filter(|inner| *inner != root && inner.starts_with(root)) {
        // Not empty, most of the time.
        if fs::remove_dir(inner).is_err() {
            break;
        }
        folder = inner.parent();
    }
    Ok(())
}
