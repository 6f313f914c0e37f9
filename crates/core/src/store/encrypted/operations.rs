//! The operations of the encryption: what it is, changing its keys, looking at everything.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DataKeyStatus, Encrypted, Reencrypted, Retired, Verified};
use crate::{
    error::{Error, ErrorKind, Result},
    operation::{Context, Handle, operations},
};

/// The handle of the encryption at rest.
#[derive(Clone)]
pub struct Encryption {
    context: Context,
}

impl Handle for Encryption {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

/// Whether the store is encrypted, and with what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EncryptionStatus {
    /// It is.
    pub encrypted: bool,
    /// Its data keys, the oldest first; the last one seals.
    pub data_keys: Vec<DataKeyStatus>,
    /// The data keys older than that: `encryption.reencrypt` and then `encryption.retire` end them.
    pub older: usize,
}

/// A data key that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rotated {
    /// Its number.
    pub data_key: u32,
}

/// Data keys that were wrapped anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rewrapped {
    /// How many; 0: no older key of the ring is needed any more.
    pub data_keys: usize,
}

/// A collection that was written before the store was encrypted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AdoptRequest {
    /// Its name.
    pub collection: String,
}

/// A collection whose records are encrypted from the next `encryption.reencrypt` on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adopted {
    /// Its name.
    pub collection: String,
}

impl Encryption {
    fn layer(&self) -> Result<Arc<Encrypted>> {
        self.context.kernel.security.encryption.clone().ok_or_else(|| {
            let message = "the store is not encrypted: name a file of keys by `encryption.key_file`";
            Error::new(ErrorKind::Unsupported, message)
        })
    }
}

#[operations(system = "encryption")]
impl Encryption {
    /// Tells whether the store is encrypted, and which data keys seal what.
    #[operation(reads)]
    pub async fn status(&self) -> Result<EncryptionStatus> {
        let Some(layer) = self.context.kernel.security.encryption.clone() else {
            return Ok(EncryptionStatus { encrypted: false, data_keys: Vec::new(), older: 0 });
        };
        let data_keys = layer.status().await?;
        Ok(EncryptionStatus { encrypted: true, older: data_keys.len().saturating_sub(1), data_keys })
    }

    /// Makes a new data key, which every process seals with from its next commit on. What older ones sealed can be read as before.
    #[operation(writes)]
    pub async fn rotate(&self) -> Result<Rotated> {
        Ok(Rotated { data_key: self.layer()?.rotate().await? })
    }

    /// Wraps the data keys with the current key of the ring, after that was changed.
    ///
    /// May be stopped at any time and called again.
    #[operation(writes)]
    pub async fn rewrap(&self) -> Result<Rewrapped> {
        Ok(Rewrapped { data_keys: self.layer()?.rewrap().await? })
    }

    /// Writes the records anew that older data keys sealed, while others go on reading and writing.
    ///
    /// It may be stopped or killed at any time, and goes on from there when it is called again. Entries of streams are not written again: their data key stays until
    /// they are trimmed, and the report names them.
    #[operation(writes)]
    pub async fn reencrypt(&self) -> Result<Reencrypted> {
        self.layer()?.reencrypt(&*self.context.progress).await
    }

    /// Removes the data keys that nothing in this store needs any more. Copies and backups made before keep their own wrapped keys, and stay readable.
    #[operation(writes)]
    pub async fn retire(&self) -> Result<Retired> {
        self.layer()?.retire().await
    }

    /// Opens everything that is encrypted and tells what is not as it was written. Changes nothing.
    #[operation(reads)]
    pub async fn verify(&self) -> Result<Verified> {
        self.layer()?.verify(&*self.context.progress).await
    }

    /// Marks a collection that was written before the store was encrypted: `encryption.reencrypt` encrypts its records.
    #[operation(writes)]
    pub async fn adopt(&self, request: AdoptRequest) -> Result<Adopted> {
        self.layer()?.adopt(&request.collection).await?;
        Ok(Adopted { collection: request.collection })
    }
}
