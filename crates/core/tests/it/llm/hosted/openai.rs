//! The protocol of OpenAI: what is sent, what is read.

use std::sync::Arc;

use futures_util::StreamExt as _;
use heptad_core::{
    ErrorKind,
    llm::{
        ChatModel, ChatModelExt as _, ChatRequest, Delta, EmbedRequest, Embedder, FinishReason, Message,
        Part, Role, Tool, ToolCall, ToolChoice, Usage,
    },
};
use serde_json::json;

use super::{
    KEY, openai,
    server::{Server, events, json as answer},
};

/// As the server sends it: the role first, pieces, the reason, usage by itself, the mark of the end.
pub(crate) const PARIS: &str = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"gpt-test-2026","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x1"}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"gpt-test-2026","choices":[{"index":0,"delta":{"content":"Pär"},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"gpt-test-2026","choices":[{"index":0,"delta":{"content":"is 🗼."},"logprobs":null,"finish_reason":null}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"gpt-test-2026","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}

data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"gpt-test-2026","choices":[],"usage":{"prompt_tokens":24,"completion_tokens":5,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":16,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}

data: [DONE]

"#;

pub(crate) const CALLS: &str = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_A","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":null}]}

data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]},"finish_reason":null}]}

data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_B","type":"function","function":{"name":"time","arguments":"{}"}}]},"finish_reason":null}]}

data: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Paris\"}"}}]},"finish_reason":null}]}

data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

"#;

/// Two vectors, the second first.
pub(crate) const VECTORS: &str = r#"{"object":"list","data":[{"object":"embedding","index":1,"embedding":[0.0,2.0]},{"object":"embedding","index":0,"embedding":[3.0,4.0]}],"model":"embed-2026","usage":{"prompt_tokens":8,"total_tokens":8}}"#;

fn request() -> ChatRequest {
    let picture = Part::Image { media_type: "image/png".into(), data: "iVBORw0KGgo=".into() };
    let call = ToolCall { id: "call_0".into(), name: "weather".into(), arguments: json!({"city": "Rome"}) };
    let failed = Part::ToolResult { id: "call_0".into(), content: "no such city".into(), failed: true };
    let mut request = ChatRequest::new([
        Message::system("Be brief."),
        Message { role: Role::User, parts: vec![Part::Text { text: "And here?".into() }, picture] },
        Message { role: Role::Assistant, parts: vec![Part::ToolCall(call)] },
        Message { role: Role::Tool, parts: vec![failed] },
        Message::user("Try again."),
    ]);
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    request = request.tool(Tool { name: "weather".into(), description: "The weather.".into(), parameters });
    request.tool_choice = ToolChoice::Tool { name: "weather".into() };
    (request.stop, request.seed, request.top_p) = (vec!["END".into()], Some(42), Some(0.5));
    request.temperature(0.0).max_tokens(99)
}

#[tokio::test]
async fn a_request_is_sent_in_the_words_of_the_protocol() {
    let server = Server::start(|_, _| events(PARIS)).await;
    openai(&server).chat(request()).await.unwrap();
    let received = server.received().remove(0);
    assert_eq!(received.path(), "/v1/chat/completions");
    assert_eq!(received.header("authorization"), Some(&*format!("Bearer {KEY}")));
    assert_eq!(
        (received.header("accept"), received.header("content-type")),
        (Some("text/event-stream"), Some("application/json"))
    );
    let want = json!({
        "model": "gpt-test",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "And here?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
            ]},
            {"role": "assistant", "tool_calls": [
                {"id": "call_0", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Rome\"}"}},
            ]},
            {"role": "tool", "content": "The tool failed: no such city", "tool_call_id": "call_0"},
            {"role": "user", "content": "Try again."},
        ],
        "stream": true,
        "stream_options": {"include_usage": true},
        "max_completion_tokens": 99,
        "temperature": 0.0,
        "top_p": 0.5,
        "seed": 42,
        "stop": ["END"],
        "tools": [{"type": "function", "function": {
            "name": "weather", "description": "The weather.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        }}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
    });
    assert_eq!(received.body, want);
}

