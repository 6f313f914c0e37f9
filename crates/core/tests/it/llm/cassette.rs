//! Recording and replaying.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use heptad_core::{
    Error, ErrorKind, Result, Retry,
    llm::{
        ChatModel, ChatModelExt as _, ChatRequest, Delta, EmbedCapabilities, EmbedRequest, Embedder,
        Embeddings, Message,
        cassette::{Player, Recorder},
    },
};
use heptad_testkit::{
    VirtualClock,
    llm::{Parrot, Scripted, Step},
};
use serde_json::json;

use super::question;

async fn recorded(model: Arc<dyn ChatModel>, path: &std::path::Path) -> Recorder<dyn ChatModel> {
    Recorder::<dyn ChatModel>::open(model, path).await.unwrap()
}

#[tokio::test]
async fn what_was_recorded_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.jsonl");
    let schema = json!({"type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": "string"}}});
    let requests = [question("Hello, wörld."), question("person").json_schema("p", schema)];
    let model = recorded(Arc::new(Parrot::new()), &path).await;
    let mut live = Vec::new();
    for request in &requests {
        live.push(model.chat(request.clone()).await.unwrap());
    }
    let embedder =
        Recorder::<dyn Embedder>::open(Arc::new(Parrot::new()) as Arc<dyn Embedder>, &path).await.unwrap();
    let texts = Arc::new(EmbedRequest::new(["rain", "snow"]));
    let vectors = embedder.embed(Arc::clone(&texts)).await.unwrap();

    let player = Player::open(&path).await.unwrap();
    for (request, live) in requests.iter().zip(live) {
        assert_eq!(player.chat(request.clone()).await.unwrap(), live);
    }
    assert_eq!(player.embed(texts).await.unwrap(), vectors);
    let mut sorted = requests[1].clone();
    sorted = sorted.json_schema(
        "p",
        json!({"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "type": "object"}),
    );
    player.chat(sorted).await.expect("the order of keys is no difference");
}

#[tokio::test]
async fn the_same_request_is_replayed_in_order_and_the_last_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.jsonl");
    let script = [
        Step::refuse(ErrorKind::Unavailable, Retry::Now),
        vec![Step::Say(Delta::text("half")), Step::Fail(ErrorKind::Timeout, Retry::Never)],
        Step::answer("whole"),
    ];
    let model = recorded(Arc::new(Scripted::new(script, &VirtualClock::new())), &path).await;
    for _ in 0..3 {
        let _ = model.chat(question("hello")).await;
    }
    let player = Player::open(&path).await.unwrap();
    let refused = player.chat(question("hello")).await.unwrap_err();
    assert_eq!((refused.kind(), refused.retryable()), (ErrorKind::Unavailable, Retry::Now));
    let mut deltas = player.stream(Arc::new(question("hello"))).await.unwrap();
    assert_eq!(deltas.next().await.unwrap().unwrap(), Delta::text("half"));
    assert_eq!(deltas.next().await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
    for _ in 0..3 {
        assert_eq!(player.chat(question("hello")).await.unwrap().text, "whole");
    }
}

#[tokio::test]
async fn an_unknown_request_and_a_malformed_file_are_clear_errors() {
    let player = Player::parse("talk.jsonl", "").unwrap();
    let error = player.chat(question("hello")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("talk.jsonl has no answer to this request among its 0"), "{error}");
    let missing = Player::open("/nonexistent/talk.jsonl").await.err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    for line in [
        "nonsense",
        "{\"format\":2,\"chat\":{\"messages\":[]}}",
        "{\"format\":1}",
        "{\"format\":1,\"chat\":{\"messages\":[]},\"x\":1}",
    ] {
        let error = Player::parse("talk.jsonl", &format!("\n{line}\n")).err().unwrap();
        assert!(error.message().starts_with("talk.jsonl:2 is no exchange"), "{error}");
    }
}

#[tokio::test]
async fn secrets_are_in_no_cassette_and_do_not_hinder_finding() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.jsonl");
    let script = vec![
        Step::Say(Delta::text("Use sk-canary-abcdef")),
        Step::Say(Delta::text("ghijklmnop for it.")),
        Step::answer("").pop().unwrap(),
    ];
    let model = recorded(Arc::new(Scripted::new([script], &VirtualClock::new())), &path).await;
    let with =
        |key: &str| ChatRequest::new([Message::user(format!("My key is {key}, mail ada@canary.example."))]);
    model.chat(with("sk-canary-000000000000001")).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("canary"), "{text}");
    let player = Player::open(&path).await.unwrap();
    let answer = player.chat(with("sk-another-00000000000002")).await.unwrap();
    assert_eq!(answer.text, "Use [API_KEY_2] for it.");
}

/// Quotes what it was given.
struct Quoting(EmbedCapabilities);

#[async_trait]
impl Embedder for Quoting {
    fn capabilities(&self) -> &EmbedCapabilities {
        &self.0
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> Result<Embeddings> {
        Err(Error::invalid(format!("{} is no text", request.texts[0])))
    }
}

#[tokio::test]
async fn secrets_are_in_no_error_of_a_cassette() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.jsonl");
    let quoting = Arc::new(Quoting(EmbedCapabilities::new("quoting", "q", 8))) as Arc<dyn Embedder>;
    let embedder = Recorder::<dyn Embedder>::open(quoting, &path).await.unwrap();
    embedder.embed(Arc::new(EmbedRequest::new(["sk-canary-abcdefghijklmnop"]))).await.unwrap_err();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("[API_KEY_1] is no text") && !text.contains("canary"), "{text}");
}
