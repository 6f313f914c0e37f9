//! A platform as a host opens it: kept on disk, reopened, seen by others than the owner, called by name.

use std::{fs, path::Path, sync::Arc};

use futures_util::StreamExt as _;
use heptad::{
    core::{
        code::operations::IndexRequest,
        events::ReadRequest,
        llm::operations::{ChatCall, EmbedCall},
        operation::{Effect, Reply},
        search::operations::QueryRequest,
        store::Offset,
    },
    prelude::*,
    review::ScanRequest,
};
use heptad_testkit::llm::Parrot;
use serde_json::json;

/// A repository with something to find in it.
fn repository(folder: &Path) -> String {
    let code = folder.join("shop");
    fs::create_dir_all(code.join("docs")).unwrap();
    let run = "import subprocess\n\ndef pack(path):\n    \"\"\"Packs a folder for the courier.\"\"\"\n    subprocess.run(\"tar cf out \" + path, shell=True)\n";
    fs::write(code.join("pack.py"), run).unwrap();
    fs::write(code.join("docs/GUIDE.md"), "# Shop\n\n## Parcels\n\nA parcel is weighed twice.\n").unwrap();
    code.display().to_string()
}

async fn total(heptad: &Heptad, query: &str) -> u64 {
    heptad.search().query(QueryRequest::new("code", query)).await.unwrap().total
}

#[tokio::test]
async fn what_was_done_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, db) = (repository(folder.path()), folder.path().join("acme.db"));
    {
        let heptad = Heptad::open(&db).await.unwrap();
        let report = heptad.review().scan(ScanRequest::new(&path)).await.unwrap();
        assert_eq!(report.findings.len(), 1);
        let report = heptad.code().index(IndexRequest::new(&path)).await.unwrap();
        assert_eq!((report.files, report.unchanged), (2, 0));
        assert_eq!(total(&heptad, "courier").await, 1);
    }
    let heptad = Heptad::open(&db).await.unwrap();
    assert_eq!(total(&heptad, "weighed").await, 1, "the index is still there");
    for (topic, expected) in [("review", "heptad.review.scanned"), ("code", "heptad.code.indexed")] {
        let request = ReadRequest { topic: Topic::new(topic).unwrap(), after: Offset::START, limit: 10 };
        let page = heptad.events().read(request).await.unwrap();
        assert_eq!(page.events.len(), 1);
        assert_eq!(page.events[0].event.event_type, expected);
    }
}

#[tokio::test]
async fn indexing_again_reads_only_what_changed_and_forgets_what_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = repository(folder.path());
    let heptad = Heptad::in_memory().await.unwrap();
    heptad.code().index(IndexRequest::new(&path)).await.unwrap();
    fs::write(folder.path().join("shop/new.py"), "def label():\n    return 'sticker'\n").unwrap();
    fs::remove_file(folder.path().join("shop/docs/GUIDE.md")).unwrap();

    let report = heptad.code().index(IndexRequest::new(&path)).await.unwrap();

    assert_eq!((report.files, report.unchanged, report.removed, report.documents), (2, 1, 1, 1));
    assert_eq!(total(&heptad, "sticker").await, 1);
    assert_eq!(total(&heptad, "weighed").await, 0);
    assert_eq!(total(&heptad, "courier").await, 1);
    let other = IndexRequest { source: Some("copy".to_owned()), ..IndexRequest::new(&path) };
    heptad.code().index(other).await.unwrap();
    assert_eq!(total(&heptad, "courier").await, 2, "another source does not take the place of the first");
}

#[tokio::test]
async fn a_lost_index_is_built_anew_from_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (path, db) = (repository(folder.path()), folder.path().join("acme.db"));
    let heptad = Heptad::open(&db).await.unwrap();
    heptad.code().index(IndexRequest::new(&path)).await.unwrap();
    drop(heptad);
    fs::remove_dir_all(folder.path().join("acme.db.index")).unwrap();
    let heptad = Heptad::open(&db).await.unwrap();
    assert_eq!(total(&heptad, "courier").await, 1);
}

#[tokio::test]
async fn every_operation_is_refused_to_who_may_not_call_it() {
    let heptad = Heptad::in_memory().await.unwrap().as_principal(Principal::new("guest", []));
    let names: Vec<_> = heptad.kernel().operations.iter().map(|operation| operation.spec).collect();
    assert!(names.len() >= 20, "the build has its operations");
    for spec in names {
        let refused = match heptad.call(spec.full_name, json!({})).unwrap() {
            Reply::One(reply) => reply.await.map(|_| ()),
            Reply::Many(mut replies) => {
                assert_eq!(spec.effect, Effect::Streams);
                replies.next().await.expect("one item, the refusal").map(|_| ())
            }
        };
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::PermissionDenied, "{}", spec.full_name);
    }
}

#[tokio::test]
async fn a_wrong_setting_is_refused_with_its_key_and_place() {
    let refused = Heptad::builder().set("store.durabilty", "full").open().await.map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(refused.message().contains("store.durability"), "{refused}");
}

#[tokio::test]
async fn models_of_the_program_stand_within_the_layers_that_are_configured() {
    let parrot = Arc::new(Parrot::new());
    let ask = |prompt: &str| ChatCall { max_tokens: Some(20), ..ChatCall::new(prompt) };
    let builder = Heptad::builder().in_memory().ignore_environment().set("llm.budget_tokens", 400);
    let heptad = builder.chat_model(Arc::clone(&parrot) as _).embedder(parrot).open().await.unwrap();
    let vectors = heptad
        .llm()
        .embed(EmbedCall { texts: vec!["a parcel".into()], model: None, dimensions: None })
        .await
        .unwrap()
        .vectors;
    assert_eq!(vectors.len(), 1);
    let said: Vec<_> = heptad.llm().chat(ask("Hello")).collect().await;
    assert!(said.iter().all(Result::is_ok), "{said:?}");
    // The budget is one of the layers: it is spent at some time.
    let spent = async {
        for _ in 0..100 {
            let said: Vec<_> = heptad.llm().chat(ask("Hello, and more")).collect().await;
            if let Some(error) = said.into_iter().find_map(Result::err) {
                return Some(error.kind());
            }
        }
        None
    };
    assert_eq!(spent.await, Some(ErrorKind::LimitExceeded));
}
