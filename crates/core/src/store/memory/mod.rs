//! The store that forgets: for tests, for work that need not last, and as the plain statement of what every store does.

mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::state::State;
use super::{
    Batch, Capabilities, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId, Watch,
};
use crate::{clock::Clock, error::Result};

/// A [`Store`] that keeps everything in memory and forgets it when it is dropped.
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store; `clock` gives the entries of streams their time.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A batch is checked before anything is changed, and the changes themselves cannot panic: the state is whole even then.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn capabilities(&self) -> Capabilities {
        Capabilities::new("memory", false, false)
    }

    async fn get(&self, key: &Key) -> Result<Option<Record>> {
        Ok(self.state().get(key))
    }

    async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Record>> {
        Ok(self.state().scan(&range, page))
    }

    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        batch.check(&self.capabilities())?;
        self.state().commit(batch, self.clock.now())
    }

    async fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Result<Vec<Entry>> {
        Ok(self.state().read(stream, after, limit))
    }

    fn watch(&self, stream: &StreamId) -> Watch {
        self.state().watch(stream)
    }
}
