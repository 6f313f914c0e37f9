//! Structured answers.

use std::sync::Arc;

use heptad_core::{
    ErrorKind,
    llm::{Capabilities, ChatModelExt as _, ChatRequest, Delta, FinishReason, Role, layers::Validated},
};
use heptad_testkit::{
    VirtualClock,
    llm::{Scripted, Step},
};
use serde_json::json;

use super::question;

fn request() -> ChatRequest {
    let schema = json!({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"], "additionalProperties": false});
    question("How old?").json_schema("person", schema)
}

fn model(answers: &[&str]) -> Scripted {
    Scripted::new(answers.iter().map(|text| Step::answer(text)), &VirtualClock::new())
}

#[tokio::test]
async fn a_valid_answer_passes_bare_or_fenced() {
    for text in ["{\"age\": 7}", "  {\"age\":7}\n", "```json\n{\"age\": 7}\n```", "```\n{\"age\":7}```"] {
        let answer = Validated::new(Arc::new(model(&[text])), 0).chat(request()).await.unwrap();
        assert_eq!(answer.text, "{\"age\":7}", "{text:?}");
    }
}

#[tokio::test]
async fn the_model_is_shown_its_mistakes() {
    let model = model(&["I think 7", "{\"age\": \"7\"}", "{\"age\": 7}"]);
    let answer = Validated::new(Arc::new(model.clone()), 2).chat(request()).await.unwrap();
    assert_eq!((&*answer.text, answer.usage.total()), ("{\"age\":7}", 45), "every round is counted");
    let asked = model.asked();
    let last: Vec<(Role, String)> =
        asked[2].messages.iter().map(|message| (message.role, message.text())).collect();
    assert_eq!(last.len(), 5);
    assert_eq!(last[1], (Role::Assistant, "I think 7".to_owned()));
    assert!(last[2].1.contains("it is not JSON"), "{}", last[2].1);
    assert!(last[4].1.contains("/age: it is text, and should be integer"), "{}", last[4].1);
}

#[tokio::test]
async fn what_stays_invalid_is_an_error() {
    let model = model(&["no", "still no", "no!"]);
    let error = Validated::new(Arc::new(model.clone()), 2).chat(request()).await.unwrap_err();
    assert_eq!((error.kind(), model.asked().len()), (ErrorKind::Unavailable, 3));
    assert!(error.message().contains("after 3 attempts"), "{error}");
}

#[tokio::test]
async fn where_asking_again_cannot_help_it_is_not_asked() {
    let say = |text: &str, reason| vec![Step::Say(Delta::text(text)), Step::Say(Delta::Finish { reason })];
    for (script, kind) in [
        (say("{\"age\":", FinishReason::Length), ErrorKind::LimitExceeded),
        (say("I cannot help with that.", FinishReason::Refused), ErrorKind::InvalidInput),
    ] {
        let model = Scripted::new([script], &VirtualClock::new());
        let error = Validated::new(Arc::new(model), 5).chat(request()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn a_model_that_knows_nothing_of_schemas_is_told_in_words() {
    let mut capabilities = Capabilities::new("plain", "plain");
    capabilities.sampling = true;
    let model = Scripted::with(capabilities, [Step::answer("{\"age\": 7}")], &VirtualClock::new());
    Validated::new(Arc::new(model.clone()), 0).chat(request()).await.unwrap();
    let asked = model.asked().remove(0);
    assert_eq!(asked.format, Default::default());
    assert!(asked.messages[0].text().contains("\"additionalProperties\":false"), "{:?}", asked.messages[0]);
}

#[tokio::test]
async fn what_is_not_structured_passes_untouched() {
    let model = model(&["plain words"]);
    let answer = Validated::new(Arc::new(model), 2).chat(question("hello")).await.unwrap();
    assert_eq!(answer.text, "plain words");
}
