//! Nothing is found by what it was, or shown to who may only see what it was.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use heptad_core::{
    Error, ErrorKind, Result,
    search::{Catalog, Field, Mode, Query, Schema, SearchPage, SearchQuery, tantivy::TantivyIndex},
    store::{
        Batch, Capabilities, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId, Watch,
    },
};
use heptad_testkit::llm::Parrot;

use super::{Letters, catalog, ids, note, page, schema, store};

fn near(line: &str) -> SearchQuery {
    SearchQuery::text(line).ranked(Mode::Vector).window(0, 500)
}

/// Two hundred documents that were put as rain, and say hail since a moment ago.
async fn changed(letters: &Arc<Letters>) -> Result<Catalog> {
    let store = store();
    let catalog = catalog(&store, letters).await;
    let notes = |body: &'static str| (0..200).map(move |at| note(&format!("{at:03}"), body)).collect();
    catalog.put("notes", notes("rain")).await?;
    let mut batch = Batch::new();
    catalog.stage(&mut batch, "notes", notes("hail"), Vec::new()).await?;
    store.commit(batch).await?;
    Ok(catalog)
}

/// Every hit is as near as the text that it shows.
fn ranked_by_what_they_say(page: &SearchPage, line: &str) {
    for hit in &page.hits {
        let body = hit.fields["body"].as_str().expect("a text");
        let score = heptad_vectors::dot(&Parrot::vector(line), &Parrot::vector(body));
        assert_eq!(hit.score, score, "{} says {body}", hit.id);
    }
    assert_eq!(page.hits.len() as u64 + page.ranked.pending, 200);
}

#[tokio::test]
async fn however_many_documents_changed_none_ranks_by_what_it_said() -> Result<()> {
    let catalog = changed(&Letters::called("letters")).await?;
    let first = page(&catalog, near("rain")).await;
    assert_eq!(first.ranked.mode, Mode::Vector);
    assert!(first.ranked.pending > 0, "one query does not embed all of them");
    ranked_by_what_they_say(&first, "rain");
    for _ in 0..10 {
        ranked_by_what_they_say(&page(&catalog, near("rain")).await, "rain");
    }
    assert_eq!(page(&catalog, near("rain")).await.ranked.pending, 0);
    Ok(())
}

#[tokio::test]
async fn none_does_where_the_embedder_fails_for_documents_only() -> Result<()> {
    let letters = Letters::called("letters");
    let catalog = changed(&letters).await?;
    letters.crowded.store(true, Ordering::SeqCst);
    let asked = page(&catalog, near("rain")).await;
    assert_eq!(asked.ranked.pending, 200);
    assert!(asked.hits.is_empty(), "{:?}", ids(&asked));
    Ok(())
}

#[tokio::test]
async fn none_does_while_somebody_else_embeds() -> Result<()> {
    let (store, letters) = (store(), Letters::called("letters"));
    let catalog = catalog(&store, &letters).await;
    catalog.put("notes", vec![note("1", "rain")]).await?;
    let closed = letters.gate.write().await;
    let busy = catalog.clone();
    let putting = tokio::spawn(async move {
        busy.put("notes", vec![note("2", "snow"), note("3", "a storm"), note("4", "sun")]).await
    });
    letters.reached.notified().await;
    let mut batch = Batch::new();
    let again = vec![note("1", "hail"), note("2", "hail")];
    catalog.stage(&mut batch, "notes", again, vec!["3".into()]).await?;
    store.commit(batch).await?;
    let meanwhile = page(&catalog, near("rain")).await;
    assert!(meanwhile.hits.is_empty(), "nothing has vectors of its text: {:?}", ids(&meanwhile));
    drop(closed);
    putting.await.expect("no panic")?;
    let after = page(&catalog, near("hail")).await;
    assert_eq!((ids(&after), after.ranked.pending), (vec!["1", "2", "4"], 0));
    assert_eq!(after.hits[0].score, after.hits[1].score, "both say the same by now");
    Ok(())
}

/// A store of which the records of vectors can be read to the end of a first page.
struct Torn {
    inner: Arc<dyn Store>,
    torn: AtomicBool,
}

#[async_trait]
impl Store for Torn {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    async fn get(&self, key: &Key) -> Result<Option<Record>> {
        self.inner.get(key).await
    }
    async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Record>> {
        let behind = &*range.collection == "search.vectors:notes" && !range.start.is_empty();
        if behind && self.torn.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable, "the disk is away"));
        }
        self.inner.scan(range, page).await
    }
    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        self.inner.commit(batch).await
    }
    async fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Result<Vec<Entry>> {
        self.inner.read(stream, after, limit).await
    }
    fn watch(&self, stream: &StreamId) -> Watch {
        self.inner.watch(stream)
    }
}

#[tokio::test]
async fn vectors_that_were_read_in_part_answer_nothing() -> Result<()> {
    let (inner, letters) = (store(), Letters::called("letters"));
    let notes = (0..300).map(|at| note(&format!("{at:03}"), "rain")).collect();
    catalog(&inner, &letters).await.put("notes", notes).await?;
    let torn = Arc::new(Torn { inner, torn: AtomicBool::new(true) });
    let store: Arc<dyn Store> = torn.clone();
    let catalog = Catalog::embedding(store, Arc::new(TantivyIndex::in_memory()), letters);
    let by_words = page(&catalog, near("rain")).await;
    assert_eq!((by_words.ranked.mode, by_words.hits.len()), (Mode::Text, 300));
    torn.torn.store(false, Ordering::SeqCst);
    let whole = page(&catalog, near("rain")).await;
    assert_eq!((whole.ranked.mode, whole.hits.len(), whole.ranked.pending), (Mode::Vector, 300, 0));
    Ok(())
}

#[tokio::test]
async fn what_became_private_is_not_shown_to_who_sees_the_public() -> Result<()> {
    let (store, folder, letters) = (store(), tempfile::tempdir().expect("a folder"), Letters::called("l"));
    let open = || {
        let index = Arc::new(TantivyIndex::in_folder(folder.path()));
        Catalog::embedding(store.clone(), index, letters.clone())
    };
    let writer = open();
    let seen = Field::keyword("visibility");
    writer.define("notes", &Schema::new([Field::text("body").embedded(), seen])?).await?;
    let as_public = |id: &str| note(id, "rain").with("visibility", "public");
    writer.put("notes", vec![as_public("1"), as_public("2")]).await?;
    // The other process holds the index, and does not follow while nobody asks it.
    let reader = open();
    reader.put("notes", vec![note("1", "rain, in private").with("visibility", "private")]).await?;
    for mode in [Mode::Vector, Mode::Hybrid] {
        let query = SearchQuery::text("rain").filtered(Query::term("visibility", "public")).ranked(mode);
        let public = page(&reader, query).await;
        assert_eq!((ids(&public), public.ranked.mode, public.behind), (vec!["2"], mode, 1));
    }
    let everything = page(&reader, near("rain")).await;
    assert_eq!(everything.hits.len(), 2, "without a filter nothing is left out");
    Ok(())
}

#[tokio::test]
async fn a_schema_without_a_change_keeps_the_vectors() -> Result<()> {
    let letters = Letters::called("letters");
    let catalog = catalog(&store(), &letters).await;
    catalog.put("notes", vec![note("1", "rain"), note("2", "hail")]).await?;
    letters.embedded();
    catalog.define("notes", &schema()).await?;
    assert_eq!((ids(&page(&catalog, near("rain")).await), letters.embedded()), (vec!["1", "2"], 1));
    Ok(())
}
