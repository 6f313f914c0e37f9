//! From deltas to a whole.

use futures_util::stream;
use heptad_core::{
    ErrorKind, Result,
    llm::{ChatResponse, Delta, FinishReason, ToolCall, Usage, fold},
};
use serde_json::json;

async fn whole(deltas: Vec<Delta>) -> Result<ChatResponse> {
    fold(stream::iter(deltas.into_iter().map(Ok))).await
}

fn call(index: u32, json: &str) -> [Delta; 2] {
    let id = format!("c{index}");
    [Delta::ToolCall { index, id, name: "t".into() }, Delta::Arguments { index, json: json.into() }]
}

#[tokio::test]
async fn deltas_and_the_whole_are_the_same_thing() {
    let answer = ChatResponse {
        model: "m".into(),
        text: "Ä, and calls:".into(),
        tool_calls: vec![
            ToolCall { id: "a".into(), name: "t".into(), arguments: json!({"x": [1, "z"]}) },
            ToolCall { id: "b".into(), name: "u".into(), arguments: json!({}) },
        ],
        usage: Usage { input_tokens: 3, output_tokens: 4, cached_tokens: 1 },
        finish: FinishReason::ToolCalls,
        cached: false,
    };
    assert_eq!(whole(answer.clone().into_deltas()).await.unwrap(), answer);
}

#[tokio::test]
async fn calls_may_come_interleaved_and_without_arguments() {
    let mut deltas = vec![Delta::ToolCall { index: 0, id: "a".into(), name: "t".into() }];
    deltas.extend(call(1, "{\"x\":"));
    deltas.push(Delta::Arguments { index: 1, json: "1}".into() });
    deltas.push(Delta::Finish { reason: FinishReason::ToolCalls });
    let answer = whole(deltas).await.unwrap();
    let arguments: Vec<_> = answer.tool_calls.into_iter().map(|call| call.arguments).collect();
    assert_eq!(arguments, [json!({}), json!({"x": 1})]);
}

#[tokio::test]
async fn half_an_answer_is_an_error_and_never_a_short_answer() {
    let cut = whole(vec![Delta::text("The capital is")]).await.unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::Unavailable);
    assert!(cut.message().contains("cut off"), "{cut}");
    let finish = |reason| Delta::Finish { reason };
    for arguments in ["{\"x\":", "[1]", "\"text\"", "{} {}"] {
        let [begin, more] = call(0, arguments);
        whole(vec![begin, more, finish(FinishReason::ToolCalls)]).await.unwrap_err();
    }
    whole(vec![Delta::Arguments { index: 3, json: "{}".into() }, finish(FinishReason::Stop)])
        .await
        .unwrap_err();
    let [begin, more] = call(0, "{\"x\":");
    let stopped =
        whole(vec![Delta::text("so far"), begin, more, finish(FinishReason::Length)]).await.unwrap();
    assert_eq!(
        (&*stopped.text, stopped.tool_calls.len()),
        ("so far", 0),
        "the reason says that it is not whole"
    );
}
