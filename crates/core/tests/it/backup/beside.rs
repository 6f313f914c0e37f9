//! Merges, snapshots and forgetting beside shipping: it waits for none of them, and goes on where they fail.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use heptad_core::{
    Error, ErrorKind, Result,
    backup::{BackupOptions, BackupState, BackupTarget, RestorePoint, verify},
    operation::HealthState,
    progress::Silent,
};

use super::{
    hooked::{Hook, Hooked},
    place::{held, opened, options, restored, site},
    trouble::health,
};

/// What is merged is not answered, and nothing may be deleted, as long as `trouble` lasts.
#[derive(Default)]
struct Beside {
    trouble: AtomicBool,
    merges: AtomicU64,
    deletes: AtomicU64,
}

#[async_trait]
impl Hook for Beside {
    async fn put(&self, name: &str) -> Result<()> {
        if name.contains("/log/1/") {
            self.merges.fetch_add(1, Ordering::SeqCst);
            if self.trouble.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }

    async fn delete(&self, _: &str) -> Result<()> {
        self.deletes.fetch_add(1, Ordering::SeqCst);
        if self.trouble.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::PermissionDenied, "nothing may be deleted"));
        }
        Ok(())
    }
}

#[tokio::test]
async fn what_fails_beside_shipping_is_told_and_keeps_nothing_from_being_shipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let hooked = Hooked::new(Beside { trouble: true.into(), ..Beside::default() });
    let target: Arc<dyn BackupTarget> = Arc::clone(&hooked) as _;
    let quick = BackupOptions { timeout: Duration::from_millis(300), ..options() };
    let mut place = site(folder.path(), Arc::clone(&target), quick.clone()).await;
    place.commit(1).await;
    place.ship().await;
    // A snapshot that an end left without its manifest is to be forgotten by whoever goes on.
    let chain = target.list("chains").await.expect("a list").folders.remove(0);
    let left = format!("chains/{chain}/snapshots/000000000001-0badc0de/base-000000");
    hooked.inner.replace(&left, b"half"[..].into());
    drop(place);
    place = site(folder.path(), Arc::clone(&target), quick).await;
    let mut told = None;
    for n in 2.. {
        let last = place.commit(n).await;
        assert_eq!(place.ship().await, last, "it is shipped");
        let live = place.backup.live().expect("a backup");
        assert_eq!(live.state, BackupState::Shipping, "{live:?}");
        told = told.or(live.error);
        let hook = &hooked.hook;
        if told.is_some() && hook.merges.load(Ordering::SeqCst) > 1 && hook.deletes.load(Ordering::SeqCst) > 1
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let part = health(&place).await;
    assert_eq!(part.state, HealthState::Degraded, "{part:?}");
    assert!(part.detail.is_some_and(|detail| detail.contains("merge")));
    hooked.hook.trouble.store(false, Ordering::SeqCst);
    place
        .ship_until(|| {
            let names = hooked.inner.names();
            names.iter().any(|name| name.contains("/log/1/"))
                && !names.contains(&left)
                && place.backup.live().is_some_and(|live| live.error.is_none())
        })
        .await;
    assert_eq!(health(&place).await.state, HealthState::Ok);
    let path = folder.path().join("restored.db");
    restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
    assert_eq!(held(&opened(&path).await).await, held(&*place.store).await);
    let found = verify(target, folder.path(), Arc::new(Silent)).await.expect("it can be read");
    assert_eq!(found.problems, Vec::<String>::new());
}
