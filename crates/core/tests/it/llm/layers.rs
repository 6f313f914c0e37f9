//! Retries, time limits, rates, fallback, and their order.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _};
use heptad_core::{
    ErrorKind, Retry,
    clock::Clock,
    llm::{
        ChatModel, ChatModelExt as _, Delta, EmbedRequest,
        layers::{Fallback, Limited, RateLimit, RetryPolicy, Retrying, Stack, Timed, Timeouts},
    },
    telemetry::Metrics,
};
use heptad_testkit::{
    VirtualClock,
    llm::{Scripted, Step},
};

use super::question;

fn arc(clock: &VirtualClock) -> Arc<dyn Clock> {
    Arc::new(clock.clone())
}

/// Runs `work` while the time goes on from one sleeper to the next. Returns what came of it and how long it took.
async fn run<T>(clock: &VirtualClock, work: impl Future<Output = T>) -> (T, Duration) {
    let began = clock.monotonic();
    let mut work = std::pin::pin!(work);
    for _ in 0..10_000 {
        if let Some(done) = work.as_mut().now_or_never() {
            return (done, clock.monotonic() - began);
        }
        assert!(clock.advance_to_next().is_some(), "it waits for something that is not the time");
    }
    panic!("it has no end");
}

fn retrying(model: &Scripted, policy: RetryPolicy, clock: &VirtualClock) -> Retrying<dyn ChatModel> {
    Retrying::new(Arc::new(model.clone()) as Arc<dyn ChatModel>, policy, arc(clock))
}

#[tokio::test]
async fn what_may_help_is_tried_again_with_growing_bounded_waits() {
    let clock = VirtualClock::new();
    let failing = || Step::refuse(ErrorKind::Unavailable, Retry::Now);
    let model = Scripted::new([failing(), failing(), failing(), Step::answer("at last")], &clock);
    let policy = RetryPolicy::default();
    let bound = policy.base * (1 + 2 + 4);
    let retrying = retrying(&model, policy, &clock);
    let (answer, took) = run(&clock, retrying.chat(question("hello"))).await;
    assert_eq!((answer.unwrap().text.as_str(), model.asked().len()), ("at last", 4));
    assert!(took <= bound, "{took:?}");
}

#[tokio::test]
async fn a_server_that_names_a_time_is_left_alone_that_long() {
    let clock = VirtualClock::new();
    let refused = Step::refuse(ErrorKind::LimitExceeded, Retry::After(Duration::from_secs(20)));
    let model = Scripted::new([refused, Step::answer("thanks")], &clock);
    let retrying = retrying(&model, RetryPolicy::default(), &clock);
    let (answer, took) = run(&clock, retrying.chat(question("hello"))).await;
    answer.unwrap();
    assert!(took >= Duration::from_secs(20) && took <= Duration::from_secs(21), "{took:?}");
}

#[tokio::test]
async fn nothing_is_tried_beyond_the_bounds() {
    let clock = VirtualClock::new();
    let day = Step::refuse(ErrorKind::LimitExceeded, Retry::After(Duration::from_secs(86_400)));
    let never = Step::refuse(ErrorKind::InvalidInput, Retry::Never);
    for script in [day, never] {
        let model = Scripted::new([script], &clock);
        let (answer, took) =
            run(&clock, retrying(&model, RetryPolicy::default(), &clock).chat(question("hello"))).await;
        answer.unwrap_err();
        assert_eq!((model.asked().len(), took), (1, Duration::ZERO));
    }
    let model = Scripted::new(vec![Step::refuse(ErrorKind::Unavailable, Retry::Now); 3], &clock);
    let policy = RetryPolicy { attempts: 3, ..RetryPolicy::default() };
    let (answer, _) = run(&clock, retrying(&model, policy, &clock).chat(question("hello"))).await;
    let error = answer.unwrap_err();
    assert!(error.context().contains(&("attempts", "3".to_owned())), "{error}");
}

