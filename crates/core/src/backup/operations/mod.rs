//! The operations of the backup. `restore`, `verify` and `status` read the target alone: they need no open database ([`OFFLINE`](super::OFFLINE)).

mod messages;

use std::{path::PathBuf, sync::Arc};

pub use self::messages::{
    BackupReport, BackupStatus, RestoreReport, RestoreRequest, RunRequest, StatusRequest, VerifyReport,
    VerifyRequest,
};
use super::{
    BACKUP_TARGET, BackupTarget, Existing, RestorePoint, archive::Archive, header::CHAINS, status::Live,
    target,
};
use crate::{
    clock::Timestamp,
    config::STORE_PATH,
    error::{Error, ErrorKind, Result},
    operation::{Context, Handle, operations},
};

/// The handle of the backup.
#[derive(Clone)]
pub struct Backup {
    context: Context,
}

impl Handle for Backup {
    fn new(context: Context) -> Self {
        Self { context }
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

#[operations(system = "backup")]
impl Backup {
    /// Ships everything that is committed now, and returns when it can be restored.
    ///
    /// An open platform with `backup.target` does so all the time. This is for whoever wants to be sure, before an upgrade for example, and for
    /// a program that runs now and then.
    #[operation(writes)]
    pub async fn run(&self, request: RunRequest) -> Result<BackupReport> {
        let live = self.context.kernel.backup.run(request.snapshot).await?;
        Ok(BackupReport { commit: live.commit.unwrap_or(0), complete: live.complete })
    }

    /// Restores a state of the database from the backup to a file: the last one, or that of a commit or a time.
    ///
    /// The file is checked before it takes its place, and appears whole or not at all. A file that is there stays, unless `overwrite` moves it
    /// aside. Needs no open database.
    #[operation(writes)]
    pub async fn restore(&self, request: RestoreRequest) -> Result<RestoreReport> {
        let point = match (request.commit, request.time) {
            (None, None) => RestorePoint::Latest,
            (Some(commit), None) => RestorePoint::Commit(commit),
            (None, Some(time)) => RestorePoint::Time(time),
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "`commit` and `time` are both given: one of them says what to restore",
                ));
            }
        };
        let to = match request.to.map(PathBuf::from).or_else(|| self.context.kernel.config.get(&STORE_PATH)) {
            Some(to) => to,
            None => return Err(Error::invalid("say with `to` which file to restore to")),
        };
        let existing = if request.overwrite { Existing::MoveAside } else { Existing::Refuse };
        let target = self.target(request.target)?;
        let restored = super::restore(target, point, &to, existing, self.context.progress.clone()).await?;
        Ok(RestoreReport::new(&to, restored))
    }

    /// Reads and checks every object of the backup, and restores the last state aside to check it.
    ///
    /// `failed` says whether anything is wrong; `problems` says what. Needs no open database, and room for a copy of it.
    #[operation(reads)]
    pub async fn verify(&self, request: VerifyRequest) -> Result<VerifyReport> {
        let folder = request.folder.map(PathBuf::from).unwrap_or_else(|| self.folder());
        let target = self.target(request.target)?;
        let found = super::verify(target, &folder, self.context.progress.clone()).await?;
        Ok(found.into())
    }

    /// Tells how far the backup is, what it holds, and how it does.
    ///
    /// What it holds is read from the target, and needs no open database; how it does is known to the process that has it open.
    #[operation(reads)]
    pub async fn status(&self, request: StatusRequest) -> Result<BackupStatus> {
        let live = self.context.kernel.backup.live();
        let archive = Archive::new(self.target(request.target)?);
        let mut status = look(&archive).await?;
        if let Some(live) = live {
            self.tell(&mut status, live);
        }
        Ok(status)
    }
}

impl Backup {
    /// The target that a request names, or the configured one.
    fn target(&self, named: Option<String>) -> Result<Arc<dyn BackupTarget>> {
        let Some(place) = named.or_else(|| self.context.kernel.config.get(&BACKUP_TARGET)) else {
            let message =
                "no backup is configured: set `backup.target`, or name the folder or URL with `target`";
            return Err(Error::new(ErrorKind::InvalidInput, message));
        };
        target::open(&place)
    }

    /// Where a file is restored aside: beside the database, where there is room for it.
    fn folder(&self) -> PathBuf {
        let path = self.context.kernel.config.get(&STORE_PATH);
        let folder = path.and_then(|path| path.parent().map(PathBuf::from));
        folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| PathBuf::from("."))
    }

    fn tell(&self, status: &mut BackupStatus, live: Live) {
        let now = self.context.kernel.clock.now();
        status.state = Some(live.state);
        status.lag_seconds =
            live.complete.map(|complete| now.duration_since(complete).as_secs_f64().max(0.0));
        status.failures = Some(live.failures);
        status.error = live.error;
    }
}

/// What the target holds.
async fn look(archive: &Archive) -> Result<BackupStatus> {
    let mut status = BackupStatus { target: archive.target.describe(), ..BackupStatus::default() };
    for chain in archive.chains().await? {
        status.chains += 1;
        let snapshots = archive.snapshots(&chain).await?.whole;
        status.snapshots += snapshots.len() as u64;
        if let (Some(first), Some(sequence)) = (snapshots.first(), archive.last_sequence(&chain).await?) {
            let first = &first.header;
            status.first_commit.get_or_insert(first.commit);
            status.first_time = status.first_time.or_else(|| Timestamp::from_millisecond(first.time).ok());
            let (header, _) = archive.log(&chain, 0, sequence).await?;
            if let Some(last) = header.points.last() {
                status.last_commit = Some(last.commit);
                status.last_time = Timestamp::from_millisecond(last.time).ok();
            }
        }
    }
    let mut folders = vec![CHAINS.to_owned()];
    while let Some(folder) = folders.pop() {
        let listing = archive.target.list(&folder).await?;
        status.objects += listing.objects.len() as u64;
        status.bytes += listing.objects.iter().map(|(_, bytes)| bytes).sum::<u64>();
        folders.extend(listing.folders.iter().map(|name| format!("{folder}/{name}")));
    }
    Ok(status)
}
