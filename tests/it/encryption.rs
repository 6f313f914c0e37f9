//! An encrypted platform as a host opens it.

use std::{fs, path::Path, sync::Arc};

use heptad::{
    ErrorKind,
    core::{
        code::operations::IndexRequest,
        crypto::{Fault, SecretKey, TextKeyRing},
        progress::Silent,
        search::operations::QueryRequest,
    },
    prelude::*,
};

const CANARY: &str = "zebrafinch";

fn keys() -> String {
    format!("2026 {}", *SecretKey::generate().unwrap().to_base64())
}

fn ring(keys: &str) -> Arc<TextKeyRing> {
    Arc::new(TextKeyRing::parse(keys).unwrap())
}

/// A record, an event and a document of indexed code that hold the canary. Ids are not encrypted, and the name of a function is part of one.
async fn fill(heptad: &Heptad, folder: &Path) {
    let mut batch = Batch::new();
    batch.put(Key::new("birds", "b1").unwrap(), Value::json(CANARY).unwrap());
    let topic = Topic::new("birds").unwrap();
    let event = Event::new("/zoo", "zoo.bird.came").data(&CANARY).unwrap();
    heptad.kernel().bus.publish_in(&mut batch, &topic, vec![event]).await.unwrap();
    heptad.kernel().store.commit(batch).await.unwrap();
    let code = folder.join("code");
    fs::create_dir_all(&code).unwrap();
    fs::write(code.join("zoo.py"), format!("def feed():\n    \"\"\"Feeds the {CANARY}.\"\"\"\n")).unwrap();
    heptad.code().index(IndexRequest::new(code.display().to_string())).await.unwrap();
    fs::remove_dir_all(code).unwrap();
}

/// The files below `folder` in which the canary can be read.
fn leaks(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(leaks(&path));
        } else if fs::read(&path)
            .unwrap()
            .windows(CANARY.len())
            .any(|bytes| bytes.eq_ignore_ascii_case(CANARY.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

async fn found(heptad: &Heptad) -> u64 {
    heptad.search().query(QueryRequest::new("code", CANARY)).await.unwrap().total
}

#[tokio::test]
async fn nothing_that_was_written_can_be_read_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (db, keys) = (folder.path().join("acme.db"), keys());
    let open =
        async || Heptad::builder().ignore_environment().store(&db).encryption(ring(&keys)).open().await;
    {
        let heptad = open().await.unwrap();
        fill(&heptad, folder.path()).await;
        assert_eq!(found(&heptad).await, 1);
        assert_eq!(leaks(folder.path()), Vec::<String>::new(), "while it is open: the write-ahead log too");
    }
    assert_eq!(leaks(folder.path()), Vec::<String>::new());
    let heptad = open().await.unwrap();
    assert_eq!(found(&heptad).await, 1, "the index is built anew from the store");
    let health = heptad.platform().health().await.unwrap();
    assert_eq!((health.failed, health.parts[0].adapter.as_str()), (false, "encrypted-sqlite"));
    let encryption = heptad.encryption().unwrap();
    encryption.rotate().await.unwrap();
    encryption.reencrypt(&Silent).await.unwrap();
    assert_eq!(encryption.verify(&Silent).await.unwrap().damaged, 0);
    assert_eq!(found(&heptad).await, 1);

    let plain = folder.path().join("plain");
    fs::create_dir(&plain).unwrap();
    let heptad = Heptad::builder().ignore_environment().store(plain.join("acme.db")).open().await.unwrap();
    fill(&heptad, folder.path()).await;
    assert!(!leaks(&plain).is_empty(), "this search can fail");
    assert!(heptad.encryption().is_none());
}

#[tokio::test]
async fn the_configuration_names_the_key_ring() {
    let folder = tempfile::tempdir().unwrap();
    let (db, file) = (folder.path().join("acme.db"), folder.path().join("keys"));
    let text = keys();
    fs::write(&file, &text).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let builder = || Heptad::builder().ignore_environment().store(&db);
    let by_file = || builder().set("encryption.key_file", file.display());
    drop(by_file().open().await.unwrap());
    drop(builder().set("encryption.keys", &text).open().await.expect("the same keys"));

    let refused = async |builder: heptad::Builder| builder.open().await.map(drop).unwrap_err();
    assert_eq!(Fault::of(&refused(builder().set("encryption.keys", keys())).await), Some(Fault::WrongKey));
    let both = by_file().set("encryption.keys", &text);
    assert!(refused(both).await.message().contains("both"));
    let toml = folder.path().join("heptad.toml");
    fs::write(&toml, format!("[encryption]\nkeys = \"{text}\"\n")).unwrap();
    let error = refused(builder().config_file(&toml)).await;
    assert!(
        error.to_string().contains("heptad.toml:2") && !error.to_string().contains(&text[5..30]),
        "{error}"
    );
    #[cfg(unix)]
    {
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(refused(by_file()).await.kind(), ErrorKind::PermissionDenied);
    }
}

#[tokio::test]
async fn a_plain_search_index_beside_an_encrypted_store_must_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (db, index, keys) = (folder.path().join("acme.db"), folder.path().join("index"), keys());
    let builder = || Heptad::builder().ignore_environment().store(&db).encryption(ring(&keys));
    let error = builder().search(&index).open().await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("encryption.search"), "{error}");
    {
        let heptad = builder().set("encryption.search", "plain").open().await.unwrap();
        fill(&heptad, folder.path()).await;
    }
    let error = builder().open().await.map(drop).unwrap_err();
    assert!(error.message().contains("acme.db.index"), "one from before is not forgotten: {error}");
    fs::remove_dir_all(folder.path().join("acme.db.index")).unwrap();
    assert_eq!(found(&builder().open().await.unwrap()).await, 1);
}

#[tokio::test]
async fn a_plain_store_is_not_silently_half_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("acme.db");
    {
        let heptad = Heptad::builder().ignore_environment().store(&db).open().await.unwrap();
        heptad
            .kernel()
            .store
            .commit(std::mem::take(Batch::new().put(Key::new("a", "b").unwrap(), Value::json("c").unwrap())))
            .await
            .unwrap();
    }
    let keys = keys();
    let builder = || Heptad::builder().ignore_environment().store(&db).encryption(ring(&keys));
    assert_eq!(builder().open().await.map(drop).unwrap_err().kind(), ErrorKind::InvalidInput);
    let heptad = builder().set("encryption.existing", "read").open().await.unwrap();
    let value = heptad.kernel().store.get(&Key::new("a", "b").unwrap()).await.unwrap().unwrap().value;
    assert_eq!(value.decode::<String>().unwrap(), "c");
}
