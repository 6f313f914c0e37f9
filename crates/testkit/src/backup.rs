//! What every target of backups must do, and targets that make trouble.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use heptad_core::{
    Error, ErrorKind, Result,
    backup::{BackupTarget, target::Listing},
};

/// Holds an empty target to the contract of the port.
///
/// # Panics
/// Where it does not keep it.
pub async fn target_suite(target: Arc<dyn BackupTarget>) {
    let bytes = |text: &str| -> Arc<[u8]> { text.as_bytes().into() };
    assert_eq!(target.list("").await.expect("an empty target can be listed"), Listing::default());
    assert_eq!(target.list("no/such").await.expect("no folder is an empty one"), Listing::default());
    let missing = target.get("a/b").await.expect_err("it is not there");
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing:?}");
    target.delete("a/b").await.expect("what is not there is deleted");

    target.put("a/b", bytes("one")).await.expect("a put");
    let again = target.put("a/b", bytes("two")).await.expect_err("an object is written once");
    assert_eq!(again.kind(), ErrorKind::AlreadyExists, "{again:?}");
    assert_eq!(target.get("a/b").await.expect("a get"), b"one", "and stays as it was");

    let large: Arc<[u8]> = (0..3_000_000_u32).map(|n| (n ^ n >> 7) as u8).collect();
    target.put("a/large-object_1", Arc::clone(&large)).await.expect("a large put");
    assert_eq!(target.get("a/large-object_1").await.expect("a get")[..], large[..]);
    target.put("a/c/d", bytes("")).await.expect("an empty put");
    target.put("ab", bytes("not in a")).await.expect("a put");
    assert!(target.get("a/c/d").await.expect("a get").is_empty());
    let listing = target.list("a").await.expect("a list");
    assert_eq!(listing.objects, [("b".to_owned(), 3), ("large-object_1".to_owned(), 3_000_000)]);
    assert_eq!(listing.folders, ["c"]);
    let top = target.list("").await.expect("a list");
    assert_eq!((top.objects, top.folders), (vec![("ab".to_owned(), 8)], vec!["a".to_owned()]));

    for wrong in ["", "/a", "a/", "a//b", "../a", "a/../b", "A", "a b", "a\\b", ".a", &"a".repeat(300)] {
        let refused = target.put(wrong, bytes("x")).await.expect_err("it is no name");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{wrong}: {refused:?}");
        assert_eq!(target.get(wrong).await.expect_err("no name").kind(), ErrorKind::InvalidInput, "{wrong}");
    }

    // Of many that put one name at once, one does, and its content is there whole.
    let puts = (0..8_u8).map(|who| {
        let (target, content): (_, Arc<[u8]>) = (Arc::clone(&target), vec![who; 100_000].into());
        async move { target.put("race", content).await.map(|()| who) }
    });
    let outcomes = futures_util::future::join_all(puts).await;
    let winners: Vec<u8> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok().copied()).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    assert_eq!(target.get("race").await.expect("a get"), vec![winners[0]; 100_000]);

    for name in ["a/b", "a/c/d", "a/large-object_1", "ab", "race"] {
        target.delete(name).await.expect("a delete");
        assert_eq!(target.get(name).await.expect_err("it is gone").kind(), ErrorKind::NotFound, "{name}");
    }
    assert_eq!(target.list("").await.expect("a list"), Listing::default(), "nothing is left");
    target.put("a/b", bytes("anew")).await.expect("a name can be used again");
}

/// A target that makes the trouble it is told to. Cheap to clone.
#[derive(Clone)]
pub struct Troubled {
    inner: Arc<dyn BackupTarget>,
    trouble: Arc<AtomicU64>,
    /// How many puts it has taken.
    pub puts: Arc<AtomicU64>,
}

const DOWN: u64 = u64::MAX;

impl Troubled {
    /// Without trouble at first.
    pub fn new(inner: Arc<dyn BackupTarget>) -> Self {
        Self { inner, trouble: Arc::default(), puts: Arc::default() }
    }

    /// Every call fails from now on, as with a full disk or a network that is gone; or no more.
    pub fn down(&self, down: bool) {
        self.trouble.store(if down { DOWN } else { 0 }, Ordering::SeqCst);
    }

    /// Every put takes this long from now on.
    pub fn slow(&self, pause: Duration) {
        self.trouble.store(u64::try_from(pause.as_millis()).expect("a pause"), Ordering::SeqCst);
    }

    async fn pass(&self, put: bool) -> Result<()> {
        match self.trouble.load(Ordering::SeqCst) {
            DOWN => Err(Error::new(ErrorKind::Unavailable, "the target is down")),
            pause if put => {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl BackupTarget for Troubled {
    fn describe(&self) -> String {
        format!("troubled {}", self.inner.describe())
    }

    async fn put(&self, name: &str, bytes: Arc<[u8]>) -> Result<()> {
        self.pass(true).await?;
        self.puts.fetch_add(1, Ordering::SeqCst);
        self.inner.put(name, bytes).await
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>> {
        self.pass(false).await?;
        self.inner.get(name).await
    }

    async fn list(&self, folder: &str) -> Result<Listing> {
        self.pass(false).await?;
        self.inner.list(folder).await
    }

    async fn delete(&self, name: &str) -> Result<()> {
        self.pass(false).await?;
        self.inner.delete(name).await
    }
}
