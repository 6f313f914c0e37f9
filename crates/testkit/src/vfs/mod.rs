//! A SQLite VFS for tests that pull the plug: what was not synced is lost, wholly or in part.
//!
//! It passes everything to the default VFS, and keeps beside every database and log what a disk would have of it: a twin,
//! `<file>.durable`, that gets what was written only when the file is synced, and a journal, `<file>.unsynced`, of what was written
//! since. When the process is gone, [`cut_power`] makes the disk after the loss of power of them. What a sync had written when the end
//! came is kept: syncs are not atomic either.
//!
//! - [`register`] makes it known to SQLite; `sqlite` is that side of it, `disk` the other.
//! - [`trouble`] and [`pull_plug_after`] make a disk fail under a process that goes on.
//!
//! Only files are modelled. Their names are on the disk as soon as they are made or removed, and other folders are left alone.

mod disk;
mod sqlite;

use std::{
    fs,
    path::{Path, PathBuf},
};

pub use self::{
    disk::Trouble,
    sqlite::{NAME, register},
};
use crate::random::Random;

/// Disks write that much at once: the smallest part of a write that survives or not.
pub const SECTOR: u64 = 512;

/// What a disk still writes when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Nothing that was not synced.
    Clean,
    /// Any of the sectors that were not synced, whatever the order they were written in, and the others not: so pages are torn, and a later
    /// write may be there without an earlier one. The number decides which, and how many.
    Torn(u64),
}

/// Makes the files in `folder` what the disk has of them after the loss of power. Files that were not opened through this VFS, and folders,
/// stay as they are.
///
/// # Panics
/// Where a file cannot be read, written or moved.
pub fn cut_power(folder: &Path, cut: Cut) {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    let mut random = match cut {
        Cut::Clean => None,
        Cut::Torn(seed) => Some(Random::new(seed)),
    };
    // Of all files the same part survives: nothing, everything, or between.
    let sixteenths = random.as_mut().map_or(0, |random| random.below(17));
    let with = |ending: &str| {
        let mut files: Vec<_> =
            files.iter().filter(|file| file.to_string_lossy().ends_with(ending)).collect();
        files.sort();
        files
    };
    for half_done in with("-shm").into_iter().chain(with(disk::COPYING)) {
        // The shared memory of a log, which is never on the disk, and twins that were not whole when the end came.
        fs::remove_file(half_done).expect("a file can be removed");
    }
    for twin in with(disk::TWIN) {
        let file = disk::without(twin, disk::TWIN);
        if let Some(random) = &mut random {
            disk::tear(twin, &disk::beside(&file, disk::JOURNAL), || random.below(16) < sixteenths);
        }
        fs::rename(twin, file).expect("a twin can be moved");
    }
    for journal in with(disk::JOURNAL) {
        fs::remove_file(journal).expect("a file can be removed");
    }
}

/// Makes trouble for all files in `folder` that this process has open through this VFS, until it is called with `None`. The folder is
/// named as SQLite names it: canonically.
pub fn trouble(folder: &Path, trouble: Option<Trouble>) {
    let mut disk = disk::disk();
    match trouble {
        Some(trouble) => disk.trouble.insert(folder.to_owned(), trouble),
        None => disk.trouble.remove(folder),
    };
}

/// Lets `operations` more writes and syncs in `folder` succeed and fails every one after them, as if the power were gone: what follows is
/// [`cut_power`]. The folder is named as for [`trouble`], which also ends it.
pub fn pull_plug_after(folder: &Path, operations: u64) {
    disk::disk().plugs.insert(folder.to_owned(), operations);
    trouble(folder, Some(Trouble::PlugPulled));
}

/// How many writes and syncs are left before the plug is pulled; 0 where it was.
pub fn left_before_plug(folder: &Path) -> u64 {
    disk::disk().plugs.get(folder).copied().unwrap_or(0)
}
