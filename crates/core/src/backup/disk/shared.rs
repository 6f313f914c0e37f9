//! Reading a file that SQLite has open in this process.

use std::{fs::File, io, path::Path};

/// A database file, for reading beside SQLite. Cheap to clone.
///
/// On Unix it is never closed: the end of any descriptor of a file takes all locks of the process on that file with it, SQLite's among them
/// (sqlite.org/howtocorrupt.html, "Posix advisory locks canceled by a separate thread doing close()"), and then others take the database for
/// closed. So there is one for each file, for as long as the process lives.
#[derive(Clone)]
pub(in crate::backup) struct SharedFile(#[cfg(unix)] &'static File, #[cfg(not(unix))] std::sync::Arc<File>);

impl SharedFile {
    #[cfg(unix)]
    pub(in crate::backup) fn open(path: &Path) -> io::Result<Self> {
        use std::{
            collections::HashMap,
            fs,
            os::unix::fs::MetadataExt as _,
            sync::{LazyLock, Mutex, PoisonError},
        };
        /// By device and number.
        static OPEN: LazyLock<Mutex<HashMap<(u64, u64), &'static File>>> = LazyLock::new(Mutex::default);
        let which = |about: fs::Metadata| (about.dev(), about.ino());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(&which(fs::metadata(path)?)) {
            return Ok(Self(file));
        }
        // Before anything can fail: it must not be closed.
        let file: &'static File = Box::leak(Box::new(File::open(path)?));
        Ok(Self(open.entry(which(file.metadata()?)).or_insert(file)))
    }

    #[cfg(not(unix))]
    pub(in crate::backup) fn open(path: &Path) -> io::Result<Self> {
        File::open(path).map(|file| Self(file.into()))
    }

    /// Up to `most` bytes from `offset` on; fewer where the file ends.
    pub(in crate::backup) fn read_at(&self, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let (mut bytes, mut filled) = (vec![0; most], 0);
        while filled < most {
            #[cfg(unix)]
            let read =
                std::os::unix::fs::FileExt::read_at(self.0, &mut bytes[filled..], offset + filled as u64);
            #[cfg(windows)]
            let read = std::os::windows::fs::FileExt::seek_read(
                &*self.0,
                &mut bytes[filled..],
                offset + filled as u64,
            );
            match read {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}
