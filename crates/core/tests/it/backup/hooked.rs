//! A target during whose calls a test does something.

use std::sync::Arc;

use async_trait::async_trait;
use heptad_core::{
    Result,
    backup::{
        BackupTarget,
        target::{Listing, MemoryTarget},
    },
};

/// What is done before a call is passed on. An error is what the call fails with.
#[async_trait]
pub(super) trait Hook: Send + Sync {
    async fn put(&self, _name: &str) -> Result<()> {
        Ok(())
    }

    async fn get(&self, _name: &str) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, _name: &str) -> Result<()> {
        Ok(())
    }
}

pub(super) struct Hooked<H> {
    pub(super) inner: MemoryTarget,
    pub(super) hook: H,
}

impl<H> Hooked<H> {
    pub(super) fn new(hook: H) -> Arc<Self> {
        Arc::new(Self { inner: MemoryTarget::new(), hook })
    }
}

#[async_trait]
impl<H: Hook> BackupTarget for Hooked<H> {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    async fn put(&self, name: &str, bytes: Arc<[u8]>) -> Result<()> {
        self.hook.put(name).await?;
        self.inner.put(name, bytes).await
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>> {
        self.hook.get(name).await?;
        self.inner.get(name).await
    }

    async fn list(&self, folder: &str) -> Result<Listing> {
        self.inner.list(folder).await
    }

    async fn delete(&self, name: &str) -> Result<()> {
        self.hook.delete(name).await?;
        self.inner.delete(name).await
    }
}
