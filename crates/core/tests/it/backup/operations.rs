//! The operations, and a platform that is not there.

use std::{path::Path, sync::Arc};

use heptad_core::{
    ErrorKind, Kernel,
    backup::{
        self, BackupTarget,
        operations::{Backup, RestoreRequest, RunRequest, StatusRequest, VerifyRequest},
        target::FolderTarget,
    },
    config::{Config, LoadOptions, STORE_PATH},
    kernel::Ports,
    operation::{Context, Handle as _},
};

use super::place::{Site, held, opened, options, site};

/// A handle that knows the configuration, and the backup where one is given; its store is in memory, as the command line has it.
fn handle(folder: &Path, place: Option<&Site>) -> Backup {
    let (ports, _) = crate::platform::ports();
    let config = LoadOptions::new()
        .keys(backup::KEYS)
        .path(&STORE_PATH, folder.join("store.db"))
        .with(&backup::BACKUP_TARGET, folder.join("backup").display());
    let config = Config::load(config).expect("a configuration");
    let backup = place.map(|place| place.backup.clone()).unwrap_or_default();
    Backup::new(Context::owner(Kernel::new(Ports { config, backup, ..ports })))
}

#[tokio::test]
async fn a_backup_is_run_looked_at_verified_and_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let target: Arc<dyn BackupTarget> = Arc::new(FolderTarget::new(folder.path().join("backup")));
    let place = site(folder.path(), target, options()).await;
    let open = handle(folder.path(), Some(&place));
    let mut first = 0;
    for n in 1..=5 {
        place.commit(n).await;
        let report = open.run(RunRequest { snapshot: n == 3 }).await.expect("it runs");
        if n == 1 {
            first = report.commit;
        }
    }
    let expected = held(&*place.store).await;
    let status = open.status(StatusRequest::default()).await.expect("a status");
    assert_eq!((status.chains, status.snapshots, status.error), (1, 2, None));
    assert!(
        status.state.is_some() && status.lag_seconds.is_some() && status.objects >= 9 && status.bytes > 0
    );
    assert_eq!(status.first_commit, Some(first));

    let in_use = RestoreRequest { overwrite: true, ..RestoreRequest::default() };
    let error = open.restore(in_use.clone()).await.expect_err("it is open");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    drop((place, open));

    // The database is gone to pieces. Nothing of it is opened.
    let path = folder.path().join("store.db");
    std::fs::write(&path, "no database any more").expect("a file");
    let handle = handle(folder.path(), None);
    let verified = handle.verify(VerifyRequest::default()).await.expect("it is read");
    assert!(!verified.failed && verified.problems.is_empty() && verified.objects >= 9, "{verified:?}");
    assert_eq!(verified.entries, Some(5));
    let status = handle.status(StatusRequest::default()).await.expect("a status");
    assert_eq!((status.state, status.last_commit), (None, verified.commit));
    let error = handle.restore(RestoreRequest::default()).await.expect_err("it is there");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error:?}");
    assert!(error.message().contains("overwrite"), "{error}");

    let report = handle.restore(in_use).await.expect("it is restored");
    let replaced = report.replaced.expect("what was there is kept");
    assert_eq!(std::fs::read(replaced).expect("a file"), b"no database any more");
    assert_eq!(held(&opened(&path).await).await, expected);
    assert_eq!((report.entries, report.streams), (5, 1));

    let error = handle.run(RunRequest::default()).await.expect_err("no backup is running here");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    let both = RestoreRequest { commit: Some(1), time: Some(report.time), ..RestoreRequest::default() };
    assert_eq!(handle.restore(both).await.expect_err("one of them").kind(), ErrorKind::InvalidInput);
    let nowhere = StatusRequest { target: Some(folder.path().join("empty").display().to_string()) };
    assert_eq!(handle.status(nowhere).await.expect("an empty one").objects, 0);
    let nowhere =
        VerifyRequest { target: Some(folder.path().join("empty").display().to_string()), folder: None };
    assert_eq!(handle.verify(nowhere).await.expect_err("there is none").kind(), ErrorKind::NotFound);
}
