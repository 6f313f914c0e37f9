//! What a disk has of the files: their twins, and the journals of what was written to them since the last sync.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use super::SECTOR;

pub(super) const TWIN: &str = ".durable";
pub(super) const JOURNAL: &str = ".unsynced";
/// A twin in the making.
pub(super) const COPYING: &str = ".copying";

/// In a journal, where a write has its length.
const TRUNCATED: u64 = u64::MAX;

/// What a disk can do to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing more can be written.
    Full,
    /// What was written cannot be synced.
    Unsyncable,
    /// See [`pull_plug_after`](super::pull_plug_after).
    PlugPulled,
}

/// What this process writes to.
#[derive(Default)]
pub(super) struct Disk {
    /// A file is synced whoever wrote it, so this is kept by path.
    files: HashMap<PathBuf, Unsynced>,
    /// By folder.
    pub(super) trouble: HashMap<PathBuf, Trouble>,
    /// How many operations each folder has left.
    pub(super) plugs: HashMap<PathBuf, u64>,
}

/// What was written to a file since it was last synced, in order: here, and in the journal for who comes after this process.
struct Unsynced {
    changes: Vec<Change>,
    journal: File,
}

pub(super) enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

/// What is being done to a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Write,
    Truncate,
    Sync,
}

static DISK: LazyLock<Mutex<Disk>> = LazyLock::new(Mutex::default);

pub(super) fn disk() -> MutexGuard<'static, Disk> {
    DISK.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// Takes notice of a file that was opened. What is there when this process first sees it was there before the power came back.
    pub(super) fn opened(&mut self, path: &Path) -> io::Result<()> {
        if self.files.contains_key(path) {
            return Ok(());
        }
        let journal = File::create(beside(path, JOURNAL))?;
        // The end may come at any time: a twin is whole or not there.
        let copy = beside(path, COPYING);
        fs::copy(path, &copy)?;
        fs::rename(copy, beside(path, TWIN))?;
        self.files.insert(path.to_owned(), Unsynced { changes: Vec::new(), journal });
        Ok(())
    }

    /// A file that is deleted is gone: SQLite deletes a log only when what was in it is synced elsewhere.
    pub(super) fn deleted(&mut self, path: &Path) {
        self.files.remove(path);
        let _ = fs::remove_file(beside(path, TWIN));
        let _ = fs::remove_file(beside(path, JOURNAL));
    }

    /// The trouble that keeps `operation` from succeeding; counts it where there is none.
    pub(super) fn fails(&mut self, path: &Path, operation: Operation) -> Option<Trouble> {
        let folder = path.parent()?;
        let trouble = *self.trouble.get(folder)?;
        let fails = match trouble {
            Trouble::Full => operation == Operation::Write,
            Trouble::Unsyncable => operation == Operation::Sync,
            Trouble::PlugPulled => {
                let left = self.plugs.entry(folder.to_owned()).or_default();
                let pulled = *left == 0;
                *left = left.saturating_sub(1);
                pulled
            }
        };
        fails.then_some(trouble)
    }

    pub(super) fn note(&mut self, path: &Path, change: Change) -> io::Result<()> {
        let Some(file) = self.files.get_mut(path) else { return Ok(()) };
        let (offset, length, bytes): (u64, u64, &[u8]) = match &change {
            Change::Write(offset, bytes) => (*offset, bytes.len() as u64, bytes),
            Change::Truncate(size) => (*size, TRUNCATED, &[]),
        };
        file.journal.write_all(&[&offset.to_le_bytes(), &length.to_le_bytes(), bytes].concat())?;
        file.changes.push(change);
        Ok(())
    }

    /// Brings the twin up to date. It survives the end of this process: there is nothing to wait for.
    pub(super) fn sync(&mut self, path: &Path) -> io::Result<()> {
        let Some(file) = self.files.get_mut(path) else { return Ok(()) };
        let mut twin = OpenOptions::new().write(true).open(beside(path, TWIN))?;
        for change in file.changes.drain(..) {
            apply(&mut twin, &change)?;
        }
        file.journal.set_len(0)?;
        file.journal.rewind()
    }
}

/// Applies some sectors of what a journal holds to the twin: those for which `survives` says so.
pub(super) fn tear(twin: &Path, journal: &Path, mut survives: impl FnMut() -> bool) {
    let journal = fs::read(journal).expect("a journal can be read");
    let mut twin = OpenOptions::new().write(true).open(twin).expect("a twin can be opened");
    for change in read(&journal) {
        let parts = match change {
            Change::Write(offset, bytes) => sectors(offset, &bytes),
            truncated => vec![truncated],
        };
        for part in parts {
            if survives() {
                apply(&mut twin, &part).expect("a twin can be written");
            }
        }
    }
}

fn apply(twin: &mut File, change: &Change) -> io::Result<()> {
    match change {
        Change::Write(offset, bytes) => {
            twin.seek(SeekFrom::Start(*offset))?;
            twin.write_all(bytes)
        }
        Change::Truncate(size) => twin.set_len(*size),
    }
}

/// The changes in a journal; of the last one what there is.
fn read(mut journal: &[u8]) -> Vec<Change> {
    let number = |journal: &mut &[u8]| {
        let (number, rest) = journal.split_first_chunk()?;
        *journal = rest;
        Some(u64::from_le_bytes(*number))
    };
    let mut changes = Vec::new();
    while let (Some(offset), Some(length)) = (number(&mut journal), number(&mut journal)) {
        if length == TRUNCATED {
            changes.push(Change::Truncate(offset));
            continue;
        }
        let length = usize::try_from(length).map_or(journal.len(), |length| length.min(journal.len()));
        let (bytes, rest) = journal.split_at(length);
        changes.push(Change::Write(offset, bytes.to_vec()));
        journal = rest;
    }
    changes
}

/// A write, taken apart where the sectors of the disk meet.
fn sectors(offset: u64, bytes: &[u8]) -> Vec<Change> {
    let (mut parts, mut from) = (Vec::new(), 0);
    while from < bytes.len() {
        let at = offset + from as u64;
        let to = bytes.len().min(from + (SECTOR - at % SECTOR) as usize);
        parts.push(Change::Write(at, bytes[from..to].to_vec()));
        from = to;
    }
    parts
}

/// The file that is kept beside `path` under another ending.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The file beside which `path` is kept.
pub(super) fn without(path: &Path, ending: &str) -> PathBuf {
    let name = path.to_string_lossy();
    name.strip_suffix(ending).expect("only files with this ending are asked for").into()
}