#[tokio::test]
async fn a_stream_is_read_to_deltas() {
    let server = Server::start(|_, _| events(PARIS)).await;
    let deltas: Vec<Delta> = openai(&server)
        .stream(Arc::new(super::super::question("?")))
        .await
        .unwrap()
        .map(Result::unwrap)
        .collect()
        .await;
    let want = [
        Delta::Start { model: "gpt-test-2026".into(), cached: false },
        Delta::text("Pär"),
        Delta::text("is 🗼."),
        Delta::Usage(Usage { input_tokens: 24, output_tokens: 5, cached_tokens: 16 }),
        Delta::Finish { reason: FinishReason::Stop },
    ];
    assert_eq!(deltas, want);
}

#[tokio::test]
async fn calls_of_tools_come_in_pieces_side_by_side() {
    let server = Server::start(|_, _| events(CALLS)).await;
    let answer = openai(&server).chat(super::super::question("?")).await.unwrap();
    let call = |id: &str, name: &str, arguments| ToolCall { id: id.into(), name: name.into(), arguments };
    assert_eq!(answer.finish, FinishReason::ToolCalls);
    assert_eq!(
        answer.tool_calls,
        [call("call_A", "weather", json!({"city": "Paris"})), call("call_B", "time", json!({}))]
    );
}

#[tokio::test]
async fn reasons_of_the_end_are_told_apart() {
    for (chunk, want) in [
        (r#"{"delta":{"content":"x"},"finish_reason":"length"}"#, FinishReason::Length),
        (r#"{"delta":{"content":"x"},"finish_reason":"content_filter"}"#, FinishReason::Refused),
        (r#"{"delta":{"refusal":"I can't."},"finish_reason":"stop"}"#, FinishReason::Refused),
        (r#"{"delta":{"content":"x"},"finish_reason":"eos"}"#, FinishReason::Stop),
    ] {
        let text = format!("data: {{\"choices\":[{chunk}]}}\n\ndata: [DONE]\n\n");
        let server = Server::start(move |_, _| events(&text)).await;
        assert_eq!(openai(&server).chat(super::super::question("?")).await.unwrap().finish, want, "{chunk}");
    }
}

#[tokio::test]
async fn a_schema_is_sent_strict_where_it_can_be() {
    let server = Server::start(|_, _| events(PARIS)).await;
    let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    for (schema, strict) in [(closed, true), (open, false)] {
        openai(&server)
            .chat(super::super::question("?").json_schema("answer", schema.clone()))
            .await
            .unwrap();
        let sent = server.received().pop().unwrap().body["response_format"].clone();
        assert_eq!(
            sent,
            json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": strict}})
        );
    }
}

#[tokio::test]
async fn embeddings_are_put_in_order_and_normalised() {
    let server = Server::start(|_, _| answer("200 OK", &[], VECTORS)).await;
    let embedder = openai(&server).embedder("embed");
    let request = EmbedRequest { dimensions: Some(2), ..EmbedRequest::new(["a", "b"]) };
    let embedded = embedder.embed(Arc::new(request)).await.unwrap();
    assert_eq!(embedded.vectors, [[0.6, 0.8], [0.0, 1.0]]);
    assert_eq!((embedded.usage.input_tokens, &*embedded.model), (8, "embed-2026"));
    let received = server.received().remove(0);
    assert_eq!(received.path(), "/v1/embeddings");
    assert_eq!(
        received.body,
        json!({"model": "embed", "input": ["a", "b"], "encoding_format": "float", "dimensions": 2})
    );
}

#[tokio::test]
async fn embeddings_that_do_not_fit_the_texts_are_an_error() {
    for data in [
        r#"[{"index":0,"embedding":[1.0]}]"#,
        r#"[{"index":0,"embedding":[1.0]},{"index":0,"embedding":[1.0]}]"#,
        r#"[{"index":0,"embedding":[1.0]},{"index":2,"embedding":[1.0]}]"#,
        r#"[{"index":0,"embedding":[1.0]},{"index":1,"embedding":[1.0,2.0]}]"#,
        r#"[{"index":0,"embedding":[1.0]},{"index":1,"embedding":[]}]"#,
        r#"[{"index":0,"embedding":[1.0]},{"index":1,"embedding":[1e400]}]"#,
        r#"[{"index":0,"embedding":[1.0]},{"index":1,"embedding":["1"]}]"#,
    ] {
        let body = format!("{{\"object\":\"list\",\"data\":{data},\"model\":\"m\"}}");
        let server = Server::start(move |_, _| answer("200 OK", &[], &body)).await;
        let error = openai(&server)
            .embedder("embed")
            .embed(Arc::new(EmbedRequest::new(["a", "b"])))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{data}: {error}");
    }
}
