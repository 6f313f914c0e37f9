//! What a model refuses, and how.

use std::sync::Arc;

use heptad_core::{
    ErrorKind,
    llm::{ChatRequest, Message, Part, Role, Structured, Tool, ToolCall, ToolChoice},
};
use serde_json::json;

use crate::llm::Place;

fn hello() -> ChatRequest {
    ChatRequest::new([Message::user("Hello.")])
}

fn tool(name: &str) -> Tool {
    Tool { name: name.into(), description: String::new(), parameters: json!({"type": "object"}) }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn malformed_requests_are_refused(place: &dyn Place) {
    let model = place.model().await;
    let of = |role, part| ChatRequest::new([Message::user("Hello."), Message { role, parts: vec![part] }]);
    let call = Part::ToolCall(ToolCall { id: "1".into(), name: "t".into(), arguments: json!({}) });
    let image = Part::Image { media_type: "image/png".into(), data: "AAAA".into() };
    let malformed = [
        ChatRequest::new([]),
        ChatRequest::new([Message::system("Alone.")]),
        ChatRequest::new([Message { role: Role::User, parts: Vec::new() }]),
        of(Role::User, call),
        of(Role::Assistant, image),
        of(Role::Tool, Part::Text { text: "a result is no text".into() }),
        hello().max_tokens(0),
        hello().temperature(f32::NAN),
        hello().temperature(2.5),
        hello().temperature(-0.1),
        ChatRequest { top_p: Some(0.0), ..hello() },
        ChatRequest { stop: vec![String::new()], ..hello() },
        hello().tool(tool("two words")),
        hello().tool(tool("twice")).tool(tool("twice")),
        ChatRequest { tool_choice: ToolChoice::Required, ..hello() },
        ChatRequest { tool_choice: ToolChoice::Tool { name: "nobody".into() }, ..hello() },
        hello().json_schema("two words", json!({"type": "object"})),
        hello().json_schema("typo", json!({"type": "objekt"})),
        hello().json_schema("list", json!(["no", "schema"])),
    ];
    for request in malformed {
        let error = model
            .stream(Arc::new(request.clone()))
            .await
            .err()
            .unwrap_or_else(|| panic!("accepted: {request:?}"));
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{request:?}: {error:?}");
        assert!(!error.message().is_empty());
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn what_it_lacks_is_refused(place: &dyn Place) {
    let model = place.model().await;
    let can = model.capabilities();
    let image = Message {
        role: Role::User,
        parts: vec![Part::ImageUrl { url: "https://example.org/cat.png".into() }],
    };
    let forced = ChatRequest { tool_choice: ToolChoice::Required, ..hello().tool(tool("t")) };
    let requests = [
        (can.tools, hello().tool(tool("t"))),
        (can.forced_tools, forced),
        (can.images, ChatRequest::new([image])),
        (can.sampling, hello().temperature(0.5)),
        (can.sampling, ChatRequest { top_p: Some(0.9), ..hello() }),
        (can.seed, ChatRequest { seed: Some(1), ..hello() }),
        (can.structured != Structured::Unaware, hello().json_schema("s", json!({"type": "object"}))),
        (can.structured_with_tools, hello().tool(tool("t")).json_schema("s", json!({"type": "object"}))),
        (false, ChatRequest { stop: vec!["x".into(); can.max_stop.min(10_000) + 1], ..hello() }),
    ];
    for (_, request) in requests.into_iter().filter(|(can, _)| !can) {
        let error = model
            .stream(Arc::new(request.clone()))
            .await
            .err()
            .unwrap_or_else(|| panic!("accepted: {request:?}"));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{request:?}: {error:?}");
    }
}
