//! Keys that an issuer changes: found when they are needed, asked for seldom, kept for a while when the issuer is away.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::join_all;
use heptad_core::{
    Error, ErrorKind, Result,
    auth::jwt::{Algorithm, CachePolicy, KeyCache, KeySource, Keys, Published, Refusal, Verified, Verifier},
};
use heptad_testkit::VirtualClock;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{Signer, claims, issuer, refusal, seconds};

/// An issuer that publishes what it is told, when it is let.
struct Publisher {
    keys: Mutex<Result<Vec<Value>, &'static str>>,
    max_age: Mutex<Option<Duration>>,
    fetched: AtomicUsize,
    gate: Semaphore,
}

impl Publisher {
    fn new(keys: Vec<Value>) -> Arc<Self> {
        let (fetched, gate) = (AtomicUsize::new(0), Semaphore::new(1_000));
        Arc::new(Self { keys: Mutex::new(Ok(keys)), max_age: Mutex::default(), fetched, gate })
    }

    fn publish(&self, keys: Vec<Value>) {
        *self.keys.lock().unwrap() = Ok(keys);
    }

    fn fail(&self) {
        *self.keys.lock().unwrap() = Err("the issuer is away");
    }

    fn fetched(&self) -> usize {
        self.fetched.load(SeqCst)
    }
}

#[async_trait]
impl KeySource for Publisher {
    async fn fetch(&self) -> Result<Published> {
        self.fetched.fetch_add(1, SeqCst);
        self.gate.acquire().await.expect("open").forget();
        let keys = self.keys.lock().unwrap().clone();
        let keys = keys.map_err(|why| Error::new(ErrorKind::Unavailable, why))?;
        let text = json!({ "keys": keys }).to_string().into_bytes();
        Ok(Published { text, max_age: *self.max_age.lock().unwrap() })
    }
}

fn cache(publisher: &Arc<Publisher>, clock: &VirtualClock) -> KeyCache {
    KeyCache::new(Arc::clone(publisher) as _, CachePolicy::default(), Arc::new(clock.clone()))
}

fn verifier(publisher: &Arc<Publisher>, clock: &VirtualClock) -> Verifier {
    let keys = Keys::Cached(cache(publisher, clock));
    Verifier::new(Arc::new(clock.clone())).trust(issuer(), keys).expect("it can be trusted")
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_forgotten() {
    let (clock, old, new) = (VirtualClock::new(), Signer::p256(), Signer::ed25519());
    let publisher = Publisher::new(vec![old.jwk("old")]);
    let verifier = verifier(&publisher, &clock);
    assert_eq!(publisher.fetched(), 0, "nothing is asked before it is needed");
    for _ in 0..5 {
        verifier.verify(&old.claim("old", &claims(&clock))).await.expect("known");
    }
    assert_eq!(publisher.fetched(), 1);
    publisher.publish(vec![new.jwk("new")]);
    clock.advance(seconds(30));
    verifier.verify(&new.claim("new", &claims(&clock))).await.expect("an unknown id makes it ask");
    assert_eq!(publisher.fetched(), 2);
    assert_eq!(
        refusal(&verifier, &old.claim("old", &claims(&clock))).await,
        Refusal::UnknownKey,
        "withdrawn"
    );
}

#[tokio::test]
async fn unknown_ids_do_not_make_it_ask_again_and_again() {
    let (clock, signer) = (VirtualClock::new(), Signer::p256());
    let publisher = Publisher::new(vec![signer.jwk("k")]);
    let verifier = verifier(&publisher, &clock);
    let judge = async |kid: &str| verifier.verify(&signer.claim(kid, &claims(&clock))).await.err();
    assert_eq!(judge("k").await, None);
    for n in 0..200 {
        assert_eq!(judge(&format!("made-up-{n}")).await, Some(Refusal::UnknownKey));
    }
    assert_eq!(publisher.fetched(), 1, "it was asked less than 30 s ago");
    clock.advance(seconds(30));
    for n in 0..200 {
        assert_eq!(judge(&format!("made-up-{n}")).await, Some(Refusal::UnknownKey));
    }
    assert_eq!(publisher.fetched(), 2, "once in 30 s, whatever comes");
    for _ in 0..8 {
        clock.advance(seconds(30));
        assert_eq!(judge("made-up-0").await, Some(Refusal::UnknownKey));
    }
    assert_eq!(publisher.fetched(), 2, "that it does not have this one is remembered");
    clock.advance(seconds(60));
    assert_eq!(judge("made-up-0").await, Some(Refusal::UnknownKey));
    assert_eq!(publisher.fetched(), 3, "but not for ever");
    assert_eq!(judge("k").await, None);
}

#[tokio::test]
async fn whoever_comes_at_once_waits_for_one_answer() {
    let (clock, signer) = (VirtualClock::new(), Signer::p256());
    let publisher = Publisher::new(vec![signer.jwk("k")]);
    publisher.gate.forget_permits(1_000);
    let verifier = Arc::new(verifier(&publisher, &clock));
    let token = signer.claim("k", &claims(&clock));
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (verifier, token) = (Arc::clone(&verifier), token.clone());
            tokio::spawn(async move { verifier.verify(&token).await })
        })
        .collect();
    clock.sleepers(1).await;
    // The first of all hangs up: the others are served all the same.
    let mut waiting = waiting.into_iter();
    waiting.next().expect("fifty").abort();
    publisher.gate.add_permits(1);
    for outcome in join_all(waiting).await {
        outcome.expect("no panic").expect("believed");
    }
    assert_eq!(publisher.fetched(), 1);
}

