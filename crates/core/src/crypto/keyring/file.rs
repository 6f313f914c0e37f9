//! A key ring in a file that only its owner can read.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::{
    super::SecretKey,
    KeyRing, WrappedKey,
    keys::{Keys, MAX_BYTES},
};
use crate::error::{Error, ErrorKind, Result};

/// A key ring in a file of `name key` lines; the last one wraps, all unwrap. Blank lines and those that begin with `#` are passed over.
///
/// The file is read whenever the ring is asked, which is seldom, and never kept: a line added at its end is the current key at once, in every
/// process. On Unix a file that its group or others may read or write is refused; on other systems who may read it is not checked.
#[derive(Clone, Debug)]
pub struct FileKeyRing {
    path: PathBuf,
}

impl FileKeyRing {
    /// The ring in the file at `path`, which must be there and hold a key.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound), [`PermissionDenied`](ErrorKind::PermissionDenied) where others may read it,
    /// [`InvalidInput`](ErrorKind::InvalidInput) where it is no key ring.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let ring = Self { path: path.into() };
        ring.read().await?;
        Ok(ring)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn read(&self) -> Result<Keys> {
        let path = self.path.clone();
        let reading = tokio::task::spawn_blocking(move || read(&path));
        reading.await.map_err(|error| Error::internal("reading the key ring panicked").because(error))?
    }
}

#[async_trait]
impl KeyRing for FileKeyRing {
    async fn current(&self) -> Result<String> {
        Ok(self.read().await?.current().to_owned())
    }

    async fn wrap(&self, key: &SecretKey, context: &str) -> Result<WrappedKey> {
        self.read().await?.wrap(key, context)
    }

    async fn unwrap(&self, wrapped: &WrappedKey, context: &str) -> Result<SecretKey> {
        self.read().await?.unwrap(wrapped, context)
    }
}

fn read(path: &Path) -> Result<Keys> {
    let shown = path.display().to_string();
    let failed = |error: std::io::Error| {
        let (kind, what) = match error.kind() {
            std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "does not exist"),
            std::io::ErrorKind::InvalidData => (ErrorKind::InvalidInput, "is not UTF-8 text"),
            std::io::ErrorKind::PermissionDenied => {
                (ErrorKind::PermissionDenied, "may not be read by this process")
            }
            _ => (ErrorKind::Unavailable, "cannot be read"),
        };
        Error::new(kind, format!("the key ring {shown} {what}")).because(error)
    };
    let file = File::open(path).map_err(failed)?;
    // Of the open file, so that nobody can put another in its place between the check and the reading.
    check_mode(&file.metadata().map_err(failed)?, &shown)?;
    let mut text = Zeroizing::new(String::with_capacity(4096));
    file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    Keys::parse(&text, &shown)
}

#[cfg(unix)]
fn check_mode(metadata: &std::fs::Metadata, path: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_file() && mode & 0o077 != 0 {
        let message = format!(
            "the key ring {path} has mode {mode:04o}: others than its owner may use it; `chmod 600 {path}`"
        );
        return Err(Error::new(ErrorKind::PermissionDenied, message));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_mode(_metadata: &std::fs::Metadata, _path: &str) -> Result<()> {
    Ok(())
}
