//! The protocol of Anthropic: what is sent, what is read.

use std::sync::Arc;

use futures_util::StreamExt as _;
use heptad_core::{
    ErrorKind, Retry,
    llm::{
        ChatModel, ChatModelExt as _, ChatRequest, Delta, FinishReason, Message, Part, Role, Secret, Tool,
        ToolCall, ToolChoice, Usage,
        anthropic::{Anthropic, AnthropicOptions, StructuredBy},
    },
};
use serde_json::json;

use super::{
    super::question,
    KEY, anthropic, clock,
    server::{Server, events},
};

pub(crate) const PARIS: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-test-2026","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":4,"cache_read_input_tokens":6,"output_tokens":1,"service_tier":"standard"}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Pär"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"is 🗼."}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}

event: message_stop
data: {"type":"message_stop"}

"#;

pub(crate) const CALLS: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hmm."}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"Eq=="}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_A","name":"weather","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\": \"Par"}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"is\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_B","name":"time","input":{}}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":30}}

event: message_stop
data: {"type":"message_stop"}

"#;

fn request() -> ChatRequest {
    let picture = Part::Image { media_type: "image/png".into(), data: "iVBORw0KGgo=".into() };
    let call = |id: &str| {
        Part::ToolCall(ToolCall { id: id.into(), name: "weather".into(), arguments: json!({"city": "Rome"}) })
    };
    let failed = Part::ToolResult { id: "t1".into(), content: "no such city".into(), failed: true };
    let mut request = ChatRequest::new([
        Message::system("Be brief."),
        Message::system("Be kind."),
        Message { role: Role::User, parts: vec![Part::Text { text: "And here?".into() }, picture] },
        Message { role: Role::Assistant, parts: vec![call("t1"), call("t2")] },
        Message { role: Role::Tool, parts: vec![failed] },
        Message::tool_result("t2", "Rain."),
        Message::user("Try again."),
    ]);
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    request = request.tool(Tool { name: "weather".into(), description: "The weather.".into(), parameters });
    (request.tool_choice, request.stop) = (ToolChoice::Required, vec!["END".into()]);
    request.max_tokens(99)
}

#[tokio::test]
async fn a_request_is_sent_in_the_words_of_the_protocol() {
    let server = Server::start(|_, _| events(PARIS)).await;
    anthropic(&server).chat(request()).await.unwrap();
    let received = server.received().remove(0);
    assert_eq!(received.path(), "/v1/messages");
    assert_eq!(
        (received.header("x-api-key"), received.header("anthropic-version")),
        (Some(KEY), Some("2023-06-01"))
    );
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "weather", "input": {"city": "Rome"}});
    let want = json!({
        "model": "claude-test",
        "max_tokens": 99,
        "system": "Be brief.\n\nBe kind.",
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "And here?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
            ]},
            {"role": "assistant", "content": [call("t1"), call("t2")]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "no such city", "is_error": true},
                {"type": "tool_result", "tool_use_id": "t2", "content": "Rain.", "is_error": false},
                {"type": "text", "text": "Try again."},
            ]},
        ],
        "stream": true,
        "stop_sequences": ["END"],
        "tools": [{
            "name": "weather", "description": "The weather.",
            "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
        }],
        "tool_choice": {"type": "any"},
    });
    assert_eq!(received.body, want);
}

fn plain() -> ChatRequest {
    ChatRequest { temperature: None, ..question("?") }
}

#[tokio::test]
async fn a_stream_is_read_to_deltas() {
    let server = Server::start(|_, _| events(PARIS)).await;
    let deltas: Vec<Delta> =
        anthropic(&server).stream(Arc::new(plain())).await.unwrap().map(Result::unwrap).collect().await;
    let usage = |output_tokens| Delta::Usage(Usage { input_tokens: 20, output_tokens, cached_tokens: 6 });
    let want = [
        Delta::Start { model: "claude-test-2026".into(), cached: false },
        usage(1),
        Delta::text("Pär"),
        Delta::text("is 🗼."),
        usage(7),
        Delta::Finish { reason: FinishReason::Stop },
    ];
    assert_eq!(deltas, want);
}

#[tokio::test]
async fn calls_of_tools_are_read_and_thoughts_are_passed_over() {
    let server = Server::start(|_, _| events(CALLS)).await;
    let answer = anthropic(&server).chat(plain()).await.unwrap();
    let call = |id: &str, name: &str, arguments| ToolCall { id: id.into(), name: name.into(), arguments };
    assert_eq!((answer.finish, &*answer.text), (FinishReason::ToolCalls, ""));
    assert_eq!(
        answer.tool_calls,
        [call("toolu_A", "weather", json!({"city": "Paris"})), call("toolu_B", "time", json!({}))]
    );
}