#[tokio::test]
async fn what_has_begun_is_never_asked_again() {
    let clock = VirtualClock::new();
    let start = Step::Say(Delta::Start { model: "m".into(), cached: false });
    let failed = Step::Fail(ErrorKind::Unavailable, Retry::Now);
    let early = vec![start.clone(), failed.clone()];
    let late = vec![start, Step::Say(Delta::text("Half of")), failed];
    let model = Scripted::new([early, late], &clock);
    let retrying = retrying(&model, RetryPolicy::default(), &clock);
    let (deltas, _) = run(&clock, retrying.stream(Arc::new(question("hello")))).await;
    let items: Vec<_> = deltas.unwrap().collect().await;
    assert_eq!(model.asked().len(), 2, "before the first text it is, after it not");
    assert_eq!(items[1].as_ref().unwrap(), &Delta::text("Half of"));
    assert_eq!(items[2].as_ref().unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(items.len(), 3);
}

#[tokio::test]
async fn each_wait_has_its_own_limit() {
    let second = Duration::from_secs(1);
    let timeouts = Timeouts { first: 10 * second, between: 3 * second, total: 20 * second };
    let say = |text: &str| Step::Say(Delta::text(text));
    let slow: Vec<Step> = (0..20).flat_map(|_| [Step::Wait(2 * second), say("drop ")]).collect();
    for (script, want, at) in [
        (vec![Step::Wait(11 * second), say("late")], "did not begin to answer within 10s", 10),
        (vec![say("a"), Step::Wait(4 * second), say("b")], "paused for 3s", 3),
        (slow, "took longer than 20s", 20),
    ] {
        let clock = VirtualClock::new();
        let model = Scripted::new([script], &clock);
        let timed = Timed::<dyn ChatModel>::new(Arc::new(model.clone()), timeouts.clone(), arc(&clock));
        let (answer, took) = run(&clock, timed.chat(question("hello"))).await;
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.message().contains(want), "{error}");
        assert_eq!((took, model.running()), (at * second, 0), "what is late is dropped");
    }
}

#[tokio::test]
async fn a_rate_makes_callers_wait_their_turn() {
    let clock = VirtualClock::new();
    let model = Scripted::new(vec![Step::answer("ok"); 5], &clock);
    let limit =
        RateLimit { requests_per_minute: Some(2), max_wait: Duration::from_secs(60), ..RateLimit::default() };
    let limited = Limited::<dyn ChatModel>::new(Arc::new(model.clone()), &limit, arc(&clock));
    for (index, wait) in [0, 0, 30, 30].into_iter().enumerate() {
        let (answer, took) = run(&clock, limited.chat(question("hello"))).await;
        answer.unwrap();
        assert_eq!(took.as_secs(), wait, "request {index}");
    }
    let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(limited.chat(question("wait")))).collect();
    assert!(waiting.iter_mut().all(|call| call.now_or_never().is_none()));
    let error = limited.chat(question("too much")).now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(
        matches!(error.retryable(), Retry::After(wait) if wait.as_secs() == 90),
        "{:?}",
        error.retryable()
    );
}

#[tokio::test]
async fn tokens_that_were_not_used_are_put_back() {
    let clock = VirtualClock::new();
    let model = Scripted::new(vec![Step::answer("ok"); 3], &clock);
    // A request takes up to 21 + 100 tokens and uses 15.
    let limit =
        RateLimit { tokens_per_minute: Some(150), max_wait: Duration::from_secs(60), ..RateLimit::default() };
    let limited = Limited::<dyn ChatModel>::new(Arc::new(model.clone()), &limit, arc(&clock));
    for _ in 0..2 {
        let (answer, took) = run(&clock, limited.chat(question("hello"))).await;
        answer.unwrap();
        assert_eq!(took, Duration::ZERO);
    }
    let (_, took) = run(&clock, limited.chat(question("hello"))).await;
    assert!(took > Duration::ZERO, "150 - 15 - 15 is less than 121");
}

#[tokio::test]
async fn the_next_model_answers_where_one_fails() {
    let clock = VirtualClock::new();
    let model = |script: Vec<Step>| Scripted::new([script], &clock);
    for (kind, falls) in [
        (ErrorKind::Unavailable, true),
        (ErrorKind::Timeout, true),
        (ErrorKind::LimitExceeded, true),
        (ErrorKind::InvalidInput, false),
        (ErrorKind::Unauthenticated, false),
    ] {
        let (first, second) = (model(Step::refuse(kind, Retry::Now)), model(Step::answer("the second")));
        let chain = Fallback::new(Arc::new(first.clone()), [Arc::new(second.clone()) as Arc<dyn ChatModel>]);
        let answer = chain.chat(question("hello").model("only-the-first-has-it")).await;
        assert_eq!((answer.is_ok(), second.asked().len()), (falls, usize::from(falls)), "{kind}");
        assert!(second.asked().iter().all(|request| request.model.is_none()));
    }
    let half = model(vec![Step::Say(Delta::text("half")), Step::Fail(ErrorKind::Unavailable, Retry::Now)]);
    let unused = model(Step::answer("never"));
    let chain = Fallback::new(Arc::new(half), [Arc::new(unused.clone()) as Arc<dyn ChatModel>]);
    chain.chat(question("hello")).await.unwrap_err();
    assert!(unused.asked().is_empty(), "what has begun stays with its model");
}

