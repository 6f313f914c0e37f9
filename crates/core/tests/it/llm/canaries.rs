//! Planted secrets and prompts are searched for in everything that is written: logs and spans of every level, metrics, errors, records of
//! configuration.

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
};

use futures_util::StreamExt as _;
use heptad_core::{
    ErrorKind, Retry,
    clock::Clock,
    llm::{
        ChatModel, ChatModelExt as _, EmbedRequest,
        layers::{Budget, BudgetLimits, CachePolicy, RateLimit, Redaction, RetryPolicy, Stack},
    },
    store::{Store, memory::MemoryStore},
    telemetry::Metrics,
};
use heptad_testkit::{
    VirtualClock,
    llm::{Scripted, Step},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::question;

/// Writes down everything that anybody traces.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Everything {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Visit for &Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0.lock().unwrap(), "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        write!(self.0.lock().unwrap(), "\n{} ", attributes.metadata().target()).unwrap();
        attributes.record(&mut &*self);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut &*self);
    }

    fn event(&self, event: &Event<'_>) {
        write!(self.0.lock().unwrap(), "\n{} {} ", event.metadata().level(), event.metadata().target())
            .unwrap();
        event.record(&mut &*self);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Runs `work` with everything written down; time goes on whenever it waits for that.
fn watched(clock: &VirtualClock, work: impl Future<Output = ()>) -> String {
    let everything = Everything::default();
    tracing::subscriber::with_default(everything.clone(), || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut work = std::pin::pin!(work);
            while futures_util::poll!(&mut work).is_pending() {
                clock.advance_to_next();
                tokio::task::yield_now().await;
            }
        });
    });
    everything.text()
}

#[test]
fn no_prompt_and_no_answer_is_in_traces_metrics_or_errors() {
    let (clock, metrics) = (VirtualClock::new(), Metrics::new());
    let time: Arc<dyn Clock> = Arc::new(clock.clone());
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::clone(&time)));
    let failing = || Step::refuse(ErrorKind::Unavailable, Retry::Now);
    let first = Scripted::new(vec![failing(); 8], &clock);
    let mend = Step::answer("canary-in-the-answer");
    let second = Scripted::new(
        [
            failing(),
            Step::answer("canary-in-the-answer"),
            mend.clone(),
            mend.clone(),
            mend,
            failing(),
            failing(),
        ],
        &clock,
    );
    let limits = BudgetLimits { tokens: Some(1_000_000), ..BudgetLimits::default() };
    let budget = Arc::new(Budget::new(Arc::clone(&store), limits, Arc::default(), Arc::clone(&time)));
    let stack = Stack::new(Arc::new(first.clone()), Arc::clone(&time))
        .fallback(Arc::new(second.clone()))
        .fall_through([ErrorKind::Unavailable])
        .retry(RetryPolicy { attempts: 2, ..RetryPolicy::default() })
        .rate_limit(RateLimit { requests_per_minute: Some(1000), ..RateLimit::default() })
        .cache(store, CachePolicy { ttl: std::time::Duration::from_secs(60), everything: false })
        .budget(budget)
        .metrics(&metrics)
        .redact(Redaction::built_in());
    let embedder = stack.embedder(Arc::new(second.clone()));
    let model = stack.build();
    let errors = Mutex::new(String::new());
    let traced = watched(&clock, async {
        model.chat(question("canary-in-the-prompt")).await.unwrap();
        let cached = model.stream(Arc::new(question("canary-in-the-prompt"))).await.unwrap();
        assert!(cached.count().await > 0);
        let schema = serde_json::json!({"type": "object"});
        first.clone().models().await.unwrap();
        let structured = question("canary-in-the-prompt").json_schema("s", schema).model("canary-model");
        for error in [
            model.chat(structured).await.unwrap_err(),
            embedder.embed(Arc::new(EmbedRequest::new(["canary-in-the-text"]))).await.unwrap_err(),
        ] {
            write!(errors.lock().unwrap(), "{error} {error:?} {}", error.to_json()).unwrap();
        }
    });
    for part in ["heptad::llm", "outcome=\"ok\"", "asked again", "the next model is asked", "output_tokens=5"]
    {
        assert!(traced.contains(part), "the recorder saw {part}: {traced}");
    }
    let all = format!("{traced}\n{}\n{}", metrics.render(), errors.lock().unwrap());
    assert!(!all.contains("canary"), "{all}");
}

#[cfg(all(feature = "openai", feature = "anthropic"))]
#[test]
fn no_key_is_in_traces_debug_output_or_errors() {
    use heptad_core::llm::{
        Secret,
        anthropic::{Anthropic, AnthropicOptions},
        openai::{OpenAi, OpenAiOptions},
    };
    let clock = VirtualClock::new();
    let key = || Some(Secret::new("sk-canary-0123456789"));
    // Nobody listens there; what the HTTP client and TLS log on the way counts, too.
    let openai = OpenAiOptions::new(key()).base_url("http://127.0.0.1:9/v1");
    let anthropic = AnthropicOptions::new(key()).base_url("https://127.0.0.1:9");
    let mut all = format!("{openai:?} {anthropic:?} {:?}", key());
    let errors = Mutex::new(String::new());
    all += &watched(&clock, async {
        let time: Arc<dyn Clock> = Arc::new(heptad_core::clock::SystemClock);
        let models: [Arc<dyn ChatModel>; 2] = [
            Arc::new(OpenAi::new("gpt", openai, Arc::clone(&time)).unwrap()),
            Arc::new(Anthropic::new("claude", anthropic, Arc::clone(&time)).unwrap()),
        ];
        let once = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
        for model in models {
            let request =
                heptad_core::llm::ChatRequest { temperature: None, ..question("canary-in-the-prompt") };
            let error = Stack::new(model, Arc::clone(&time))
                .retry(once.clone())
                .build()
                .chat(request)
                .await
                .unwrap_err();
            write!(errors.lock().unwrap(), "{error} {error:?} {}", error.to_json()).unwrap();
        }
    });
    all += &errors.lock().unwrap();
    assert!(all.contains("cannot be reached") && !all.contains("canary"), "{all}");
}
