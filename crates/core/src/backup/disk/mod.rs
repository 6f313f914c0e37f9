//! Files that appear whole or not at all, that are kept for one, and that are shared with SQLite.

#[cfg(feature = "sqlite")]
mod scratch;
#[cfg(feature = "sqlite")]
mod shared;

use std::{
    fs::{self, File},
    io,
    path::Path,
};

#[cfg(feature = "sqlite")]
pub(super) use self::{scratch::Scratch, shared::SharedFile};

/// Moves `temporary` to `place`, where nothing may be.
pub(super) fn publish(temporary: &Path, place: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, place) {
        Ok(()) => fs::remove_file(temporary),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists || place.exists() => {
            Err(io::ErrorKind::AlreadyExists.into())
        }
        // A file system without hard links: the best it can do.
        Err(_) => fs::rename(temporary, place),
    }
}

/// Names in the folder survive the loss of power from here on.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(()); // A folder cannot be opened there, and NTFS keeps a journal of names.
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

/// The file beside `path` whose name ends with `suffix`.
#[cfg(feature = "sqlite")]
pub(super) fn beside(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Eight hexadecimal digits that nobody else has chosen.
pub(super) fn random_name() -> String {
    let mut bytes = [0; 4];
    if getrandom::fill(&mut bytes).is_err() {
        // The clock of the process is no worse than any other way to tell two names apart.
        bytes = std::process::id().to_le_bytes();
    }
    format!("{:08x}", u32::from_be_bytes(bytes))
}
