//! Answers from the store.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use heptad_core::{
    ErrorKind, Retry,
    llm::{
        Capabilities, ChatModel, ChatModelExt as _, ChatRequest, Delta, FinishReason,
        layers::{CachePolicy, Cached, Stack},
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
async fn whoever_differs_is_another_model() {
    let clock = VirtualClock::new();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let ask = async |place: &str, most: u32| {
        let mut capabilities = Capabilities::new("scripted", "scripted");
        (capabilities.sampling, capabilities.max_output_tokens) = (true, most);
        capabilities.identity = place.to_owned();
        let model = Arc::new(Scripted::with(capabilities, [Step::answer(place)], &clock));
        let policy = CachePolicy { ttl: HOUR, everything: false };
        let cached = Cached::new(model, Arc::clone(&store), policy, Arc::new(clock.clone()));
        cached.chat(question("hello")).await.unwrap()
    };
    assert_eq!(ask("here", 100).await.text, "here");
    assert_eq!(ask("there", 100).await.text, "there", "a server elsewhere");
    assert!(!ask("here", 50).await.cached, "with longer answers where nobody says");
    assert!(ask("here", 100).await.cached);
}

#[tokio::test]
async fn what_stood_in_for_a_model_is_not_its_answer() {
    let clock = VirtualClock::new();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let named = |name: &str, script| {
        let mut capabilities = Capabilities::new("scripted", name);
        capabilities.sampling = true;
        Scripted::with(capabilities, script, &clock)
    };
    let out = Step::refuse(ErrorKind::Unavailable, Retry::Never);
    let first = named("first", vec![out.clone(), out, Step::answer("of the first")]);
    let second = named("second", vec![Step::answer("of the second")]);
    let model = Stack::new(Arc::new(first), Arc::new(clock.clone()))
        .fallback(Arc::new(second.clone()))
        .cache(store, CachePolicy { ttl: HOUR, everything: false })
        .build();
    let mut answers = Vec::new();
    for _ in 0..4 {
        let answer = model.chat(question("hello")).await.unwrap();
        answers.push((answer.text, answer.cached));
    }
    let want =
        [("of the second", false), ("of the second", true), ("of the first", false), ("of the first", true)];
    assert_eq!(answers, want.map(|(text, cached)| (text.to_owned(), cached)));
    assert_eq!(second.asked().len(), 1);
}

#[tokio::test]
async fn a_structured_answer_is_kept_when_it_is_valid() {
    let clock = VirtualClock::new();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let script = ["no", "no", "no", "still no", "{\"age\": 7}"].map(Step::answer);
    let scripted = Scripted::new(script, &clock);
    let model = Stack::new(Arc::new(scripted.clone()), Arc::new(clock.clone()))
        .cache(Arc::clone(&store), CachePolicy { ttl: HOUR, everything: false })
        .repairs(2)
        .build();
    let schema = serde_json::json!({"type": "object", "required": ["age"]});
    let ask = || question("How old?").json_schema("person", schema.clone());
    model.chat(ask()).await.unwrap_err();
    let repaired = model.chat(ask()).await.unwrap();
    assert_eq!((&*repaired.text, repaired.cached), ("{\"age\":7}", false), "the model is asked again");
    let again = model.chat(ask()).await.unwrap();
    assert_eq!((again.text, again.cached, scripted.asked().len()), (repaired.text, true, 5));
    let kept = store.scan(KeyRange::all("llm.cache"), Page::first(10)).await.unwrap();
    assert_eq!(kept.len(), 1, "nothing that was not valid");
}

#[tokio::test]
async fn old_answers_make_room_for_new_ones() {
    let (cached, _, store, clock) = cached(&["a"; 300]);
    let ask = async |text: String| cached.chat(question(&text)).await.unwrap();
    for number in 0..200 {
        ask(format!("old {number}")).await;
    }
    clock.advance(HOUR * 2);
    for number in 0..100 {
        ask(format!("new {number}")).await;
    }
    let kept = store.scan(KeyRange::all("llm.cache"), Page::first(1000)).await.unwrap().len();
    assert!((100..150).contains(&kept), "{kept}");
    assert!(ask("new 0".into()).await.cached);
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
