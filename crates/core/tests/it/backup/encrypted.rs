//! An encrypted store on top: its backup is encrypted, and what is restored twice never uses a nonce twice.

use std::{collections::BTreeSet, sync::Arc};

use heptad_core::{
    backup::{BackupTarget, RestorePoint, target::MemoryTarget},
    clock::SystemClock,
    crypto::{SecretKey, TextKeyRing},
    progress::Silent,
    store::{
        Batch, Store, Value,
        encrypted::{Encrypted, EncryptedOptions},
    },
};
use heptad_testkit::store::key;

use super::place::{opened, options, restored, site};

const CANARY: &str = "canary-4f9d1c";

async fn encrypted(store: Arc<dyn Store>, ring: &str) -> Encrypted {
    let ring = Arc::new(TextKeyRing::parse(ring).expect("a key ring"));
    let opened = Encrypted::open(store, ring, EncryptedOptions::default(), Arc::new(SystemClock)).await;
    opened.expect("the store opens with its keys")
}

fn put(id: &str, text: &str) -> Batch {
    let mut batch = Batch::new();
    batch.put(key("secrets", id), Value::json(&text).expect("a text"));
    batch
}

#[tokio::test]
async fn a_store_restored_twice_is_whole_and_its_nonces_differ() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = MemoryTarget::new();
    let target: Arc<dyn BackupTarget> = Arc::new(memory.clone());
    let ring = format!("main {}", *SecretKey::generate().expect("a key").to_base64());
    let place = site(folder.path(), Arc::clone(&target), options()).await;
    let store = encrypted(Arc::clone(&place.store) as Arc<dyn Store>, &ring).await;
    let mut commits = Vec::new();
    for n in 0..20 {
        store.commit(put(&n.to_string(), &format!("{CANARY} {n}"))).await.expect("a commit");
        commits.push(place.ship().await);
    }
    for name in memory.names() {
        let object = memory.get(&name).await.expect("an object");
        let body = object.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!body, "{name} is readable");
    }

    let mut sealed = BTreeSet::new();
    for (round, commit) in [commits[9], commits[9], commits[19], commits[19]].into_iter().enumerate() {
        let path = folder.path().join(format!("{round}.db"));
        restored(&target, RestorePoint::Commit(commit), &path).await.expect("it is restored");
        let plain: Arc<dyn Store> = Arc::new(opened(&path).await);
        let store = encrypted(Arc::clone(&plain), &ring).await;
        let seen = store.get(&key("secrets", "9")).await.expect("a get").expect("a record");
        assert_eq!(seen.value.decode::<String>().expect("a text"), format!("{CANARY} 9"));
        for n in 0..5 {
            store.commit(put(&format!("new-{n}"), "the same text")).await.expect("a commit");
            let raw =
                plain.get(&key("secrets", &format!("new-{n}"))).await.expect("a get").expect("a record");
            assert!(
                sealed.insert(raw.value.as_bytes().to_vec()),
                "the same text in the same place was sealed alike"
            );
        }
        let verified = store.verify(&Silent).await.expect("it is verified");
        assert_eq!((verified.damaged, verified.damages), (0, Vec::new()));
        assert!(verified.records >= 10, "{} records", verified.records);
    }
    assert_eq!(sealed.len(), 20);
}
