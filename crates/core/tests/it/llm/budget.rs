//! Budgets: refused before the call, settled after it, kept in the store.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use heptad_core::{
    ErrorKind, Retry,
    clock::Clock,
    llm::{
        ChatModel, ChatModelExt as _, Delta, EmbedRequest, Embedder,
        layers::{Budget, BudgetLimits, Budgeted, Period},
        money::{Money, Prices},
    },
    store::{Store, memory::MemoryStore},
};
use heptad_testkit::{
    VirtualClock,
    llm::{Scripted, Step},
};

use super::question;

const PRICES: &str =
    "currency = \"USD\"\n[[model]]\nname = \"scripted\"\ninput = \"1000000\"\noutput = \"2000000\"";

struct Bench {
    clock: VirtualClock,
    store: Arc<dyn Store>,
    model: Scripted,
    budget: Arc<Budget>,
}

impl Bench {
    fn new(limits: BudgetLimits, script: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let clock = VirtualClock::new();
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
        let model = Scripted::new(script, &clock);
        let mut bench = Self { budget: Self::open(&store, &limits, &clock), clock, store, model };
        bench.budget = Self::open(&bench.store, &limits, &bench.clock);
        bench
    }

    fn open(store: &Arc<dyn Store>, limits: &BudgetLimits, clock: &VirtualClock) -> Arc<Budget> {
        let prices = Arc::new(Prices::parse("prices.toml", PRICES).unwrap());
        Arc::new(Budget::new(Arc::clone(store), limits.clone(), prices, Arc::new(clock.clone())))
    }

    fn chat(&self) -> Budgeted<dyn ChatModel> {
        Budgeted::new(Arc::new(self.model.clone()), Arc::clone(&self.budget))
    }
}

fn tokens(most: u64) -> BudgetLimits {
    BudgetLimits { tokens: Some(most), period: Period::Day, ..BudgetLimits::default() }
}

/// What "hello" may take: 16 + 5 tokens of conversation at most, 100 of answer.
const MOST: u64 = 121;

#[tokio::test]
async fn a_call_that_could_exceed_the_budget_is_not_sent() {
    let bench = Bench::new(tokens(MOST + 14), [Step::answer("one")]);
    let chat = bench.chat();
    chat.chat(question("hello")).await.unwrap();
    let spent = bench.budget.spent().await.unwrap();
    assert_eq!(
        (spent.tokens, spent.reserved_tokens, spent.calls),
        (15, 0, 1),
        "what was counted, not what was reserved"
    );
    let error = chat.chat(question("hello")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.message().contains("120 of 135 tokens left"), "{error}");
    assert_eq!(bench.model.asked().len(), 1, "the second was refused before it was sent");
    let Retry::After(wait) = error.retryable() else { panic!("it says when to come back") };
    assert_eq!(bench.clock.now().checked_add(wait).unwrap().to_string(), "2026-01-02T00:00:00Z");
}

#[tokio::test]
async fn a_new_period_begins_at_nothing() {
    let bench = Bench::new(tokens(MOST), vec![Step::answer("ok"); 2]);
    bench.chat().chat(question("hello")).await.unwrap();
    bench.chat().chat(question("hello")).await.unwrap_err();
    bench.clock.advance(Duration::from_secs(86_400));
    bench.chat().chat(question("hello")).await.unwrap();
}

#[tokio::test]
async fn money_is_counted_by_the_list_and_needs_a_price() {
    let money = Some(Money::parse("500").unwrap());
    let limits = BudgetLimits { money, ..BudgetLimits::default() };
    let bench = Bench::new(limits, vec![Step::answer("ok"); 30]);
    let chat = bench.chat();
    let mut calls = 0;
    let error = loop {
        match chat.chat(question("hello")).await {
            Ok(_) => calls += 1,
            Err(error) => break error,
        }
    };
    // A call costs 10 + 5 * 2 = 20 and reserves 21 + 100 * 2 = 221.
    assert_eq!(calls, 14, "{error}");
    assert_eq!(bench.budget.spent().await.unwrap().money, Money::parse("280").unwrap());
    assert!(error.message().contains("220.00 of 500.00 left, and this call could cost 221.00"), "{error}");
    let error = chat.chat(question("hello").model("unheard-of")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("`unheard-of` has no price"), "{error}");
}

#[tokio::test]
async fn what_ends_badly_counts_what_may_have_been_used() {
    let text = Step::Say(Delta::text("ten bytes."));
    let script = [
        Step::refuse(ErrorKind::Unavailable, Retry::Now),
        vec![text.clone(), Step::Fail(ErrorKind::Unavailable, Retry::Now)],
        vec![text.clone(), Step::Wait(Duration::from_secs(3600))],
        Step::refuse(ErrorKind::Timeout, Retry::Now),
    ];
    let bench = Bench::new(tokens(10_000), script);
    let used = async || bench.budget.spent().await.unwrap();
    let chat = bench.chat();
    chat.chat(question("hello")).await.unwrap_err();
    assert_eq!(
        (used().await.tokens, used().await.reserved_tokens),
        (0, 0),
        "nothing was sent back, nothing is counted"
    );
    chat.chat(question("hello")).await.unwrap_err();
    assert_eq!(used().await.tokens, 31, "21 of the question at most, 10 bytes of the answer");
    let mut deltas = chat.stream(Arc::new(question("hello"))).await.unwrap();
    deltas.next().await.unwrap().unwrap();
    drop(deltas);
    assert_eq!(
        (used().await.tokens, used().await.reserved_tokens),
        (62, 0),
        "an answer that nobody wanted to the end"
    );
    chat.chat(question("hello")).await.unwrap_err();
    assert_eq!(used().await.tokens, 83, "a model that does not answer in time may be at work");
}

#[tokio::test]
async fn two_platforms_on_one_store_share_a_budget() {
    let limits = tokens(MOST * 3);
    let bench = Bench::new(limits.clone(), vec![Step::answer("ok"); 64]);
    let other = Bench::open(&bench.store, &limits, &bench.clock);
    let models = [bench.chat(), Budgeted::new(Arc::new(bench.model.clone()) as Arc<dyn ChatModel>, other)];
    let calls = (0..64).map(|index| models[index % 2].stream(Arc::new(question("hello"))));
    let running: Vec<_> =
        futures_util::future::join_all(calls).await.into_iter().filter_map(Result::ok).collect();
    assert_eq!(running.len(), 3, "three fit, whoever asked");
    for deltas in running {
        heptad_core::llm::fold(deltas).await.unwrap();
    }
    let spent = bench.budget.spent().await.unwrap();
    assert_eq!((spent.tokens, spent.reserved_tokens, spent.calls), (45, 0, 3));
}

#[tokio::test]
async fn embeddings_count_too() {
    let bench = Bench::new(tokens(20), [vec![], Step::refuse(ErrorKind::Unavailable, Retry::Now)]);
    let embedder = Budgeted::<dyn Embedder>::new(Arc::new(bench.model.clone()), Arc::clone(&bench.budget));
    embedder.embed(Arc::new(EmbedRequest::new(["rain"]))).await.unwrap();
    assert_eq!(bench.budget.spent().await.unwrap().tokens, 3);
    embedder.embed(Arc::new(EmbedRequest::new(["rain"]))).await.unwrap_err();
    assert_eq!(bench.budget.spent().await.unwrap().reserved_tokens, 0);
    let error = embedder.embed(Arc::new(EmbedRequest::new(["a text that is longer"]))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}
