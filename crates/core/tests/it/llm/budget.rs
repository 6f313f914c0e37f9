//! Budgets: refused before the call, settled after it, kept in the store.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use heptad_core::{
    Error, ErrorKind, Result, Retry,
    clock::Clock,
    llm::{
        ChatModel, ChatModelExt as _, Delta, EmbedRequest, Embedder,
        layers::{Budget, BudgetLimits, Budgeted, Period},
        money::{Money, Prices},
    },
    store::{
        Batch, Capabilities, Entry, Key, KeyRange, Offset, Page, Receipt, Record, Store, StreamId, Watch,
        memory::MemoryStore,
    },
};
use heptad_testkit::{
    VirtualClock,
    llm::{Scripted, Step},
};
use tokio::sync::{Notify, RwLock};

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
        vec![text, Step::Fail(ErrorKind::Timeout, Retry::Now)],
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
    let late = (used().await.tokens, used().await.reserved_tokens);
    assert_eq!(late, (62 + MOST, 0), "a model that does not answer in time may say all that it may");
    let error = chat.chat(question("hello")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(used().await.tokens, 62 + 2 * MOST, "and so may one that was late in the middle");
}

/// A store whose next commit does as it is told.
struct Moody {
    inner: Arc<dyn Store>,
    fails: AtomicBool,
    gate: RwLock<()>,
    reached: Notify,
}

#[async_trait]
impl Store for Moody {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    async fn get(&self, key: &Key) -> Result<Option<Record>> {
        self.inner.get(key).await
    }
    async fn scan(&self, range: KeyRange, page: Page) -> Result<Vec<Record>> {
        self.inner.scan(range, page).await
    }
    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        self.reached.notify_one();
        drop(self.gate.read().await);
        if self.fails.swap(false, Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable, "the disk is full"));
        }
        self.inner.commit(batch).await
    }
    async fn read(&self, stream: &StreamId, after: Offset, limit: usize) -> Result<Vec<Entry>> {
        self.inner.read(stream, after, limit).await
    }
    fn watch(&self, stream: &StreamId) -> Watch {
        self.inner.watch(stream)
    }
}

fn moody() -> (Bench, Arc<Moody>) {
    let mut bench = Bench::new(tokens(10_000), vec![Step::answer("ok"); 3]);
    let inner = Arc::clone(&bench.store);
    let (fails, gate, reached) = (AtomicBool::default(), RwLock::default(), Notify::new());
    let moody = Arc::new(Moody { inner, fails, gate, reached });
    let store: Arc<dyn Store> = moody.clone();
    bench.budget = Bench::open(&store, &tokens(10_000), &bench.clock);
    (bench, moody)
}

#[tokio::test]
async fn what_the_store_did_not_take_is_settled_with_the_next_call() {
    let (bench, store) = moody();
    let mut deltas = bench.chat().stream(Arc::new(question("hello"))).await.unwrap();
    store.fails.store(true, Ordering::SeqCst);
    let mut failed = None;
    while let Some(delta) = deltas.next().await {
        failed = delta.err();
    }
    assert_eq!(failed.unwrap().kind(), ErrorKind::Unavailable);
    let spent = bench.budget.spent().await.unwrap();
    assert_eq!((spent.tokens, spent.reserved_tokens, spent.calls), (15, 0, 1));
}

#[tokio::test]
async fn what_is_dropped_while_it_is_settled_is_settled_once() {
    let (bench, store) = moody();
    let mut deltas = bench.chat().stream(Arc::new(question("hello"))).await.unwrap();
    let closed = store.gate.write().await;
    // That of the reservation.
    store.reached.notified().await;
    {
        let ending = async { while deltas.next().await.is_some() {} };
        futures_util::future::select(std::pin::pin!(ending), std::pin::pin!(store.reached.notified())).await;
    }
    drop(deltas);
    drop(closed);
    bench.chat().chat(question("hello")).await.unwrap();
    let spent = bench.budget.spent().await.unwrap();
    assert_eq!((spent.tokens, spent.reserved_tokens, spent.calls), (30, 0, 2));
}

#[tokio::test]
async fn what_is_dropped_while_it_is_reserved_is_released() {
    let (bench, store) = moody();
    let closed = store.gate.write().await;
    {
        let chat = bench.chat();
        let beginning = chat.stream(Arc::new(question("hello")));
        futures_util::future::select(beginning, std::pin::pin!(store.reached.notified())).await;
    }
    drop(closed);
    let released = async {
        while bench.budget.spent().await.unwrap().calls == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), released).await.expect("it is released");
    let spent = bench.budget.spent().await.unwrap();
    assert_eq!((spent.tokens, spent.reserved_tokens, spent.calls), (0, 0, 1), "nobody was asked");
    assert!(bench.model.asked().is_empty());
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
    let late = Step::refuse(ErrorKind::Timeout, Retry::Now);
    let script = [vec![], Step::refuse(ErrorKind::Unavailable, Retry::Now), late];
    let bench = Bench::new(tokens(20), script);
    let embedder = Budgeted::<dyn Embedder>::new(Arc::new(bench.model.clone()), Arc::clone(&bench.budget));
    embedder.embed(Arc::new(EmbedRequest::new(["rain"]))).await.unwrap();
    assert_eq!(bench.budget.spent().await.unwrap().tokens, 3);
    embedder.embed(Arc::new(EmbedRequest::new(["rain"]))).await.unwrap_err();
    assert_eq!(bench.budget.spent().await.unwrap().reserved_tokens, 0);
    let error = embedder.embed(Arc::new(EmbedRequest::new(["a text that is longer"]))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    embedder.embed(Arc::new(EmbedRequest::new(["rain"]))).await.unwrap_err();
    let spent = bench.budget.spent().await.unwrap();
    assert_eq!((spent.tokens, spent.reserved_tokens), (3 + 8, 0), "it may have been embedded, only late");
}