#[tokio::test]
async fn a_schema_becomes_a_tool_that_must_be_called() {
    let server = Server::start(|_, _| events(CALLS)).await;
    let object = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let answer = anthropic(&server).chat(plain().json_schema("place", object.clone())).await.unwrap();
    assert_eq!((&*answer.text, answer.finish), ("{\"city\": \"Paris\"}", FinishReason::Stop));
    let sent = server.received().pop().unwrap().body;
    assert_eq!(
        sent["tool_choice"],
        json!({"type": "tool", "name": "place", "disable_parallel_tool_use": true})
    );
    assert_eq!(sent["tools"][0]["input_schema"], object);
}

#[tokio::test]
async fn a_schema_of_no_object_is_wrapped_and_unwrapped() {
    let text = CALLS.replace(r#"{\"city\": \"Par"#, r#"{\"value\": [\"Par"#).replace(r#"is\"}"#, r#"is\"]}"#);
    let server = Server::start(move |_, _| events(&text)).await;
    let list =
        json!({"type": "array", "items": {"$ref": "#/$defs/City"}, "$defs": {"City": {"type": "string"}}});
    let answer = anthropic(&server).chat(plain().json_schema("places", list)).await.unwrap();
    assert_eq!(answer.text, "[\"Paris\"]");
    let sent = server.received().pop().unwrap().body["tools"][0]["input_schema"].clone();
    let want = json!({
        "type": "object", "required": ["value"], "$defs": {"City": {"type": "string"}},
        "properties": {"value": {"type": "array", "items": {"$ref": "#/$defs/City"}}},
    });
    assert_eq!(sent, want);
}

#[tokio::test]
async fn newer_models_take_the_schema_itself() {
    let server = Server::start(|_, _| events(PARIS)).await;
    let mut options = AnthropicOptions::new(Some(Secret::new(KEY))).base_url(server.url());
    options.structured_by = StructuredBy::OutputConfig;
    let model = Anthropic::new("claude-test", options, clock()).unwrap();
    let schema = json!({"type": "object"});
    model.chat(plain().json_schema("answer", schema.clone())).await.unwrap();
    let sent = server.received().pop().unwrap().body;
    assert_eq!(sent["output_config"], json!({"format": {"type": "json_schema", "schema": schema}}));
    assert_eq!(sent.get("tools"), None);
}

#[tokio::test]
async fn an_error_within_the_stream_is_typed() {
    for (kind, want, retry) in [
        ("overloaded_error", ErrorKind::Unavailable, Retry::Now),
        ("api_error", ErrorKind::Unavailable, Retry::Now),
        ("rate_limit_error", ErrorKind::LimitExceeded, Retry::Now),
        ("timeout_error", ErrorKind::Timeout, Retry::Now),
        ("billing_error", ErrorKind::LimitExceeded, Retry::Never),
        ("invalid_request_error", ErrorKind::InvalidInput, Retry::Never),
        ("authentication_error", ErrorKind::Unauthenticated, Retry::Never),
        ("permission_error", ErrorKind::PermissionDenied, Retry::Never),
    ] {
        let begun = &PARIS[..PARIS.find("event: content_block_stop").unwrap()];
        let text = format!(
            "{begun}event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"{kind}\",\"message\":\"As it were.\"}},\"request_id\":\"req_1\"}}\n\n"
        );
        let server = Server::start(move |_, _| events(&text)).await;
        let error = anthropic(&server).chat(plain()).await.unwrap_err();
        assert_eq!((error.kind(), error.retryable()), (want, retry), "{kind}");
        assert!(error.message().ends_with("As it were."), "{error}");
    }
}

#[tokio::test]
async fn models_are_listed() {
    let body = r#"{"data":[{"type":"model","id":"claude-b","display_name":"B","created_at":"2026-01-01T00:00:00Z"},{"type":"model","id":"claude-test","display_name":"T","created_at":"2026-01-01T00:00:00Z"}],"has_more":false,"first_id":"a","last_id":"b"}"#;
    let server = Server::start(move |_, _| super::server::json("200 OK", &[], body)).await;
    let models = anthropic(&server).models().await.unwrap();
    let ids: Vec<&str> = models.iter().map(|card| card.id.as_str()).collect();
    assert_eq!(ids, ["claude-test", "claude-b"]);
    assert_eq!(server.received()[0].path(), "/v1/models?limit=1000");
}
