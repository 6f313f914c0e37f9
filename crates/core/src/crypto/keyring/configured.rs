//! The key ring that a configuration names.

use std::sync::Arc;

use super::{FileKeyRing, KeyRing, TextKeyRing};
use crate::{
    config::{Config, ENCRYPTION_KEY_FILE, ENCRYPTION_KEYS, Source},
    error::{Error, Result},
};

/// The key ring of `encryption.key_file` or `encryption.keys`; `None` where neither is set.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) where both are set, or keys stand in a configuration file; whatever
/// [`FileKeyRing::open`] and [`TextKeyRing::parse`] refuse.
pub async fn configured(config: &Config) -> Result<Option<Arc<dyn KeyRing>>> {
    match (config.get(&ENCRYPTION_KEY_FILE), config.get(&ENCRYPTION_KEYS)) {
        (None, None) => Ok(None),
        (Some(path), None) => Ok(Some(Arc::new(FileKeyRing::open(path).await?))),
        (None, Some(keys)) => {
            if let Source::File { path, line } = config.source(&ENCRYPTION_KEYS) {
                let message = "keys do not belong into a configuration file, which is read by others: name a file of their own with \
                               `encryption.key_file`, or set `HEPTAD_ENCRYPTION_KEYS`";
                return Err(Error::invalid(message).with("where", format_args!("{path}:{line}")));
            }
            Ok(Some(Arc::new(TextKeyRing::parse(&keys)?)))
        }
        (Some(_), Some(_)) => Err(Error::invalid(
            "`encryption.key_file` and `encryption.keys` are both set: there is one key ring",
        )),
    }
}
