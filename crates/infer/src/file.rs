//! The bytes of a model file, mapped into memory: the only place of this crate that touches the disk.

use std::{fmt, fs::File, ops::Deref, ops::Range, path::Path, sync::Arc};

use memmap2::Mmap;

use crate::error::{Error, Result};

/// A shared, immutable stretch of bytes: a mapped file, a part of one, or bytes in memory. Cloning and slicing copy nothing.
#[derive(Clone)]
pub struct Bytes {
    source: Arc<Source>,
    range: Range<usize>,
}

enum Source {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    /// Maps a file. Pages are read when they are first touched, and shared with every process that maps the same file.
    ///
    /// The file must not be shortened while it is mapped: the system ends a process that touches what is no longer there. Replace a
    /// model file by renaming a new one over it.
    ///
    /// # Errors
    /// [`Error::File`] when the file cannot be opened or mapped.
    pub fn map(path: &Path) -> Result<Self> {
        let failed = |source| Error::File { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(failed(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
        }
        #[expect(unsafe_code, reason = "mapping a file is the one thing that cannot be done without")]
        // SAFETY: the map is read-only and private to this type, which hands out `&[u8]` only. Another process that writes to the file
        // can change what we read: every byte is checked where it is used, none is trusted to stay what it was, and no type with
        // invalid bit patterns is ever laid over it: text is copied before it is checked. Shortening the file is the caller's to avoid, as the documentation says.
        let map = unsafe { Mmap::map(&file) }.map_err(failed)?;
        let range = 0..map.len();
        Ok(Self { source: Arc::new(Source::Mapped(map)), range })
    }

    /// A part of these bytes; `None` when it is not inside them.
    pub fn slice(&self, range: Range<usize>) -> Option<Self> {
        if range.start > range.end || range.end > self.len() {
            return None;
        }
        let start = self.range.start + range.start;
        Some(Self { source: Arc::clone(&self.source), range: start..start + (range.end - range.start) })
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        let range = 0..bytes.len();
        Self { source: Arc::new(Source::Owned(bytes)), range }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let all: &[u8] = match &*self.source {
            Source::Mapped(map) => map,
            Source::Owned(bytes) => bytes,
        };
        &all[self.range.clone()]
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.len())
    }
}
