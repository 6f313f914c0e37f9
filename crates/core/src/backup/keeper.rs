//! The backup of an open platform, as the kernel has it.

use super::status::Live;
#[cfg(feature = "sqlite")]
use {
    super::{BackupOptions, BackupTarget, worker::Worker},
    crate::{clock::Clock, error::Result, store::sqlite::LogGate, telemetry::Metrics},
    std::{path::Path, sync::Arc},
};

/// What is behind the name of a database in that of the file whose lock says who ships it.
#[cfg(feature = "sqlite")]
pub(super) const LOCK: &str = ".backup-lock";

/// The continuous backup of a platform, where one is configured. Cheap to clone; it ends when the last clone is dropped, after it has shipped
/// what was committed (for up to five seconds: what is left is shipped by whoever opens the file next).
#[derive(Clone, Default)]
pub struct Backups {
    #[cfg(feature = "sqlite")]
    worker: Option<Arc<Worker>>,
}

impl Backups {
    /// Starts to ship the SQLite file at `path` to `target`. The store must have been opened with the same `gate`
    /// ([`SqliteOptions::log`](crate::store::sqlite::SqliteOptions)).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) where a thread cannot be started. All else is tried again, and told by
    /// [`live`](Self::live), the health of the platform and the metrics.
    #[cfg(feature = "sqlite")]
    pub fn start(
        path: &Path,
        target: Arc<dyn BackupTarget>,
        gate: LogGate,
        options: BackupOptions,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> Result<Self> {
        let worker = Worker::start(path.to_owned(), target, gate, options, clock, metrics.clone())?;
        Ok(Self { worker: Some(Arc::new(worker)) })
    }

    /// How it does; `None` where no backup is configured.
    pub fn live(&self) -> Option<Live> {
        #[cfg(feature = "sqlite")]
        return self.worker.as_ref().map(|worker| worker.live());
        #[cfg(not(feature = "sqlite"))]
        None
    }

    /// Ships everything that is committed now and makes sure that it can be restored; with `snapshot` a new snapshot is taken. Returns when
    /// the target has it.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) where no backup is configured; [`Conflict`](crate::ErrorKind::Conflict) where another
    /// process ships the file; whatever the target fails with.
    #[cfg(feature = "sqlite")]
    pub async fn run(&self, snapshot: bool) -> Result<Live> {
        let Some(worker) = &self.worker else {
            let message = "no backup is configured: set `backup.target` to a folder or a URL";
            return Err(crate::error::Error::new(crate::error::ErrorKind::Unsupported, message));
        };
        worker.run(snapshot).await
    }
}
