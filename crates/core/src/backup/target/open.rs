//! The target that a text names.

use std::sync::Arc;

use super::{BackupTarget, FolderTarget};
use crate::error::Result;
#[cfg(not(feature = "object-store"))]
use crate::error::{Error, ErrorKind};

/// The target called `place`: the path of a folder, or a URL (`s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`, with the
/// feature `object-store`). Credentials of object stores come from the environment variables that their own tools use
/// (`AWS_ACCESS_KEY_ID` …, `GOOGLE_SERVICE_ACCOUNT` …, `AZURE_STORAGE_ACCOUNT_NAME` …). Nothing is asked yet.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is neither; [`Unsupported`](crate::ErrorKind::Unsupported) where the build
/// lacks the feature.
pub fn open(place: &str) -> Result<Arc<dyn BackupTarget>> {
    match place.split_once("://") {
        None => Ok(Arc::new(FolderTarget::new(place))),
        Some(("file", path)) => Ok(Arc::new(FolderTarget::new(path))),
        #[cfg(feature = "object-store")]
        Some(_) => Ok(Arc::new(super::CloudTarget::open(place)?)),
        #[cfg(not(feature = "object-store"))]
        Some((scheme, _)) => {
            let message = format!(
                "backups to `{}://…` need the feature `object-store`, which this build lacks: name a folder",
                scheme.escape_debug()
            );
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}