#[tokio::test]
async fn who_gives_up_waiting_gives_the_turn_back() {
    let clock = VirtualClock::new();
    let model = Scripted::new(vec![Step::answer("ok"); 3], &clock);
    let limit = RateLimit { requests_per_minute: Some(2), ..RateLimit::default() };
    let limited = Limited::<dyn ChatModel>::new(Arc::new(model), &limit, arc(&clock));
    for _ in 0..2 {
        run(&clock, limited.chat(question("hello"))).await.0.unwrap();
    }
    let mut impatient = Box::pin(limited.chat(question("hello")));
    assert!(impatient.as_mut().now_or_never().is_none());
    drop(impatient);
    let (answer, took) = run(&clock, limited.chat(question("hello"))).await;
    answer.unwrap();
    assert_eq!(took.as_secs(), 30, "nobody is before it any more");
}

#[tokio::test]
async fn the_stack_has_one_order_however_it_is_put_together() {
    let clock = VirtualClock::new();
    let metrics = Metrics::new();
    let unavailable = || Step::refuse(ErrorKind::Unavailable, Retry::Now);
    let first = Scripted::new([unavailable(), unavailable()], &clock);
    let second = Scripted::new([unavailable(), Step::answer("done")], &clock);
    let stack = Stack::new(Arc::new(first.clone()), arc(&clock))
        .metrics(&metrics)
        .fallback(Arc::new(second.clone()))
        .retry(RetryPolicy { attempts: 2, ..RetryPolicy::default() });
    let model = stack.build();
    let (answer, _) = run(&clock, model.chat(question("hello"))).await;
    assert_eq!(answer.unwrap().text, "done");
    assert_eq!(
        (first.asked().len(), second.asked().len()),
        (2, 2),
        "retries are within a model, fallback around them"
    );
    let text = metrics.render();
    for line in [
        "heptad_llm_attempts_total{adapter=\"scripted\",model=\"scripted\",outcome=\"unavailable\"} 3",
        "heptad_llm_attempts_total{adapter=\"scripted\",model=\"scripted\",outcome=\"ok\"} 1",
        "heptad_llm_retries_total{adapter=\"scripted\"} 2",
        "heptad_llm_tokens_total{adapter=\"scripted\",kind=\"input\",model=\"scripted\"} 10",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn whatever_models_callers_name_the_labels_are_few() {
    let clock = VirtualClock::new();
    let metrics = Metrics::new();
    let model = Scripted::new(vec![Step::answer("ok"); 100], &clock);
    let model = Stack::new(Arc::new(model), arc(&clock)).metrics(&metrics).build();
    for index in 0..100 {
        model.chat(question("hello").model(format!("made-up-{index}"))).await.unwrap();
    }
    let text = metrics.render();
    assert!(!text.contains("made-up"), "{text}");
    assert!(
        text.contains("heptad_llm_attempts_total{adapter=\"scripted\",model=\"other\",outcome=\"ok\"} 100")
    );
}

#[tokio::test]
async fn an_embedder_has_the_layers_that_are_for_it() {
    let clock = VirtualClock::new();
    let metrics = Metrics::new();
    let failing = Step::refuse(ErrorKind::Unavailable, Retry::Now);
    let slow = vec![Step::Wait(Duration::from_secs(100))];
    let model = Scripted::new([failing, slow, vec![]], &clock);
    let stack = Stack::new(Arc::new(model.clone()), arc(&clock)).metrics(&metrics);
    let embedder = stack.embedder(Arc::new(model));
    let (answer, took) = run(&clock, embedder.embed(Arc::new(EmbedRequest::new(["rain"])))).await;
    assert_eq!(answer.unwrap().vectors, [[1.0, 0.0]]);
    assert!(took >= Duration::from_secs(60), "the second attempt ran out of time: {took:?}");
    assert!(metrics.render().contains("outcome=\"timeout\"} 1"), "{}", metrics.render());
}
