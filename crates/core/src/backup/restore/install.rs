//! The place of a restored file: made ready, held against others, and given its file at once.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::Existing;
use crate::{
    backup::{
        disk::{beside, publish, random_name, sync_folder},
        keeper::LOCK,
    },
    error::{Error, ErrorKind, Result},
};

/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What is behind the name of a place in that of the file from which it will get its content.
const UNFINISHED: &str = ".restoring-";

/// Where a file is restored to.
pub(super) struct Site {
    place: PathBuf,
    temporary: PathBuf,
    existing: Existing,
    /// Locked as long as the file is being restored: what nobody holds was left by an end.
    _lock: File,
    installed: bool,
}

impl Site {
    /// Makes the file beside `place` that is written to, and removes what an end left there.
    pub(super) fn prepare(place: &Path, existing: Existing) -> Result<Self> {
        if place.is_dir() {
            return Err(Error::invalid("the place to restore to is a folder: name a file")
                .with("path", place.display()));
        }
        refuse(place, existing)?;
        let cannot = |error: io::Error| {
            let message = "the file to restore to cannot be made: its folder must exist and be writable";
            Error::new(ErrorKind::Unavailable, message).because(error).with("path", place.display())
        };
        sweep(place).map_err(cannot)?;
        let temporary = beside(place, &format!("{UNFINISHED}{}", random_name()));
        let file = File::create_new(&temporary).map_err(cannot)?;
        file.lock().map_err(cannot)?;
        Ok(Self { place: place.to_owned(), temporary, existing, _lock: file, installed: false })
    }

    pub(super) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// Moves the file to its place. What was there is moved aside first, the database before its log: at no time does a log lie beside a
    /// database that is not its own.
    pub(super) fn install(mut self) -> Result<Option<PathBuf>> {
        refuse(&self.place, self.existing)?;
        let replaced = self.move_aside().and_then(|replaced| {
            remove_index(&self.place)?;
            publish(&self.temporary, &self.place)?;
            sync_folder(self.place.parent().unwrap_or(Path::new("")))?;
            Ok(replaced)
        });
        let replaced = replaced.map_err(|error| {
            let kind = match error.kind() {
                io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
                _ => ErrorKind::Unavailable,
            };
            Error::new(kind, "the restored file cannot be moved to its place")
                .because(error)
                .with("path", self.place.display())
        })?;
        self.installed = true;
        Ok(replaced)
    }

    fn move_aside(&self) -> io::Result<Option<PathBuf>> {
        if self.existing == Existing::Refuse {
            return Ok(None);
        }
        let aside = beside(&self.place, &format!(".replaced-{}", random_name()));
        let mut moved = false;
        for suffix in ["", "-wal", "-journal"] {
            match fs::rename(beside(&self.place, suffix), beside(&aside, suffix)) {
                Ok(()) => moved = true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        match fs::remove_file(beside(&self.place, "-shm")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(moved.then_some(aside)),
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if !self.installed {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Removes the unfinished files of restores to `place` that nobody works on any more.
fn sweep(place: &Path) -> io::Result<()> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = place.file_name().map(|name| format!("{}{UNFINISHED}", name.to_string_lossy()));
    let Some(prefix) = prefix else { return Ok(()) };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(&prefix) {
            continue;
        }
        if File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Refuses a place that is taken, and one that is in use.
fn refuse(place: &Path, existing: Existing) -> Result<()> {
    let taken =
        std::iter::once("").chain(COMPANIONS).map(|suffix| beside(place, suffix)).find(|path| path.exists());
    if let Some(taken) = taken.filter(|_| existing == Existing::Refuse) {
        let message = format!(
            "{} is there already and stays as it is: restore to another place, or set `overwrite` to have it moved aside",
            taken.display()
        );
        return Err(Error::new(ErrorKind::AlreadyExists, message));
    }
    let lock = beside(place, LOCK);
    let in_use =
        File::open(&lock).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)));
    if in_use {
        let message = "a process has this database open and backs it up: end it, then restore";
        return Err(Error::new(ErrorKind::Conflict, message).with("path", place.display()));
    }
    Ok(())
}

/// The search index beside a database is derived from it, and would tell of what is no longer there.
fn remove_index(place: &Path) -> io::Result<()> {
    match fs::remove_dir_all(beside(place, ".index")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
