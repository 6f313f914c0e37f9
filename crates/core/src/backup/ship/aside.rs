//! What runs beside shipping has of a [`Shipper`]: enough to read and to put objects of one chain, and nothing that shipping changes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::{Either, select};

use super::{Chain, Shipper, watch::unanswered};
use crate::{
    backup::{
        BackupTarget,
        archive::Archive,
        header::{Header, What},
        object::{Link, encode},
        target::Listing,
    },
    clock::Clock,
    error::{Error, ErrorKind, Result},
};

/// Work for one chain that shipping does not wait for.
#[derive(Clone)]
pub(super) struct Aside {
    pub(super) chain: String,
    pub(super) page_size: u32,
    pub(super) archive: Archive,
    pub(super) clock: Arc<dyn Clock>,
    database: String,
}

impl Shipper {
    pub(super) fn aside(&self, chain: &Chain) -> Aside {
        let (target, clock) = (Arc::clone(&self.target), Arc::clone(&self.clock));
        let target = Patient { target, clock: Arc::clone(&clock), patience: self.options.patience };
        Aside {
            chain: chain.name.clone(),
            page_size: self.page_size,
            archive: Archive::new(Arc::new(target)),
            clock,
            database: self.database.clone(),
        }
    }
}

impl Aside {
    /// The object with the body that `body` makes, and its link; `None` where that makes none. Both on a thread for such work.
    pub(super) async fn encode(
        &self,
        place: &str,
        body: impl FnOnce() -> Result<Option<(What, Vec<u8>)>> + Send + 'static,
    ) -> Result<Option<(Arc<[u8]>, Link)>> {
        let (place, database, page_size) = (place.to_owned(), self.database.clone(), self.page_size);
        blocking(move || {
            let Some((what, body)) = body()? else { return Ok(None) };
            let (object, link) = encode(&Header { place, database, page_size, what }, &body)?;
            Ok(Some((object.into(), link)))
        })
        .await
    }

    /// Puts an object. One with the same bytes may be there: put by a call whose answer was lost.
    pub(super) async fn put(&self, place: &str, object: Arc<[u8]>) -> Result<()> {
        match self.archive.target.put(place, Arc::clone(&object)).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let found = self.archive.target.get(place).await?;
                if found[..] == object[..] { Ok(()) } else { Err(error) }
            }
            outcome => outcome,
        }
    }
}

/// Runs what keeps a processor busy where it keeps nothing else from running.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("work for the backup panicked").because(error))?
}

/// A target that is waited for, but not for ever.
struct Patient {
    target: Arc<dyn BackupTarget>,
    clock: Arc<dyn Clock>,
    /// How long it may take for one object.
    patience: Duration,
}

impl Patient {
    async fn within<T>(&self, work: impl Future<Output = Result<T>> + Unpin) -> Result<T> {
        match select(work, self.clock.sleep(self.patience)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(unanswered(self.patience)),
        }
    }
}

#[async_trait]
impl BackupTarget for Patient {
    fn describe(&self) -> String {
        self.target.describe()
    }

    async fn put(&self, name: &str, bytes: Arc<[u8]>) -> Result<()> {
        self.within(self.target.put(name, bytes)).await
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>> {
        self.within(self.target.get(name)).await
    }

    async fn list(&self, folder: &str) -> Result<Listing> {
        self.within(self.target.list(folder)).await
    }

    async fn delete(&self, name: &str) -> Result<()> {
        self.within(self.target.delete(name)).await
    }
}
