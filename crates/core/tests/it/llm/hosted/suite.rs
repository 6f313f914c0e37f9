//! The conformance suites over hosted models: a parrot behind the real wire formats.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use heptad_core::llm::{
    ChatModel, ChatRequest, Delta, EmbedRequest, Embedder, FinishReason, Message, ResponseFormat, Tool,
    ToolChoice, Usage, layers::Stack,
};
use heptad_testkit::llm::{EmbedPlace, Parrot, Place};
use serde_json::{Value, json};

use super::{
    anthropic, clock, openai,
    server::{Act, Received, Server, events, json as answer},
};

/// A server with a parrot in it.
async fn aviary() -> Server {
    Server::start(|_, received| match received.path() {
        "/v1/chat/completions" => completions(received),
        "/v1/messages" => messages(received),
        "/v1/embeddings" => embeddings(received),
        _ => answer("200 OK", &[], r#"{"data":[{"id":"another"},{"id":"gpt-test"},{"id":"claude-test"}]}"#),
    })
    .await
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn heard(body: &Value) -> ChatRequest {
    let turns = body["messages"].as_array().unwrap().iter().map(|turn| match turn["role"].as_str() {
        Some("user") => Message::user(text(&turn["content"])),
        Some("system") => Message::system(text(&turn["content"])),
        _ => Message::assistant("…"),
    });
    let mut request = ChatRequest::new(turns).model(body["model"].as_str().unwrap());
    request.max_tokens = ["max_tokens", "max_completion_tokens"]
        .iter()
        .find_map(|name| body[*name].as_u64())
        .map(|most| most as u32);
    let stop = body["stop"].as_array().or(body["stop_sequences"].as_array());
    request.stop = stop.into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect();
    request
}

fn tool(name: &Value, parameters: &Value) -> Tool {
    Tool {
        name: name.as_str().unwrap().to_owned(),
        description: String::new(),
        parameters: parameters.clone(),
    }
}

fn completions(received: &Received) -> Vec<Act> {
    let body = &received.body;
    let mut request = heard(body);
    request.tools = body["tools"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|t| tool(&t["function"]["name"], &t["function"]["parameters"]))
        .collect();
    request.tool_choice = match body.pointer("/tool_choice/function/name").and_then(Value::as_str) {
        Some(name) => ToolChoice::Tool { name: name.to_owned() },
        None => ToolChoice::None,
    };
    if let Some(schema) = body.pointer("/response_format/json_schema/schema") {
        request.format = ResponseFormat::JsonSchema { name: "a".into(), schema: schema.clone() };
    }
    let chunk = |delta: Value, reason: Option<&str>| json!({"id": "c", "object": "chat.completion.chunk", "model": "parrot", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let (mut stream, mut counted) = (String::new(), Usage::default());
    let mut push = |value: Value| stream.push_str(&format!("data: {value}\r\n\r\n"));
    push(chunk(json!({"role": "assistant", "content": ""}), None));
    for delta in Parrot::new().answer(&request) {
        match delta {
            Delta::Text { text } => push(chunk(json!({"content": text}), None)),
            Delta::ToolCall { index, id, name } => {
                push(chunk(
                    json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}]}),
                    None,
                ));
            }
            Delta::Arguments { index, json } => {
                push(chunk(json!({"tool_calls": [{"index": index, "function": {"arguments": json}}]}), None))
            }
            Delta::Usage(usage) => counted = usage,
            Delta::Finish { reason } => {
                push(chunk(json!({}), Some(reason_of(reason, ["stop", "length", "tool_calls"]))))
            }
            _ => {}
        }
    }
    push(
        json!({"choices": [], "usage": {"prompt_tokens": counted.input_tokens, "completion_tokens": counted.output_tokens}}),
    );
    events(&format!("{stream}data: [DONE]\r\n\r\n"))
}

