//! Every adapter keeps the contract.

use std::sync::Arc;

use heptad_core::{
    ErrorKind,
    backup::{
        BackupTarget as _,
        target::{FolderTarget, MemoryTarget, open},
    },
};
use heptad_testkit::backup::target_suite;

#[tokio::test]
async fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().expect("a folder");
    target_suite(Arc::new(FolderTarget::new(folder.path().join("not/there/yet")))).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    target_suite(Arc::new(MemoryTarget::new())).await;
}

#[cfg(feature = "object-store")]
#[tokio::test]
async fn an_object_store_keeps_the_contract() {
    use heptad_core::backup::target::CloudTarget;
    target_suite(Arc::new(CloudTarget::over(Arc::new(object_store::memory::InMemory::new()), "acme/db")))
        .await;
}

#[tokio::test]
async fn what_a_crash_left_in_a_folder_is_no_object() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = FolderTarget::new(folder.path());
    target.put("a/b", b"x"[..].into()).await.expect("a put");
    std::fs::write(folder.path().join("a/.0badc0de.part"), "half").expect("a file");
    std::fs::write(folder.path().join("a/.not-ours.part"), "half").expect("a file");
    assert_eq!(target.list("a").await.expect("a list").objects, [("b".to_owned(), 1)]);
    assert!(!folder.path().join("a/.0badc0de.part").exists(), "it does not stay for ever");
    assert!(folder.path().join("a/.not-ours.part").exists(), "what others keep there does");
}

#[test]
fn a_target_that_is_none_is_refused_with_what_would_be_right() {
    let refused = |place: &str| open(place).err().expect("it is refused");
    if cfg!(feature = "object-store") {
        for place in ["ftp://host/x", "s3:///x", "s3://key:secret@bucket/x"] {
            let error = refused(place);
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    } else {
        let error = refused("s3://bucket/x");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("object-store"), "{error}");
    }
    assert!(open("/var/backups/acme").is_ok());
}
