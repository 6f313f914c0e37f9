//! The laws of trying again, for whatever fails in whatever order.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _};
use heptad_core::{
    ErrorKind, Retry,
    clock::Clock,
    llm::{
        ChatModel, ChatModelExt as _, Delta,
        layers::{RetryPolicy, Retrying},
    },
};
use heptad_testkit::{
    VirtualClock,
    llm::{Scripted, Step},
};
use proptest::prelude::*;

use super::question;

fn retries() -> impl Strategy<Value = Retry> {
    let after = (0_u64..200_000).prop_map(|millis| Retry::After(Duration::from_millis(millis)));
    prop_oneof![1 => Just(Retry::Never), 4 => Just(Retry::Now), 3 => after]
}

fn policies() -> impl Strategy<Value = RetryPolicy> {
    let millis = |most: u64| (0..most).prop_map(Duration::from_millis);
    (1_u32..8, millis(5_000), millis(20_000), millis(300_000)).prop_map(
        |(attempts, base, max_delay, max_total)| RetryPolicy { attempts, base, max_delay, max_total },
    )
}

/// Runs `work` to its end while the time goes on from one sleeper to the next. Returns the waits between attempts as well.
fn run<T>(clock: &VirtualClock, work: impl Future<Output = T>) -> (T, Vec<Duration>) {
    let (mut work, mut waits) = (std::pin::pin!(work), Vec::new());
    loop {
        if let Some(done) = work.as_mut().now_or_never() {
            return (done, waits);
        }
        let before = clock.monotonic();
        assert!(clock.advance_to_next().is_some(), "it waits for something that is not the time");
        waits.push(clock.monotonic() - before);
    }
}

fn retrying(model: &Scripted, policy: RetryPolicy, clock: &VirtualClock) -> Retrying<dyn ChatModel> {
    Retrying::new(Arc::new(model.clone()) as Arc<dyn ChatModel>, policy, Arc::new(clock.clone()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_not_repeatable_is_not_repeated_and_bounds_hold(failures in prop::collection::vec(retries(), 0..10), policy in policies()) {
        let clock = VirtualClock::new();
        let script = failures.iter().map(|retry| Step::refuse(ErrorKind::Unavailable, *retry)).chain([Step::answer("at last")]);
        let model = Scripted::new(script, &clock);
        let (answer, waits) = run(&clock, retrying(&model, policy.clone(), &clock).chat(question("hello")));
        let asked = model.asked().len();

        prop_assert!(asked <= policy.attempts as usize, "no more attempts than allowed");
        prop_assert!(failures.iter().take(asked.saturating_sub(1)).all(|retry| *retry != Retry::Never), "nothing follows a `Never`");
        prop_assert!(waits.iter().sum::<Duration>() <= policy.max_total, "all waits are within the bound");
        // A wait of nothing is none that the clock sees.
        let slept = waits.len();
        prop_assert!(slept < asked.max(1), "at most one wait before each further attempt");
        let mut clocked = waits.iter();
        for (before, retry) in failures.iter().take(asked.saturating_sub(1)).enumerate() {
            let (least, spread) = match retry {
                Retry::After(asked) if !asked.is_zero() => (*asked, policy.base),
                _ => (Duration::ZERO, policy.base.saturating_mul(1 << before).min(policy.max_delay)),
            };
            if least + spread > Duration::ZERO && slept == asked - 1 {
                let wait = clocked.next().copied().unwrap_or_default();
                prop_assert!(least <= wait && wait <= least + spread + Duration::from_nanos(1), "{wait:?} for {retry:?}");
            }
        }
        match answer {
            Ok(answer) => prop_assert_eq!((answer.text.as_str(), asked), ("at last", failures.len() + 1)),
            Err(_) => {
                let last = failures[asked - 1];
                let waited: Duration = waits.iter().sum();
                let longest = match last {
                    Retry::After(asked) => asked + policy.base.max(policy.max_delay),
                    _ => policy.max_delay,
                };
                let why = last == Retry::Never || asked == policy.attempts as usize || waited + longest > policy.max_total;
                prop_assert!(why, "it gave up without a reason");
            }
        }
    }

    #[test]
    fn an_answer_that_has_begun_is_never_asked_for_again(pieces in 1_usize..5, retry in retries(), policy in policies()) {
        let clock = VirtualClock::new();
        let start = Step::Say(Delta::Start { model: "scripted".into(), cached: false });
        let text = (0..pieces).map(|_| Step::Say(Delta::text("a")));
        let script = [start].into_iter().chain(text).chain([Step::Fail(ErrorKind::Unavailable, retry)]).collect();
        let model = Scripted::new(vec![script], &clock);
        let retrying = retrying(&model, policy, &clock);
        let stream = async { retrying.stream(Arc::new(question("hello"))).await.unwrap().collect::<Vec<_>>().await };
        let (items, waits) = run(&clock, stream);
        prop_assert_eq!((model.asked().len(), waits.len(), items.len()), (1, 0, pieces + 2));
        prop_assert!(items.last().unwrap().is_err() && items[..items.len() - 1].iter().all(Result::is_ok));
    }
}

#[cfg(any(feature = "openai", feature = "anthropic"))]
mod dates {
    use std::time::Duration;

    use heptad_core::{clock::Timestamp, llm::http::retry_after};
    use jiff::{SignedDuration, fmt::rfc2822::DateTimePrinter};
    use proptest::prelude::*;
    use reqwest::header::{HeaderMap, HeaderValue};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_date_asks_for_what_the_same_seconds_ask_for(now in 0_i64..4_000_000_000, delay in -100_000_i64..200_000) {
            let now = Timestamp::from_second(now).unwrap();
            let then = now + SignedDuration::from_secs(delay);
            let header = |text: String| HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, HeaderValue::from_str(&text).unwrap())]);
            let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&then).unwrap();
            let asked = retry_after(&header(date), now);
            prop_assert_eq!(asked, retry_after(&header(delay.max(0).to_string()), now));
            prop_assert!(asked.unwrap() <= Duration::from_secs(86_400));
        }
    }
}
