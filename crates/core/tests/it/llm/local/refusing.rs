//! What a local model refuses, before anything is computed.

use std::sync::Arc;

use heptad_core::{
    Error, ErrorKind,
    llm::{
        ChatModel as _, ChatRequest, Message, Structured,
        local::{Frame, Local, LocalOptions},
    },
};
use heptad_testkit::models;
use serde_json::json;

use super::{file, framed, gemma, options, question};

async fn refused(model: &Local, request: ChatRequest) -> Error {
    model.stream(Arc::new(request)).await.err().expect("refused")
}

#[tokio::test]
async fn a_base_model_says_that_it_is_one() {
    let Some(path) = models::gemma() else { return };
    let model = Local::open(path, LocalOptions::default()).await.expect("it opens");
    let error = refused(&model, question("Hi")).await;
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("base model") && error.message().contains("`plain`"), "{error}");
    let capabilities = model.capabilities();
    assert!(capabilities.local && !capabilities.tools && capabilities.structured == Structured::Masked);
    assert_eq!(capabilities.context_tokens, Some(8192));
}

#[tokio::test]
async fn a_base_model_continues_one_message_and_no_conversation() {
    let Some(model) = gemma().await else { return };
    let mut request = question("Hi");
    request.messages.push(Message::assistant("Hello."));
    let error = refused(&model, request).await;
    assert!(error.kind() == ErrorKind::InvalidInput && error.message().contains("`plain`"), "{error}");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_it_is_computed() {
    let Some(model) = framed().await else { return };
    for long in ["word ".repeat(3000), "x".repeat(50_000_000)] {
        let error = refused(&model, question(&long)).await;
        assert!(
            error.kind() == ErrorKind::LimitExceeded && error.message().contains("2048"),
            "{}",
            error.message()
        );
    }
    let error = refused(&model, question("Hi").model("another")).await;
    assert!(error.kind() == ErrorKind::NotFound && error.message().contains("gemma-3-270m"), "{error}");
    let uncommon = json!({"type": "array", "items": {"type": "integer"}, "uniqueItems": true});
    let error = refused(&model, question("Hi").json_schema("s", uncommon)).await;
    assert!(error.kind() == ErrorKind::Unsupported && error.message().contains("schema"), "{error}");
    let long = json!({"type": "array", "items": {"type": "boolean"}, "minItems": 40});
    let error = refused(&model, question("Hi").json_schema("s", long).max_tokens(8)).await;
    assert!(error.kind() == ErrorKind::LimitExceeded && error.message().contains("max_tokens"), "{error}");
    let mut stopped = question("Hi").json_schema("s", json!({"type": "string"}));
    stopped.stop = vec!["x".into()];
    assert_eq!(refused(&model, stopped).await.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn files_that_are_no_models_are_refused() {
    let open = async |bytes: Option<&[u8]>| {
        let (_folder, path) = file(bytes);
        Local::open(path, LocalOptions::default()).await.err().expect("refused")
    };
    assert_eq!(open(None).await.kind(), ErrorKind::NotFound);
    for bytes in [
        &b""[..],
        b"GGUF",
        b"GGUF\x03\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"PK\x03\x04 not a model",
    ] {
        let error = open(Some(bytes)).await;
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
    let Some(path) = models::gemma() else { return };
    let error = Local::open(&path, LocalOptions { context: Some(1 << 20), ..options(Frame::Plain) })
        .await
        .err()
        .expect("refused");
    assert!(error.kind() == ErrorKind::InvalidInput && error.message().contains("32768"), "{error}");
    let error =
        Local::open(&path, options(Frame::File("/nonexistent.jinja".into()))).await.err().expect("refused");
    assert!(error.kind() == ErrorKind::NotFound && error.to_string().contains("llm.template"), "{error}");
}