/// Judges the token in a task of its own, which has come to rest when this returns.
async fn judged(verifier: &Arc<Verifier>, token: &str) -> tokio::task::JoinHandle<Result<Verified, Refusal>> {
    let (verifier, token) = (Arc::clone(verifier), token.to_owned());
    let task = tokio::spawn(async move { verifier.verify(&token).await });
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    task
}

#[tokio::test]
async fn whoever_comes_while_keys_are_fetched_waits_for_them() {
    let (clock, old, new) = (VirtualClock::new(), Signer::p256(), Signer::ed25519());
    let publisher = Publisher::new(vec![old.jwk("old")]);
    publisher.gate.forget_permits(1_000);
    let verifier = Arc::new(verifier(&publisher, &clock));
    let token = old.claim("old", &claims(&clock));
    let first = judged(&verifier, &token).await;
    clock.sleepers(1).await;
    let late = judged(&verifier, &token).await;
    publisher.gate.add_permits(1);
    for outcome in [first, late] {
        outcome.await.expect("no panic").expect("believed");
    }
    assert_eq!(publisher.fetched(), 1);

    // The same after a rotation; what is known needs no waiting.
    publisher.publish(vec![old.jwk("old"), new.jwk("new")]);
    clock.advance(seconds(30));
    let rotated = new.claim("new", &claims(&clock));
    let mut waiting = vec![judged(&verifier, &rotated).await];
    clock.sleepers(1).await;
    for _ in 0..50 {
        waiting.push(judged(&verifier, &rotated).await);
    }
    verifier.verify(&token).await.expect("known, and at once");
    publisher.gate.add_permits(1);
    for outcome in waiting {
        outcome.await.expect("no panic").expect("believed");
    }
    assert_eq!(publisher.fetched(), 2);
}

#[tokio::test]
async fn whoever_waits_in_vain_is_told_why_and_asks_no_more() {
    let (clock, signer) = (VirtualClock::new(), Signer::p256());
    let publisher = Publisher::new(vec![signer.jwk("k")]);
    publisher.fail();
    publisher.gate.forget_permits(1_000);
    let verifier = Arc::new(verifier(&publisher, &clock));
    let token = signer.claim("k", &claims(&clock));
    let mut waiting = vec![judged(&verifier, &token).await];
    clock.sleepers(1).await;
    for _ in 0..5 {
        waiting.push(judged(&verifier, &token).await);
    }
    publisher.gate.add_permits(1);
    for outcome in waiting {
        let refused = outcome.await.expect("no panic").expect_err("the issuer is away");
        assert!(matches!(&refused, Refusal::NoKeys(why) if why.contains("away")), "{refused:?}");
    }
    assert_eq!(publisher.fetched(), 1);
}

#[tokio::test]
async fn what_the_issuer_did_not_have_is_asked_for_again_once_it_has_other_keys() {
    let (clock, signer) = (VirtualClock::new(), Signer::p256());
    let publisher = Publisher::new(vec![signer.jwk("a")]);
    let verifier = verifier(&publisher, &clock);
    let judge = async |kid: &str| verifier.verify(&signer.claim(kid, &claims(&clock))).await.err();
    assert_eq!(judge("a").await, None);
    clock.advance(seconds(30));
    assert_eq!(judge("c").await, Some(Refusal::UnknownKey));
    publisher.publish(vec![signer.jwk("a"), signer.jwk("b")]);
    clock.advance(seconds(30));
    assert_eq!(judge("c").await, Some(Refusal::UnknownKey));
    assert_eq!(publisher.fetched(), 2, "that it does not have this one is remembered");
    assert_eq!(judge("b").await, None, "another set");
    publisher.publish(["a", "b", "c"].map(|kid| signer.jwk(kid)).to_vec());
    clock.advance(seconds(30));
    assert_eq!(judge("c").await, None);
    assert_eq!(publisher.fetched(), 4);
}

