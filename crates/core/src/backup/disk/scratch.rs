//! Files in the making, and what is left of them when whoever makes them ends.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::random_name;

/// What is behind the name of a scratch file in that of the file whose lock says that somebody works on it. The file itself is not locked:
/// on Windows nobody else could write to it then, SQLite among them.
const LOCK: &str = ".lock";
/// The length of a [`random_name`].
const NAME: usize = 8;

/// A place for a file that is not to stay: a name of its own behind a prefix. With everything whose name begins with it, it is removed when
/// this is dropped.
pub(in crate::backup) struct Scratch {
    folder: PathBuf,
    prefix: String,
    name: String,
    /// Held until this is dropped.
    _lock: File,
}

impl Scratch {
    /// In `folder`, behind `prefix`. Removes what ends have left there behind the same prefix.
    pub(in crate::backup) fn new(folder: &Path, prefix: &str) -> io::Result<Self> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let (name, lock) = loop {
            let name = format!("{prefix}{}", random_name());
            let path = folder.join(format!("{name}{LOCK}"));
            let lock = File::create_new(&path)?;
            lock.lock()?;
            // Else somebody took it for left before it was locked.
            if path.exists() {
                break (name, lock);
            }
        };
        let scratch = Self { folder: folder.to_owned(), prefix: prefix.to_owned(), name, _lock: lock };
        scratch.others()?;
        Ok(scratch)
    }

    pub(in crate::backup) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Whether somebody else works behind the same prefix. What nobody works on any more is removed.
    pub(in crate::backup) fn others(&self) -> io::Result<bool> {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&self.folder)? {
            if let Some(name) = self.scratch_of(&entry?.file_name())
                && name != self.name
            {
                names.insert(name);
            }
        }
        let mut busy = false;
        for name in names {
            match File::open(self.folder.join(format!("{name}{LOCK}"))) {
                Ok(lock) => match lock.try_lock() {
                    Ok(()) => remove(&self.folder, &name)?,
                    Err(TryLockError::WouldBlock) => busy = true,
                    Err(TryLockError::Error(error)) => return Err(error),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => remove(&self.folder, &name)?,
                Err(error) => return Err(error),
            }
        }
        Ok(busy)
    }

    /// The scratch that a file of this name belongs to.
    fn scratch_of(&self, file: &OsStr) -> Option<String> {
        let random = file.to_str()?.strip_prefix(&self.prefix)?.get(..NAME)?;
        let ours = random.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        ours.then(|| format!("{}{random}", self.prefix))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.folder, &self.name) {
            tracing::warn!(target: "heptad::backup", %error, path = %self.path().display(), "a file that is not needed any more is left");
        }
    }
}

/// Removes the files whose names begin with `name`; the lock last, so that what an end leaves is still told from what is in use.
fn remove(folder: &Path, name: &str) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|file| file.starts_with(name)) {
            files.push(entry.path());
        }
    }
    let lock = folder.join(format!("{name}{LOCK}"));
    files.sort_by_key(|file| *file == lock);
    for file in files {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
