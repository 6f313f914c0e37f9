//! The official SDKs read the wire formats that these tests play: what they make of them is what our adapters make of them. So the formats are those of the
//! providers, and not what somebody here believes of them.

use std::{process::Command, sync::Arc};

use heptad_core::{
    Retry,
    llm::{
        ChatModel, ChatModelExt as _, ChatRequest, ChatResponse, EmbedRequest, Embedder as _, FinishReason,
        Message, Secret,
        anthropic::{Anthropic, AnthropicOptions},
        openai::{OpenAi, OpenAiOptions},
    },
};
use heptad_testkit::node_modules;
use serde_json::{Value, json};

use super::{
    KEY, anthropic, clock, openai,
    server::{Act, Received, Server, events, json as answer},
};

/// The SDKs whose word is taken.
const PACKAGES: [&str; 2] = ["openai@6.49.0", "@anthropic-ai/sdk@1.12.0"];

const SCRIPT: &str = include_str!("sdk.mjs");

/// Each case under a path of its own.
fn provider(_: usize, request: &Received) -> Vec<Act> {
    let (_, path) = request.path().split_at(1);
    let (case, rest) = path.split_once('/').unwrap();
    let messages = rest.ends_with("messages");
    match case {
        "paris" => events(if messages { anthropic::PARIS } else { openai::PARIS }),
        "calls" => events(if messages { anthropic::CALLS } else { openai::CALLS }),
        "broken" if messages => events(
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
        ),
        "broken" => events("data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n"),
        "limited" => {
            let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down","code":"rate_limit"}}"#;
            answer("429 Too Many Requests", &[("retry-after", "7")], body)
        }
        "vectors" => answer("200 OK", &[], openai::VECTORS),
        _ => answer(
            "200 OK",
            &[],
            r#"{"object":"list","data":[{"id":"b","object":"model"},{"id":"a","object":"model"}]}"#,
        ),
    }
}

/// What the SDKs see of the server.
async fn theirs(url: String) -> Result<Value, String> {
    let run = move || {
        let script = node_modules(&PACKAGES)?.join(format!("sdk-{}.mjs", std::process::id()));
        std::fs::write(&script, SCRIPT).unwrap();
        let output = Command::new("node").arg(&script).arg(url).output();
        let _ = std::fs::remove_file(&script);
        let output = output.map_err(|error| format!("node does not start: {error}"))?;
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{err}");
        Ok(serde_json::from_str(&out).unwrap())
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// What we see of it, in the same words.
async fn ours(model: Arc<dyn ChatModel>, reasons: [&str; 2]) -> Value {
    match model.chat(ChatRequest::new([Message::user("The capital of France?")])).await {
        Ok(ChatResponse { model, text, tool_calls, usage, finish, .. }) => {
            let calls: Vec<_> = tool_calls
                .iter()
                .map(|call| json!({"id": call.id, "name": call.name, "arguments": call.arguments}))
                .collect();
            let finish = if finish == FinishReason::ToolCalls { reasons[1] } else { reasons[0] };
            json!({"model": model, "text": text, "calls": calls, "finish": finish, "input": usage.input_tokens, "output": usage.output_tokens})
        }
        Err(error) => {
            let status = error
                .context()
                .iter()
                .find(|(name, _)| *name == "status")
                .and_then(|(_, status)| status.parse::<u16>().ok());
            let after = match error.retryable() {
                Retry::After(delay) => json!(delay.as_secs().to_string()),
                _ => Value::Null,
            };
            json!({"error": status.map_or(json!("in the stream"), |status| json!(status)), "retryAfter": after})
        }
    }
}

#[tokio::test]
async fn the_official_sdks_read_what_our_adapters_read() {
    let server = Server::start(provider).await;
    let mut theirs = match theirs(server.url()).await {
        Ok(seen) => seen,
        Err(reason) => {
            heptad_testkit::not_run(reason);
            return;
        }
    };
    let url = |case: &str| format!("{}/{case}", server.url());
    let key = || Some(Secret::new(KEY));
    let open = |case: &str| {
        let options = OpenAiOptions::new(key()).base_url(url(case) + "/v1");
        OpenAi::new("gpt-test", options, clock()).unwrap()
    };
    for case in ["paris", "calls", "limited", "broken"] {
        let seen = ours(Arc::new(open(case)), ["stop", "tool_calls"]).await;
        assert_eq!(seen, theirs[format!("openai {case}")].take(), "openai {case}");
        let options = AnthropicOptions::new(key()).base_url(url(case));
        let model = Anthropic::new("claude-test", options, clock()).unwrap();
        let seen = ours(Arc::new(model), ["end_turn", "tool_use"]).await;
        assert_eq!(seen, theirs[format!("anthropic {case}")].take(), "anthropic {case}");
    }
    let vectors =
        open("vectors").embedder("embed").embed(Arc::new(EmbedRequest::new(["a", "b"]))).await.unwrap();
    // As it is sent: not in order, and not of length 1.
    let sent = json!({"model": vectors.model, "vectors": [[1, [0, 2]], [0, [3, 4]]], "input": vectors.usage.input_tokens});
    assert_eq!((&theirs["openai vectors"], vectors.vectors), (&sent, vec![vec![0.6, 0.8], vec![0.0, 1.0]]));
    let models: Vec<_> = open("models").models().await.unwrap().into_iter().map(|card| card.id).collect();
    assert_eq!(
        (&theirs["openai models"], models),
        (&json!(["b", "a"]), ["gpt-test", "a", "b"].map(str::to_owned).to_vec())
    );
}
