//! Answers from the store.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use heptad_core::{
    llm::{
        ChatModel, ChatModelExt as _, ChatRequest, Delta, FinishReason,
        layers::{CachePolicy, Cached},
    },
    store::{Batch, KeyRange, Page, Store, Value, memory::MemoryStore},
};
use heptad_testkit::{
    VirtualClock,
    llm::{Scripted, Step},
};

use super::question;

const HOUR: Duration = Duration::from_secs(3600);

fn cached(answers: &[&str]) -> (Cached, Scripted, Arc<dyn Store>, VirtualClock) {
    let clock = VirtualClock::new();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let model = Scripted::new(answers.iter().map(|text| Step::answer(text)), &clock);
    let policy = CachePolicy { ttl: HOUR, everything: false };
    let cached = Cached::new(Arc::new(model.clone()), Arc::clone(&store), policy, Arc::new(clock.clone()));
    (cached, model, store, clock)
}

#[tokio::test]
async fn the_same_request_is_answered_once_until_it_is_old() {
    let (cached, model, _, clock) = cached(&["first", "second"]);
    let first = cached.chat(question("hello")).await.unwrap();
    let again = cached.chat(question("hello")).await.unwrap();
    assert_eq!((first.text.as_str(), again.text.as_str(), again.cached), ("first", "first", true));
    assert_eq!((first.usage.total(), again.usage.total()), (15, 0), "what is kept costs nothing");
    clock.advance(HOUR + Duration::from_millis(1));
    assert_eq!(cached.chat(question("hello")).await.unwrap().text, "second");
    assert_eq!(model.asked().len(), 2);
    clock.advance(HOUR * 2);
    assert_eq!(cached.purge().await.unwrap(), 1);
}

#[tokio::test]
async fn whatever_differs_is_another_request() {
    let others: [fn(ChatRequest) -> ChatRequest; 6] = [
        |request| request.max_tokens(7),
        |request| request.model("other"),
        |request| ChatRequest { seed: Some(1), ..request },
        |request| ChatRequest { stop: vec!["x".into()], ..request },
        |request| request.json_schema("s", serde_json::json!({"type": "object"})),
        |mut request| {
            request.messages.insert(0, heptad_core::llm::Message::system("Be brief."));
            request
        },
    ];
    let (cached, model, ..) = cached(&["a"; 7]);
    cached.chat(question("hello")).await.unwrap();
    for change in others {
        assert!(!cached.chat(change(question("hello"))).await.unwrap().cached);
    }
    assert_eq!(model.asked().len(), 7);
    assert!(
        cached.chat(question("hello").model("scripted")).await.unwrap().cached,
        "the default model by its name"
    );
}

#[tokio::test]
async fn only_deterministic_whole_unrefused_answers_are_kept() {
    let (cached, _, store, clock) = cached(&["a", "b"]);
    let free = ChatRequest { temperature: None, ..question("hello") };
    cached.chat(free.clone()).await.unwrap();
    assert!(!cached.chat(free).await.unwrap().cached);
    let half = vec![Step::Say(Delta::text("half"))];
    let refused =
        vec![Step::Say(Delta::text("no")), Step::Say(Delta::Finish { reason: FinishReason::Refused })];
    let model = Scripted::new([half, refused, Step::answer("whole")], &clock);
    let policy = CachePolicy { ttl: HOUR, everything: true };
    let cached = Cached::new(Arc::new(model), Arc::clone(&store), policy, Arc::new(clock));
    cached.chat(question("hello")).await.unwrap_err();
    cached.chat(question("hello")).await.unwrap();
    let mut dropped = cached.stream(Arc::new(question("hello"))).await.unwrap();
    dropped.next().await.unwrap().unwrap();
    drop(dropped);
    assert!(store.scan(KeyRange::all("llm.cache"), Page::first(10)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_damaged_answer_is_asked_for_anew() {
    let (cached, _, store, _) = cached(&["first", "second"]);
    cached.chat(question("hello")).await.unwrap();
    let record = store.scan(KeyRange::all("llm.cache"), Page::first(1)).await.unwrap().remove(0);
    let mut batch = Batch::new();
    batch.put(record.key, Value::json(&"damaged").unwrap());
    store.commit(batch).await.unwrap();
    assert_eq!(cached.chat(question("hello")).await.unwrap().text, "second");
    assert!(cached.chat(question("hello")).await.unwrap().cached, "and kept again");
}
