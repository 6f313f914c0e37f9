//! `llm.chat`, `llm.embed`, `llm.models`.

use std::sync::Arc;

use futures_util::StreamExt as _;
use heptad_core::{
    ErrorKind, Kernel,
    llm::{
        ChatModel, Embedder, Models,
        operations::{ChatCall, EmbedCall, Llm},
    },
    operation::{Context, Handle as _, Principal, Registry, Reply},
};
use heptad_testkit::llm::Parrot;
use serde_json::{Value, json};

use crate::platform::ports;

fn context(models: Models) -> Context {
    let (mut ports, _) = ports();
    ports.operations = Registry::default().with(Llm::OPERATIONS);
    ports.llm = models;
    Context::owner(Kernel::new(ports))
}

fn parrots() -> Context {
    let parrot = Arc::new(Parrot::new());
    let (chat, embedder) = (Arc::clone(&parrot) as Arc<dyn ChatModel>, parrot as Arc<dyn Embedder>);
    context(Models { chat: Some(chat), embedder: Some(embedder) })
}

async fn chat(context: &Context, request: Value) -> Vec<Result<Value, String>> {
    let Reply::Many(items) = context.kernel.operations.call("llm.chat", context.clone(), request).unwrap()
    else {
        panic!("it streams")
    };
    items.map(|item| item.map_err(|error| error.message().to_owned())).collect().await
}

#[tokio::test]
async fn a_prompt_is_answered_piece_by_piece() {
    let items = chat(&parrots(), json!({"prompt": "Two words"})).await;
    let want = [
        json!({"type": "start", "model": "parrot-1", "cached": false}),
        json!({"type": "text", "text": "Two "}),
        json!({"type": "text", "text": "words"}),
        json!({"type": "usage", "input_tokens": 2, "output_tokens": 2, "cached_tokens": 0}),
        json!({"type": "finish", "reason": "stop"}),
    ];
    assert_eq!(items, want.map(Ok));
}

#[tokio::test]
async fn a_conversation_by_name_has_roles_parts_and_tools() {
    let request = json!({
        "system": "Be brief.",
        "messages": [
            {"role": "user", "parts": [{"type": "text", "text": "Weather?"}, {"type": "image", "media_type": "image/png", "data": "AAAA"}]},
            {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "weather", "arguments": {"city": "Paris"}}]},
            {"role": "tool", "parts": [{"type": "tool_result", "id": "1", "content": "Rain."}]},
        ],
        "tools": [{"name": "weather", "parameters": {"type": "object"}}],
        "tool_choice": {"type": "tool", "name": "weather"},
        "max_tokens": 10,
    });
    let items = chat(&parrots(), request).await;
    assert_eq!(items[1], Ok(json!({"type": "tool_call", "index": 0, "id": "call-0", "name": "weather"})));
    assert_eq!(items.last().unwrap(), &Ok(json!({"type": "finish", "reason": "tool_calls"})));
}

#[tokio::test]
async fn a_wrong_request_says_what_would_be_right() {
    for (request, want) in [
        (json!({}), "give `prompt` or `messages`"),
        (json!({"system": "Be brief."}), "give `prompt` or `messages`"),
        (json!({"promt": "x"}), "did you mean `prompt`?"),
        (json!({"prompt": "x", "temperature": 3}), "it is 0 to 2"),
        (
            json!({"messages": [{"role": "user", "parts": [{"type": "text", "txt": "x"}]}]}),
            "unknown field `txt`",
        ),
        (json!({"messages": [{"role": "user", "text": "x"}]}), "`text`"),
        (json!({"prompt": "x", "schema": {"type": "objekt"}}), "did you mean `object`?"),
    ] {
        let items = chat(&parrots(), request.clone()).await;
        let [Err(message)] = &*items else { panic!("{request}: {items:?}") };
        assert!(message.contains(want), "{request}: {message}");
    }
}

#[tokio::test]
async fn texts_are_embedded_and_models_are_listed() {
    let llm = Llm::new(parrots());
    let embedded = llm
        .embed(EmbedCall { texts: vec!["rain".into(), "snow".into()], ..EmbedCall::default() })
        .await
        .unwrap();
    assert_eq!((embedded.vectors.len(), embedded.model.as_str()), (2, "parrot-1"));
    let list = llm.models().await.unwrap();
    assert_eq!(
        (list.models[0].id.as_str(), list.embedding.unwrap().adapter.as_str()),
        ("parrot-1", "parrot")
    );
}

#[tokio::test]
async fn without_a_model_the_error_says_what_to_configure() {
    let context = context(Models::default());
    let items = chat(&context, json!({"prompt": "hello"})).await;
    assert!(items[0].as_ref().unwrap_err().contains("set `llm.provider`"), "{items:?}");
    let llm = Llm::new(context.clone());
    let error = llm.embed(EmbedCall { texts: vec!["x".into()], ..EmbedCall::default() }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("`llm.embedding_model`"), "{error}");
    assert_eq!(llm.models().await.unwrap_err().kind(), ErrorKind::Unsupported);
    let guest = Llm::new(context.as_principal(Principal::new("guest", [])));
    let mut denied = std::pin::pin!(guest.chat(ChatCall::new("hello")));
    assert_eq!(denied.next().await.unwrap().unwrap_err().kind(), ErrorKind::PermissionDenied);
}
