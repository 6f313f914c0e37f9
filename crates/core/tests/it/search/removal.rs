//! Dropping a whole collection: wherever it is cut short, nothing of the old collection comes back.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use heptad_core::{
    Error, ErrorKind, Result,
    progress::Silent,
    search::{
        Catalog, Changes, Checkpoint, Document, Found, Schema, SearchIndex, SearchPage, SearchQuery,
        tantivy::TantivyIndex,
    },
    store::{
        Batch, Capabilities, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId, Watch,
        memory::MemoryStore,
    },
};
use heptad_testkit::VirtualClock;

use super::catalog::{schema, truth};

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::new(VirtualClock::new())))
}

fn notes(ids: std::ops::Range<usize>) -> Vec<Document> {
    ids.map(|id| Document::new(id.to_string()).with("body", "rain")).collect()
}

async fn found(catalog: &Catalog, line: &str) -> Vec<String> {
    let page = catalog.query("notes", &SearchQuery::text(line).window(0, 5000)).await.expect("answered");
    let mut ids: Vec<_> = page.hits.into_iter().map(|hit| hit.id).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_collection_is_gone_with_all_it_had_and_its_name_is_free() -> Result<()> {
    let (store, folder) = (store(), tempfile::tempdir().expect("a temporary folder"));
    let catalog = Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(folder.path())));
    catalog.define("notes", &schema()).await?;
    catalog.define("other", &schema()).await?;
    catalog.put("notes", notes(0..1203)).await?;
    catalog.put("other", notes(0..3)).await?;
    let mut late = Batch::new();
    catalog.stage(&mut late, "notes", notes(0..1), Vec::new()).await?;

    assert_eq!(catalog.drop_collection("notes", &Silent).await?, 1203);
    assert!(!folder.path().join("notes").exists(), "its index is gone");
    assert!(store.scan(KeyRange::all("search.documents:notes"), Page::first(1)).await?.is_empty());
    assert!(store.read(&StreamId::new("search.changes:notes")?, Offset::START, 1).await?.is_empty());
    let names: Vec<_> = catalog.collections().await?.into_iter().map(|it| (it.name, it.documents)).collect();
    assert_eq!(names, [("other".to_owned(), 3)]);
    for error in [
        catalog.query("notes", &SearchQuery::text("rain")).await.map(drop),
        catalog.put("notes", notes(0..1)).await,
        catalog.schema("notes").await.map(drop),
        catalog.drop_collection("notes", &Silent).await.map(drop),
    ] {
        assert_eq!(error.expect_err("it is gone").kind(), ErrorKind::NotFound);
    }
    let late = store.commit(late).await.expect_err("what was staged before comes too late");
    assert_eq!(late.kind(), ErrorKind::Conflict);

    catalog.define("notes", &schema()).await?;
    assert_eq!(found(&catalog, "*").await, [""; 0]);
    catalog.put("notes", notes(5..6)).await?;
    assert_eq!(found(&catalog, "rain").await, ["5"]);
    Ok(())
}

#[tokio::test]
async fn wherever_it_is_cut_short_the_collection_is_whole_or_gone() -> Result<()> {
    for steps in 0.. {
        let (store, folder) = (store(), tempfile::tempdir().expect("a temporary folder"));
        let open = || Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(folder.path())));
        let catalog = open();
        catalog.define("notes", &schema()).await?;
        catalog.put("notes", notes(0..1203)).await?;
        drop(catalog);

        let left = Arc::new(AtomicUsize::new(steps));
        let dying = Catalog::new(
            Arc::new(Dying { inner: store.clone(), left: left.clone() }),
            Arc::new(Dying { inner: TantivyIndex::in_folder(folder.path()), left }),
        );
        let dropped = dying.drop_collection("notes", &Silent).await;
        drop(dying);

        let catalog = open();
        match catalog.query("notes", &SearchQuery::text("rain")).await {
            Ok(page) => assert_eq!((steps, page.total), (0, 1203), "whole before the first commit only"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{steps}: {error}"),
        }
        assert_eq!(catalog.collections().await?.len(), usize::from(steps == 0), "{steps}");
        if steps % 2 == 1 {
            // Finishing it is no error, unless it was finished.
            assert_eq!(catalog.drop_collection("notes", &Silent).await.is_ok(), dropped.is_err(), "{steps}");
        }
        catalog.define("notes", &schema()).await?;
        if steps > 0 {
            assert_eq!(found(&catalog, "*").await, [""; 0], "{steps}");
        }
        catalog.put("notes", notes(7..9)).await?;
        assert_eq!(found(&catalog, "rain").await, truth(&store, "rain").await, "{steps}");
        if dropped.is_ok() {
            // The mark, three pages of documents, the stream, the index, the end of the mark.
            assert_eq!(steps, 7);
            return Ok(());
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_index_that_another_process_holds_is_removed_later() -> Result<()> {
    let (store, folder) = (store(), tempfile::tempdir().expect("a temporary folder"));
    let open = || Catalog::new(store.clone(), Arc::new(TantivyIndex::in_folder(folder.path())));
    let writer = open();
    writer.define("notes", &schema()).await?;
    writer.put("notes", notes(0..3)).await?;
    let other = open();
    let refused = other.drop_collection("notes", &Silent).await.expect_err("the writer holds the index");
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    let gone = writer.query("notes", &SearchQuery::text("rain")).await.expect_err("gone for the writer too");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert_eq!(writer.drop_collection("notes", &Silent).await?, 0);
    assert!(!folder.path().join("notes").exists());
    Ok(())
}

/// A store or an index whose process dies before it has changed something `left` times.
struct Dying<T> {
    inner: T,
    left: Arc<AtomicUsize>,
}

impl<T> Dying<T> {
    fn change(&self) -> Result<()> {
        let counted = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        counted.map(drop).map_err(|_| Error::new(ErrorKind::Unavailable, "the process is dead"))
    }
}

#[async_trait]
impl Store for Dying<Arc<dyn Store>> {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    async fn get(&self, key: &Key) -> Result<Option<Record>> {
        self.inner.get(key).await
    }
    async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Record>> {
        self.inner.scan(range, page).await
    }
    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        self.change()?;
        self.inner.commit(batch).await
    }
    async fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Result<Vec<Entry>> {
        self.inner.read(stream, after, limit).await
    }
    fn watch(&self, stream: &StreamId) -> Watch {
        self.inner.watch(stream)
    }
}

#[async_trait]
impl SearchIndex for Dying<TantivyIndex> {
    fn capabilities(&self) -> heptad_core::search::Capabilities {
        self.inner.capabilities()
    }
    async fn ensure(&self, collection: &str, schema: &Schema) -> Result<Found> {
        self.inner.ensure(collection, schema).await
    }
    async fn checkpoint(&self, collection: &str) -> Result<Option<Checkpoint>> {
        self.inner.checkpoint(collection).await
    }
    async fn apply(&self, collection: &str, changes: Changes) -> Result<()> {
        self.inner.apply(collection, changes).await
    }
    async fn query(&self, collection: &str, query: &SearchQuery) -> Result<SearchPage> {
        self.inner.query(collection, query).await
    }
    async fn remove(&self, collection: &str) -> Result<()> {
        self.change()?;
        self.inner.remove(collection).await
    }
}
