//! The plug is pulled under the database that is backed up.

use std::sync::Arc;

use heptad_core::{
    backup::{BackupOptions, BackupTarget, RestorePoint, target::MemoryTarget},
    store::{Offset, Store},
};
use heptad_testkit::{
    store::stream,
    vfs::{self, Cut},
};

use super::place::{batch, held, opened, options, restored, site};

/// Whatever the disk has lost (these stores are `Normal`, so acknowledged commits are among it), the backup has what it acknowledged, and goes
/// on with what the disk has kept.
#[tokio::test]
async fn the_backup_has_what_it_acknowledged_although_the_disk_lost_it() {
    let mut lost = 0;
    for seed in 0..40_u64 {
        let (folder, aside) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let root = folder.path().canonicalize().expect("the folder has a place");
        let target: Arc<dyn BackupTarget> = Arc::new(MemoryTarget::new());
        let lossy = BackupOptions { vfs: Some(vfs::register().into()), ..options() };
        let place = site(&root, Arc::clone(&target), lossy).await;
        vfs::pull_plug_after(&root, 40 + seed * 7);
        let mut shipped = 0;
        for n in 1..=40 {
            if place.store.commit(batch(n, 900)).await.is_err() {
                break;
            }
            match place.backup.run(n % 10 == 9).await {
                Ok(live) => shipped = live.commit.expect("a commit"),
                Err(_) => break,
            }
        }
        drop(place);
        vfs::trouble(&root, None);
        vfs::cut_power(&root, if seed % 2 == 0 { Cut::Clean } else { Cut::Torn(seed) });
        if shipped > 0 {
            let path = aside.path().join("restored.db");
            let restored = restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
            assert!(
                restored.commit >= shipped,
                "seed {seed}: {shipped} was shipped, {} is there",
                restored.commit
            );
        }
        // The source goes on with what it has, and so does its backup.
        let place = site(&root, Arc::clone(&target), options()).await;
        let kept =
            place.store.read(&stream("log"), Offset::START, usize::MAX).await.expect("a read").len() as u64;
        lost += u64::from(kept < shipped);
        place.commit(99).await;
        place.ship().await;
        let path = aside.path().join("again.db");
        super::place::restored(&target, RestorePoint::Latest, &path).await.expect("it is restored");
        assert_eq!(held(&opened(&path).await).await, held(&*place.store).await, "seed {seed}");
    }
    assert!(lost > 0, "the disk lost something that the backup had");
}