#[tokio::test]
async fn what_is_kept_is_used_while_the_issuer_is_away_and_no_longer() {
    let (clock, signer) = (VirtualClock::new(), Signer::p256());
    let publisher = Publisher::new(vec![signer.jwk("k")]);
    let verifier = verifier(&publisher, &clock);
    let judge = async || verifier.verify(&signer.claim("k", &claims(&clock))).await.err();
    assert_eq!(judge().await, None);
    publisher.fail();
    clock.advance(seconds(599));
    assert_eq!(judge().await, None);
    assert_eq!(publisher.fetched(), 1, "still fresh");
    clock.advance(seconds(1));
    for _ in 0..10 {
        assert_eq!(judge().await, None, "asked in vain, and believed all the same");
    }
    assert_eq!(publisher.fetched(), 2, "and not with every token");
    clock.advance(seconds(3_599));
    assert_eq!(judge().await, None);
    clock.advance(seconds(1));
    let refused = judge().await;
    assert!(matches!(&refused, Some(Refusal::NoKeys(why)) if why.contains("away")), "{refused:?}");
    publisher.publish(vec![signer.jwk("k")]);
    clock.advance(seconds(30));
    assert_eq!(judge().await, None, "it is back");
    let error = Error::from(refused.expect("refused"));
    assert_eq!(error.kind(), ErrorKind::Unavailable, "not the fault of whoever brings the token");
}

#[tokio::test]
async fn an_issuer_that_never_answered_is_asked_again_after_a_while() {
    let (clock, signer) = (VirtualClock::new(), Signer::p256());
    let publisher = Publisher::new(vec![signer.jwk("k")]);
    publisher.fail();
    let verifier = verifier(&publisher, &clock);
    let token = signer.claim("k", &claims(&clock));
    for _ in 0..20 {
        assert!(matches!(refusal(&verifier, &token).await, Refusal::NoKeys(_)));
    }
    assert_eq!(publisher.fetched(), 1);
    publisher.publish(vec![signer.jwk("k")]);
    clock.advance(seconds(30));
    verifier.verify(&token).await.expect("it answers now");
}

#[tokio::test]
async fn an_issuer_that_is_slow_is_not_waited_for() {
    let (clock, signer) = (VirtualClock::new(), Signer::p256());
    let publisher = Publisher::new(vec![signer.jwk("k")]);
    publisher.gate.forget_permits(1_000);
    let cache = cache(&publisher, &clock);
    let asking = tokio::spawn(async move { cache.find(Some("k"), Algorithm::Es256).await });
    clock.sleepers(1).await;
    clock.advance(seconds(10));
    let refused = asking.await.expect("no panic").expect_err("too slow");
    assert!(matches!(&refused, Refusal::NoKeys(why) if why.contains("too long")), "{refused:?}");
}

#[tokio::test]
async fn a_set_that_is_wrong_does_not_take_the_place_of_a_good_one() {
    let (clock, signer) = (VirtualClock::new(), Signer::p256());
    let publisher = Publisher::new(vec![signer.jwk("k")]);
    let cache = cache(&publisher, &clock);
    cache.find(Some("k"), Algorithm::Es256).await.expect("there");
    for wrong in [vec![json!(7)], vec![Signer::Hmac(vec![1; 32]).jwk("k")], vec![json!({}); 300]] {
        publisher.publish(wrong);
        clock.advance(seconds(700));
        cache.find(Some("k"), Algorithm::Es256).await.expect("the good one is kept");
    }
}

#[tokio::test]
async fn the_server_says_how_long_within_bounds() {
    for (says, fresh) in [(5, 60), (120, 120), (1 << 40, 86_400)] {
        let (clock, signer) = (VirtualClock::new(), Signer::p256());
        let publisher = Publisher::new(vec![signer.jwk("k")]);
        *publisher.max_age.lock().unwrap() = Some(seconds(says));
        let cache = cache(&publisher, &clock);
        for (advance, fetched) in [(0, 1), (fresh - 1, 1), (1, 2)] {
            clock.advance(seconds(advance));
            cache.find(Some("k"), Algorithm::Es256).await.expect("there");
            assert_eq!(publisher.fetched(), fetched, "{says} s");
        }
    }
}
