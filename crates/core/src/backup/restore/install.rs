//! The place of a restored file: made ready, held against others, and given its file at once.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::Existing;
use crate::{
    backup::{
        disk::{Scratch, beside, publish, random_name, sync_folder},
        keeper::LOCK,
    },
    error::{Error, ErrorKind, Result},
};

/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What is behind the name of a place in those of the files from which it will get its content.
const UNFINISHED: &str = ".restoring-";

/// Where a file is restored to.
pub(super) struct Site {
    place: PathBuf,
    temporary: Scratch,
    existing: Existing,
}

impl Site {
    /// Makes the file beside `place` that is written to, and removes what an end left there.
    pub(super) fn prepare(place: &Path, existing: Existing) -> Result<Self> {
        let cannot = |error: io::Error| {
            let message = "the file to restore to cannot be made: its folder must exist and be writable";
            Error::new(ErrorKind::Unavailable, message).because(error).with("path", place.display())
        };
        let Some(name) = place.file_name().filter(|_| !place.is_dir()) else {
            return Err(Error::invalid("the place to restore to is a folder: name a file")
                .with("path", place.display()));
        };
        refuse(place, existing)?;
        let prefix = format!("{}{UNFINISHED}", name.to_string_lossy());
        let temporary = Scratch::new(place.parent().unwrap_or(Path::new("")), &prefix).map_err(cannot)?;
        if temporary.others().map_err(cannot)? {
            let message = "another process restores to this place: wait for it, or name another place";
            return Err(Error::new(ErrorKind::Conflict, message).with("path", place.display()));
        }
        File::create_new(temporary.path()).map_err(cannot)?;
        Ok(Self { place: place.to_owned(), temporary, existing })
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.temporary.path()
    }

    /// Moves the file to its place. What was there is moved aside first, the database before its log: at no time does a log lie beside a
    /// database that is not its own.
    pub(super) fn install(self) -> Result<Option<PathBuf>> {
        refuse(&self.place, self.existing)?;
        let replaced = self.move_aside().and_then(|replaced| {
            remove_index(&self.place)?;
            publish(&self.temporary.path(), &self.place)?;
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
    if in_use || is_open(place) {
        let message = "a process has this database open: end it, then restore";
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

/// Whether somebody has the database open, whoever it is: SQLite keeps a lock on the file as long as one of its write-ahead log's users has it
/// open. What is no database is not open.
fn is_open(place: &Path) -> bool {
    let ask = || -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(place, flags)?;
        // The log stays as it is found.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    };
    ask().is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy))
}
