//! How a model answers.

use std::sync::Arc;

use futures_util::{StreamExt as _, future::join_all};
use heptad_core::llm::{
    ChatModel, ChatModelExt as _, ChatRequest, ChatResponse, Delta, FinishReason, Message, Schema,
    Structured, Tool, ToolChoice, Usage, fold, layers::Validated,
};
use serde_json::json;

use crate::llm::Place;

/// A request that is answered the same way each time, as far as the model can.
fn steady(model: &dyn ChatModel, text: &str) -> ChatRequest {
    let capabilities = model.capabilities();
    let mut request = ChatRequest::new([Message::user(text)]).max_tokens(64);
    request.temperature = capabilities.sampling.then_some(0.0);
    request.seed = capabilities.seed.then_some(7);
    request
}

async fn ask(model: &dyn ChatModel, request: ChatRequest) -> ChatResponse {
    model.chat(request).await.unwrap_or_else(|error| panic!("{error:?}"))
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn an_answer_starts_and_finishes_once(place: &dyn Place) {
    let model = place.model().await;
    let request = steady(&*model, "Say something, please.");
    let deltas: Vec<Delta> = model
        .stream(Arc::new(request))
        .await
        .expect("answered")
        .map(|delta| delta.expect("whole"))
        .collect()
        .await;
    assert!(matches!(deltas.first(), Some(Delta::Start { .. })), "{deltas:?}");
    assert!(matches!(deltas.last(), Some(Delta::Finish { .. })), "{deltas:?}");
    let starts = deltas.iter().filter(|delta| matches!(delta, Delta::Start { .. })).count();
    let ends = deltas.iter().filter(|delta| matches!(delta, Delta::Finish { .. })).count();
    assert_eq!((starts, ends), (1, 1), "{deltas:?}");
    let empty = deltas.iter().any(|delta| matches!(delta, Delta::Text { text } | Delta::Arguments { json: text, .. } if text.is_empty()));
    assert!(!empty, "an empty piece says nothing: {deltas:?}");
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn the_whole_is_the_fold_of_the_stream(place: &dyn Place) {
    let model = place.model().await;
    let request = steady(&*model, "Say something else, with an ümlaut.");
    let streamed =
        fold(model.stream(Arc::new(request.clone())).await.expect("answered")).await.expect("whole");
    let whole = ask(&*model, request).await;
    assert_eq!((streamed.text, streamed.finish), (whole.text, whole.finish));
    // The second time a model may know the beginning already, and says so.
    let used = |usage: Usage| (usage.input_tokens, usage.output_tokens);
    assert_eq!(used(streamed.usage), used(whole.usage));
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn what_was_used_is_counted(place: &dyn Place) {
    let model = place.model().await;
    let request = steady(&*model, "How much does this cost?");
    let most = model.prompt_tokens(&request);
    let usage = ask(&*model, request).await.usage;
    assert!(usage.input_tokens > 0 && usage.output_tokens > 0, "{usage:?}");
    assert!(usage.input_tokens <= most, "{usage:?} is more than the bound {most}");
    assert!(usage.cached_tokens <= usage.input_tokens, "{usage:?}");
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn max_tokens_end_an_answer(place: &dyn Place) {
    let model = place.model().await;
    let request = steady(&*model, "Say: one two three four five six seven eight nine ten.").max_tokens(3);
    let answer = ask(&*model, request).await;
    assert_eq!(answer.finish, FinishReason::Length);
    assert!(answer.usage.output_tokens <= 3, "{:?}", answer.usage);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn a_stop_text_ends_an_answer_and_is_not_in_it(place: &dyn Place) {
    let model = place.model().await;
    if model.capabilities().max_stop == 0 {
        return;
    }
    let mut request = steady(&*model, "Say: one two three four five six seven eight nine ten.");
    let free = ask(&*model, request.clone()).await.text;
    let middle: String = free.chars().skip(free.chars().count() / 2).take(3).collect();
    request.stop = vec![middle.clone()];
    let stopped = ask(&*model, request).await;
    assert_eq!(stopped.finish, FinishReason::Stop);
    assert!(!stopped.text.contains(&middle), "{middle:?} in {:?}", stopped.text);
    assert!(free.starts_with(&stopped.text), "{:?} does not begin {free:?}", stopped.text);
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn a_dropped_answer_leaves_the_model_usable(place: &dyn Place) {
    let model = place.model().await;
    for taken in 0..3 {
        let mut deltas =
            model.stream(Arc::new(steady(&*model, "Say a long sentence."))).await.expect("answered");
        for _ in 0..taken {
            deltas.next().await.expect("there is more").expect("whole");
        }
    }
    let answer = ask(&*model, steady(&*model, "Are you still there?")).await;
    assert!(!answer.text.is_empty());
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn answers_at_the_same_time_do_not_mix(place: &dyn Place) {
    let model = place.model().await;
    let requests: Vec<_> = (0..6).map(|index| steady(&*model, &format!("Say the number {index}."))).collect();
    let together = join_all(requests.iter().map(|request| ask(&*model, request.clone()))).await;
    for (request, answer) in requests.into_iter().zip(together) {
        assert_eq!(ask(&*model, request).await.text, answer.text);
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn a_forced_tool_is_called_with_an_object(place: &dyn Place) {
    let model = place.model().await;
    if !model.capabilities().forced_tools {
        return;
    }
    let parameters =
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let tool =
        Tool { name: "weather".into(), description: "Tells the weather of a city.".into(), parameters };
    let mut request = steady(&*model, "What is the weather in Paris?").tool(tool);
    request.tool_choice = ToolChoice::Tool { name: "weather".into() };
    let answer = ask(&*model, request.clone()).await;
    assert_eq!(answer.finish, FinishReason::ToolCalls);
    let [call] = &*answer.tool_calls else { panic!("one call, not {:?}", answer.tool_calls) };
    assert_eq!(call.name, "weather");
    assert!(call.arguments["city"].is_string(), "{}", call.arguments);
    let id = call.id.clone();
    request.messages.extend([answer.into_message(), Message::tool_result(id, "Rain.")]);
    request.tool_choice = ToolChoice::None;
    assert!(ask(&*model, request).await.tool_calls.is_empty(), "it may not call now");
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn a_structured_answer_fits_its_schema(place: &dyn Place) {
    let model = place.model().await;
    if model.capabilities().structured == Structured::Unaware {
        return;
    }
    let object = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}, "tags": {"type": "array", "items": {"type": "string"}}},
        "required": ["name", "age", "tags"],
        "additionalProperties": false,
    });
    let checked = Validated::new(Arc::clone(&model), 2);
    for schema in
        [object, json!({"type": "array", "items": {"enum": ["a", "b"]}}), json!({"type": "integer"})]
    {
        let request = steady(&*model, "Describe a person.").json_schema("person", schema.clone());
        let answer = ask(&checked, request).await;
        let document = serde_json::from_str(&answer.text).expect("a document");
        let violations = Schema::compile(&schema).expect("a schema").violations(&document);
        assert_eq!(violations, Vec::new(), "{document}");
        // A mask may bring a document to its end when the tokens run out, and says so.
        let masked = model.capabilities().structured == Structured::Masked;
        assert!(
            answer.finish == FinishReason::Stop || masked && answer.finish == FinishReason::Length,
            "{document}"
        );
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn deterministic_requests_are_answered_alike(place: &dyn Place) {
    let model = place.model().await;
    let request = steady(&*model, "Tell me a story.");
    if request.is_deterministic() {
        let first = ask(&*model, request.clone()).await;
        assert_eq!(ask(&*model, request).await.text, first.text);
    }
}

#[expect(missing_docs, reason = "the name says it")]
pub async fn the_configured_model_is_listed_first(place: &dyn Place) {
    let model = place.model().await;
    let models = model.models().await.expect("listed");
    assert_eq!(models[0].id, model.capabilities().model);
    let distinct: std::collections::BTreeSet<_> = models.iter().map(|card| &card.id).collect();
    assert_eq!(distinct.len(), models.len(), "{models:?}");
}
