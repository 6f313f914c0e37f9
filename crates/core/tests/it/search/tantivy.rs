//! The tantivy adapter: the suite in memory and in a folder, and what only files can do.

use std::{fs, path::Path, sync::Arc};

use futures_util::future::BoxFuture;
use heptad_core::{
    ErrorKind,
    search::{
        Changes, Checkpoint, Document, Field, Found, Schema, SearchIndex, SearchQuery, tantivy::TantivyIndex,
    },
};
use heptad_testkit::search::Place;
use tempfile::TempDir;

struct Memory;

impl Place for Memory {
    fn open(&self) -> BoxFuture<'_, Arc<dyn SearchIndex>> {
        Box::pin(async { Arc::new(TantivyIndex::in_memory()) as Arc<dyn SearchIndex> })
    }
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }
}

impl Place for Folder {
    fn open(&self) -> BoxFuture<'_, Arc<dyn SearchIndex>> {
        let folder = self.0.path().join("index");
        Box::pin(async move { Arc::new(TantivyIndex::in_folder(folder)) as Arc<dyn SearchIndex> })
    }
}

mod memory {
    use super::Memory;
    heptad_testkit::search_suite!(Memory);
}

mod folder {
    use super::Folder;
    heptad_testkit::search_suite!(Folder::new());
}

fn schema() -> Schema {
    Schema::new([Field::text("body")]).expect("a valid schema")
}

fn rain(id: &str) -> Changes {
    let upsert = vec![Document::new(id).with("body", "rain")];
    Changes { upsert, checkpoint: Some(Checkpoint(id.to_owned())), ..Changes::default() }
}

async fn total(index: &TantivyIndex) -> u64 {
    index.query("notes", &SearchQuery::text("rain")).await.expect("answered").total
}

/// An index in `folder` with one document of two commits.
async fn written(folder: &Path) -> TantivyIndex {
    let index = TantivyIndex::in_folder(folder);
    assert_eq!(index.ensure("notes", &schema()).await.expect("made"), Found::Created);
    index.apply("notes", rain("1")).await.expect("applied");
    index
}

#[tokio::test]
async fn a_second_writer_is_refused_and_reads_what_the_first_commits() {
    let folder = TempDir::new().expect("a temporary folder");
    let first = written(folder.path()).await;
    let second = TantivyIndex::in_folder(folder.path());
    let kept = second.ensure("notes", &schema()).await.expect("reading needs no lock");
    assert_eq!(kept, Found::Kept(Some(Checkpoint("1".into()))));
    assert_eq!(total(&second).await, 1);
    let refused = second.apply("notes", rain("2")).await.expect_err("the first holds the lock");
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.to_string().contains("is writing to this collection"), "{refused}");

    first.apply("notes", rain("2")).await.expect("applied");
    assert_eq!(total(&second).await, 2, "the reader sees the commit of the writer");
    assert_eq!(second.checkpoint("notes").await.expect("known"), Some(Checkpoint("2".into())));

    drop(first);
    second.apply("notes", rain("3")).await.expect("the lock is free now");
    assert_eq!(total(&second).await, 3);
}

#[tokio::test]
async fn an_index_that_somebody_writes_to_is_not_emptied() {
    let folder = TempDir::new().expect("a temporary folder");
    let first = written(folder.path()).await;
    let second = TantivyIndex::in_folder(folder.path());
    let other = Schema::new([Field::code("body")]).expect("a valid schema");
    let refused = second.ensure("notes", &other).await.expect_err("the first holds the lock");
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    let refused = second.remove("notes").await.expect_err("the first holds the lock");
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert_eq!(total(&first).await, 1);
}

/// A way to damage one file of an index.
type Damage = fn(&Path);