fn reason_of(reason: FinishReason, words: [&'static str; 3]) -> &'static str {
    match reason {
        FinishReason::Length => words[1],
        FinishReason::ToolCalls => words[2],
        _ => words[0],
    }
}

fn messages(received: &Received) -> Vec<Act> {
    let body = &received.body;
    let mut request = heard(body);
    request.tools = body["tools"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|t| tool(&t["name"], &t["input_schema"]))
        .collect();
    request.tool_choice = match body.pointer("/tool_choice/name").and_then(Value::as_str) {
        Some(name) => ToolChoice::Tool { name: name.to_owned() },
        None => ToolChoice::None,
    };
    let deltas = Parrot::new().answer(&request);
    let counted = deltas.iter().find_map(|delta| match delta {
        Delta::Usage(usage) => Some(*usage),
        _ => None,
    });
    let counted = counted.unwrap();
    let mut stream = String::new();
    let mut push = |value: Value| {
        stream.push_str(&format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap()))
    };
    let usage = json!({"input_tokens": counted.input_tokens, "output_tokens": 1});
    push(
        json!({"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "model": "parrot", "content": [], "usage": usage}}),
    );
    let called = deltas.iter().any(|delta| matches!(delta, Delta::ToolCall { .. }));
    if !called {
        push(
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        );
    }
    for delta in deltas {
        match delta {
            Delta::Text { text } => push(
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
            ),
            Delta::ToolCall { index, id, name } => {
                push(
                    json!({"type": "content_block_start", "index": index, "content_block": {"type": "tool_use", "id": id, "name": name, "input": {}}}),
                );
            }
            Delta::Arguments { index, json } => {
                push(
                    json!({"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": json}}),
                );
            }
            Delta::Finish { reason } => {
                push(json!({"type": "content_block_stop", "index": 0}));
                let reason = reason_of(reason, ["end_turn", "max_tokens", "tool_use"]);
                push(
                    json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": counted.output_tokens}}),
                );
            }
            _ => {}
        }
    }
    push(json!({"type": "message_stop"}));
    events(&stream)
}

fn embeddings(received: &Received) -> Vec<Act> {
    let texts = received.body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap());
    let data: Vec<Value> = texts
        .enumerate()
        .map(|(index, text)| json!({"index": index, "embedding": Parrot::vector(text)}))
        .collect();
    answer("200 OK", &[], &json!({"object": "list", "data": data, "model": "parrot", "usage": {"prompt_tokens": 1, "total_tokens": 1}}).to_string())
}

/// A model that owns its server.
struct Caged<M: ?Sized> {
    model: Arc<M>,
    _server: Server,
}

/// Which protocol, and with all layers around it or none.
struct Aviary {
    anthropic: bool,
    layers: bool,
}

impl Place for Aviary {
    fn model(&self) -> BoxFuture<'_, Arc<dyn ChatModel>> {
        Box::pin(async {
            let server = aviary().await;
            let mut model: Arc<dyn ChatModel> =
                if self.anthropic { Arc::new(anthropic(&server)) } else { Arc::new(openai(&server)) };
            if self.layers {
                model = Stack::new(model, clock()).build();
            }
            Arc::new(Caged { model, _server: server }) as Arc<dyn ChatModel>
        })
    }
}

#[async_trait::async_trait]
impl ChatModel for Caged<dyn ChatModel> {
    fn capabilities(&self) -> &heptad_core::llm::Capabilities {
        self.model.capabilities()
    }

    async fn stream(&self, request: Arc<ChatRequest>) -> heptad_core::Result<heptad_core::llm::DeltaStream> {
        self.model.stream(request).await
    }

    async fn models(&self) -> heptad_core::Result<Vec<heptad_core::llm::ModelCard>> {
        self.model.models().await
    }
}

#[async_trait::async_trait]
impl Embedder for Caged<dyn Embedder> {
    fn capabilities(&self) -> &heptad_core::llm::EmbedCapabilities {
        self.model.capabilities()
    }

    async fn embed(&self, request: Arc<EmbedRequest>) -> heptad_core::Result<heptad_core::llm::Embeddings> {
        self.model.embed(request).await
    }
}

impl EmbedPlace for Aviary {
    fn embedder(&self) -> BoxFuture<'_, Arc<dyn Embedder>> {
        Box::pin(async {
            let server = aviary().await;
            let embedder: Arc<dyn Embedder> = Arc::new(openai(&server).embedder("embed-test"));
            Arc::new(Caged { model: embedder, _server: server }) as Arc<dyn Embedder>
        })
    }
}

mod over_openai {
    use super::Aviary;
    heptad_testkit::chat_suite!(Aviary { anthropic: false, layers: false });
    mod embedder {
        use super::super::Aviary;
        heptad_testkit::embed_suite!(Aviary { anthropic: false, layers: false });
    }
}

mod over_openai_with_layers {
    use super::Aviary;
    heptad_testkit::chat_suite!(Aviary { anthropic: false, layers: true });
}

mod over_anthropic {
    use super::Aviary;
    heptad_testkit::chat_suite!(Aviary { anthropic: true, layers: false });
}

mod over_anthropic_with_layers {
    use super::Aviary;
    heptad_testkit::chat_suite!(Aviary { anthropic: true, layers: true });
}
