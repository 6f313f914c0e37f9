//! Whether the store is encrypted, and what that means for the search index.

use std::{path::Path, sync::Arc};

use heptad_core::{
    Error, Result,
    clock::Clock,
    config::{Config, ENCRYPTION_KEY_FILE, ENCRYPTION_KEYS},
    kernel::Security,
    store::Store,
};
#[cfg(feature = "encryption")]
use heptad_core::{
    config::{ENCRYPTION_EXISTING, ENCRYPTION_SEARCH, SEARCH_PATH},
    crypto::KeyRing,
    store::encrypted::{Encrypted, EncryptedOptions, Plain},
};

/// The key ring that the program chose, before that of the configuration.
#[derive(Default)]
pub(crate) struct Chosen {
    #[cfg(feature = "encryption")]
    pub(crate) ring: Option<Arc<dyn KeyRing>>,
}

impl Chosen {
    /// Whether the store is to be encrypted.
    pub(crate) fn is_asked_for(&self, config: &Config) -> bool {
        #[cfg(feature = "encryption")]
        if self.ring.is_some() {
            return true;
        }
        config.get(&ENCRYPTION_KEY_FILE).is_some() || config.get(&ENCRYPTION_KEYS).is_some()
    }
}

/// A store, encrypted where a key ring was chosen.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn Store>,
    /// The search index must not be kept on the disk.
    pub(crate) index_in_memory: bool,
    /// With what encrypts it.
    pub(crate) security: Security,
}

/// Encrypts `store` where a key ring was chosen. `index` is the folder where the search index would be.
#[cfg(feature = "encryption")]
pub(crate) async fn encrypt(
    chosen: Chosen,
    store: Arc<dyn Store>,
    index: Option<&Path>,
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<Opened> {
    let ring = match chosen.ring {
        None => heptad_core::crypto::configured(config).await?,
        chosen => chosen,
    };
    let Some(ring) = ring else {
        return Ok(Opened { store, index_in_memory: false, security: Security::default() });
    };
    let index_in_memory = config.get(&ENCRYPTION_SEARCH) != "plain";
    if index_in_memory {
        refuse_plain_index(index, config)?;
    }
    let plain = if config.get(&ENCRYPTION_EXISTING) == "read" { Plain::Read } else { Plain::Refuse };
    let options = EncryptedOptions::default().plain(plain);
    let encrypted = Arc::new(Encrypted::open(store, ring, options, Arc::clone(clock)).await?);
    let store: Arc<dyn Store> = Arc::clone(&encrypted) as _;
    let security = Security { encryption: Some(encrypted), ..Security::default() };
    Ok(Opened { store, index_in_memory, security })
}

/// A build that cannot encrypt does not open plain what was to be encrypted.
#[cfg(not(feature = "encryption"))]
pub(crate) async fn encrypt(
    chosen: Chosen,
    store: Arc<dyn Store>,
    _index: Option<&Path>,
    config: &Config,
    _clock: &Arc<dyn Clock>,
) -> Result<Opened> {
    if chosen.is_asked_for(config) {
        let message = "keys are configured, but this build cannot encrypt: it lacks the feature `encryption`";
        return Err(Error::new(crate::ErrorKind::Unsupported, message));
    }
    Ok(Opened { store, index_in_memory: false, security: Security::default() })
}

/// The index holds the documents, readable by everybody who reads its folder.
#[cfg(feature = "encryption")]
fn refuse_plain_index(index: Option<&Path>, config: &Config) -> Result<()> {
    let Some(index) = index else { return Ok(()) };
    let shown = index.display();
    if config.get(&SEARCH_PATH).is_some() {
        return Err(Error::invalid(format!(
            "the store is encrypted and a search index on the disk is not: leave `search.path` ({shown}) out to keep it in memory, or say \
             `encryption.search = \"plain\"`"
        )));
    }
    if index.exists() {
        return Err(Error::invalid(format!(
            "the store is encrypted, but beside it lies the search index {shown}, which is not: remove the folder (it can be rebuilt), or say \
             `encryption.search = \"plain\"`"
        )));
    }
    Ok(())
}
