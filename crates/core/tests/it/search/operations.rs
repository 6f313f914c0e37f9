//! The operations of search, by types and by name.

use std::sync::Arc;

use heptad_core::{
    ErrorKind, Kernel, Result,
    kernel::Ports,
    operation::{Context, Handle, Principal, Registry, Reply},
    search::{
        Catalog, Document, Field, Operator, Schema,
        operations::{DeleteRequest, DropRequest, IndexRequest, QueryRequest, RebuildRequest, Search},
        tantivy::TantivyIndex,
    },
};
use serde_json::{Value, json};

fn context() -> Context {
    let (kernel, _) = crate::platform::kernel();
    let catalog = Catalog::new(kernel.store.clone(), Arc::new(TantivyIndex::in_memory()));
    Context::owner(Kernel::new(Ports {
        store: kernel.store.clone(),
        bus: kernel.bus.clone(),
        search: Some(catalog),
        llm: Default::default(),
        security: Default::default(),
        clock: kernel.clock.clone(),
        operations: Registry::default().with(Search::OPERATIONS),
        config: kernel.config.clone(),
        metrics: kernel.metrics.clone(),
        backup: Default::default(),
    }))
}

#[tokio::test]
async fn documents_are_indexed_found_counted_and_deleted() -> Result<()> {
    let search = Search::new(context());
    let documents = vec![
        Document::new("1").with("body", "rain in spring").with("topic", "/weather/rain"),
        Document::new("2").with("body", "hail in spring").with("topic", "/weather/hail"),
    ];
    let schema = Some(Schema::new([Field::text("body"), Field::facet("topic")])?);
    let indexed = search.index(IndexRequest { collection: "notes".into(), documents, schema }).await?;
    assert_eq!(indexed.indexed, 2);
    let all = QueryRequest { operator: Operator::All, ..QueryRequest::new("notes", "hail spring") };
    assert_eq!(search.query(all).await?.total, 1);
    let filtered =
        QueryRequest { filters: vec!["topic:/weather -hail".into()], ..QueryRequest::new("notes", "spring") };
    assert_eq!(search.query(filtered).await?.hits[0].id, "1");
    assert_eq!(search.collections().await?.collections[0].documents, 2);
    search.delete(DeleteRequest { collection: "notes".into(), ids: vec!["1".into()] }).await?;
    assert_eq!(search.rebuild(RebuildRequest { collection: "notes".into() }).await?.documents, 1);
    assert_eq!(search.query(QueryRequest::new("notes", "spring")).await?.total, 1);
    assert_eq!(search.drop(DropRequest { collection: "notes".into() }).await?.documents, 1);
    assert_eq!(search.collections().await?.collections, []);
    let gone = search.drop(DropRequest { collection: "notes".into() }).await.expect_err("it is gone");
    assert_eq!((gone.kind(), gone.operation()), (ErrorKind::NotFound, Some("search.drop")));
    Ok(())
}

#[tokio::test]
async fn the_same_works_by_name_with_json_and_defaults() -> Result<()> {
    let (registry, context) = (Registry::default().with(Search::OPERATIONS), context());
    let call = async |name: &str, request: Value| match registry.call(name, context.clone(), request)? {
        Reply::One(reply) => reply.await,
        _ => panic!("{name} gives one result"),
    };
    call(
        "search.index",
        json!({
            "collection": "notes",
            "schema": { "fields": [{ "name": "body", "kind": "text", "language": "german" }, { "name": "path", "kind": "keyword" }] },
            "documents": [{ "id": "1", "fields": { "body": "Die Häuser", "path": "a" } }],
        }),
    )
    .await?;
    let page = call(
        "search.query",
        json!({ "collection": "notes", "query": "haus", "highlight": {}, "facets": [{ "field": "path" }] }),
    )
    .await?;
    assert_eq!(page["total"], 1);
    assert_eq!(page["hits"][0]["snippets"][0]["text"], "Die Häuser");
    assert_eq!(page["hits"][0]["snippets"][0]["highlights"], json!([{ "start": 4, "end": 11 }]));
    assert_eq!(page["facets"]["path"], json!([{ "value": "a", "count": 1 }]));
    let everything = call("search.query", json!({ "collection": "notes" })).await?;
    assert_eq!(everything["hits"][0]["fields"]["path"], "a");
    let names: Vec<_> = registry.iter().map(|operation| operation.spec.name).collect();
    assert_eq!(names, ["collections", "delete", "drop", "index", "query", "rebuild", "tune"]);
    Ok(())
}

#[tokio::test]
async fn a_platform_without_an_index_and_a_caller_without_permission_are_told_so() {
    let (kernel, _) = crate::platform::kernel();
    let without = Search::new(Context::owner(kernel));
    let error = without.query(QueryRequest::new("notes", "rain")).await.expect_err("no index");
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, Some("search.query")));
    let nobody = context().as_principal(Principal::new("nobody", []));
    let error =
        Search::new(nobody).query(QueryRequest::new("notes", "rain")).await.expect_err("no permission");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}