#[tokio::test]
async fn damaged_files_are_noticed_and_the_collection_is_made_anew() {
    let truncate: Damage = |path| fs::write(path, &fs::read(path).unwrap()[..3]).unwrap();
    let empty: Damage = |path| fs::write(path, b"").unwrap();
    let remove: Damage = |path| fs::remove_file(path).unwrap();
    let flip: Damage = |path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[0] ^= 0xFF;
        fs::write(path, bytes).unwrap();
    };
    let garbage: Damage = |path| fs::write(path, [0xA5; 500]).unwrap();
    let whole = TempDir::new().expect("a temporary folder");
    drop(written(whole.path()).await);
    let mut files: Vec<_> =
        fs::read_dir(whole.path().join("notes")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.retain(|name| !name.to_string_lossy().starts_with('.'));
    assert!(files.len() > 3, "{files:?}");
    let ways = [
        ("truncated", truncate),
        ("empty", empty),
        ("removed", remove),
        ("flipped", flip),
        ("garbage", garbage),
    ];
    for (file, (way, damage)) in files.iter().flat_map(|file| ways.iter().map(move |way| (file, way))) {
        let copy = TempDir::new().expect("a temporary folder");
        fs::create_dir(copy.path().join("notes")).unwrap();
        for entry in fs::read_dir(whole.path().join("notes")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.path().join("notes").join(entry.file_name())).unwrap();
        }
        damage(&copy.path().join("notes").join(file));
        let index = TantivyIndex::in_folder(copy.path());
        let found = index.ensure("notes", &schema()).await.expect("made anew");
        assert_eq!(found, Found::Created, "{way}: {}", file.display());
        assert_eq!(total(&index).await, 0, "{way}: {}", file.display());
    }
}

#[tokio::test]
async fn an_index_of_another_format_is_made_anew() {
    let folder = TempDir::new().expect("a temporary folder");
    drop(written(folder.path()).await);
    let meta = folder.path().join("notes/meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    let other = text.replace(r#"{\"format\":"#, r#"{\"format\":9"#);
    assert_ne!(text, other);
    fs::write(&meta, other).unwrap();
    let index = TantivyIndex::in_folder(folder.path());
    assert_eq!(index.ensure("notes", &schema()).await.expect("made anew"), Found::Created);
}

#[tokio::test(flavor = "current_thread")]
async fn work_does_not_hold_up_the_runtime() {
    let index = Arc::new(TantivyIndex::in_memory());
    index.ensure("notes", &schema()).await.expect("made");
    let upsert = (0..3000).map(|id| Document::new(id.to_string()).with("body", "rain ".repeat(50))).collect();
    let writer = index.clone();
    let writing =
        tokio::spawn(async move { writer.apply("notes", Changes { upsert, ..Changes::default() }).await });
    // On one thread this task runs only while the other is waiting for its blocking work.
    let mut turns = 0;
    while !writing.is_finished() {
        turns += 1;
        tokio::task::yield_now().await;
    }
    writing.await.expect("no panic").expect("applied");
    assert!(turns > 100, "the runtime turned {turns} times meanwhile");
    assert_eq!(total(&index).await, 3000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_and_readers_share_a_collection() {
    let index = Arc::new(TantivyIndex::in_memory());
    index.ensure("notes", &schema()).await.expect("made");
    let writers = (0..4).map(|writer| {
        let index = index.clone();
        tokio::spawn(async move {
            for round in 0..5 {
                let seen = total(&index).await;
                index.apply("notes", rain(&format!("{writer}-{round}"))).await.expect("applied");
                assert!(total(&index).await > seen, "what was applied is seen");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("no panic");
    }
    assert_eq!(total(&index).await, 20);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

/// Tantivy numbers its files by operations: the commit that is made in place of one that was cut short wants the same names.
#[tokio::test]
async fn what_a_commit_cut_short_left_behind_is_not_in_the_way() {
    let folder = TempDir::new().expect("a temporary folder");
    let (live, doomed) = (folder.path().join("live"), folder.path().join("doomed"));
    let open = async |path: &Path| {
        let index = TantivyIndex::in_folder(path);
        index.ensure("notes", &schema()).await.expect("opened");
        index
    };
    let delete = || Changes { delete: vec!["1".into()], ..Changes::default() };
    let upsert = ["1", "2"].map(|id| Document::new(id).with("body", "rain")).to_vec();
    open(&live).await.apply("notes", Changes { upsert, ..Changes::default() }).await.expect("applied");
    copy(&live.join("notes"), &doomed.join("notes"));
    open(&doomed).await.apply("notes", delete()).await.expect("applied");
    // As a process leaves it that dies before the new files are in `meta.json`; another has the folder open, and knows nothing of them.
    let early = open(&live).await;
    let meta = fs::read(live.join("notes/meta.json")).expect("read");
    copy(&doomed.join("notes"), &live.join("notes"));
    fs::write(live.join("notes/meta.json"), meta).expect("written");

    let refused =
        early.apply("notes", delete()).await.expect_err("a file is in the way of who opened before");
    assert_eq!(refused.kind(), ErrorKind::Corrupt, "{refused:?}");
    drop(early);
    let late = open(&live).await;
    assert_eq!(total(&late).await, 2);
    late.apply("notes", delete()).await.expect("whoever opens afterwards clears it away");
    assert_eq!(total(&late).await, 1);
}
