//! The keys of an issuer that changes them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::{Either, select};

use super::{Algorithm, KeySet, Refusal, VerifyingKey};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    suggest::shortened,
};

/// How many ids are remembered that the issuer does not have.
const MOST_UNKNOWN: usize = 64;

/// The port: gets the set of keys that an issuer publishes.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The set as it is now. Bounded in size by whoever fetches it.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) and whatever else fetching fails with.
    async fn fetch(&self) -> Result<Published>;
}

/// A set of keys as it was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The JSON Web Key Set.
    pub text: Vec<u8>,
    /// How long it may be kept, where its server says.
    pub max_age: Option<Duration>,
}

/// How long what is kept for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CachePolicy {
    /// How long a set is used without asking again, where its server does not say: 10 minutes. What the server says counts between a minute and a day.
    pub fresh: Duration,
    /// How much longer it is used while the issuer cannot be reached: an hour. After that its tokens are refused.
    pub stale: Duration,
    /// A key that is not in the set makes it fetched again, but not more often than this: 30 seconds. Until then such a token is refused.
    pub refetch: Duration,
    /// How long an id that the issuer turned out not to have is refused without asking: 5 minutes, or until there is another set.
    pub unknown: Duration,
    /// How long fetching may take: 10 seconds.
    pub timeout: Duration,
}

impl Default for CachePolicy {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            fresh: seconds(600),
            stale: seconds(3600),
            refetch: seconds(30),
            unknown: seconds(300),
            timeout: seconds(10),
        }
    }
}

/// Keeps the keys of one issuer current. A token with a key that is not known makes the set fetched once, however many such tokens come. Clones are the
/// same cache.
#[derive(Clone)]
pub struct KeyCache(Arc<Inner>);

struct Inner {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    policy: CachePolicy,
    state: Mutex<State>,
    /// Held by the one who fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    set: Option<Kept>,
    /// When fetching was last begun, and how often it was.
    attempted: Option<Duration>,
    attempts: u64,
    /// Fetching was begun and has not ended.
    in_flight: bool,
    failure: Option<String>,
    /// Ids that the issuer did not have when it was last asked, and until when that is believed.
    unknown: VecDeque<(String, Duration)>,
}

struct Kept {
    keys: KeySet,
    fetched: Duration,
    fresh: Duration,
}

/// What the state says of a key.
enum Look {
    Found(VerifyingKey),
    Refused(Refusal),
    /// The set must be fetched first. With the number of attempts that are over, and the key of the set that is too old, for when that fails.
    Fetch(u64, Option<VerifyingKey>),
}

impl KeyCache {
    /// A cache of what `source` publishes. Nothing is fetched before a key is asked for.
    pub fn new(source: Arc<dyn KeySource>, policy: CachePolicy, clock: Arc<dyn Clock>) -> Self {
        let fetching = tokio::sync::Mutex::new(());
        Self(Arc::new(Inner { source, clock, policy, state: Mutex::default(), fetching }))
    }

    /// The key with this id that fits `algorithm`. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`UnknownKey`](Refusal::UnknownKey), [`AmbiguousKey`](Refusal::AmbiguousKey), and [`NoKeys`](Refusal::NoKeys) where the issuer cannot be reached and
    /// what is kept is too old.
    pub async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<VerifyingKey, Refusal> {
        let (seen, fallback) = match self.0.look(id, algorithm) {
            Look::Found(key) => return Ok(key),
            Look::Refused(refusal) => return Err(refusal),
            Look::Fetch(seen, fallback) => (seen, fallback),
        };
        // A task of its own: whoever hangs up while it runs does not stop it for the others.
        let inner = Arc::clone(&self.0);
        let fetched = tokio::spawn(async move { inner.fetch_after(seen).await }).await;
        fetched.map_err(|_| Refusal::NoKeys("fetching them panicked".to_owned()))?;
        self.0.remember_if_unknown(id, algorithm);
        match self.0.look(id, algorithm) {
            Look::Found(key) => Ok(key),
            Look::Refused(refusal) => Err(refusal),
            // It was just tried, so it failed.
            Look::Fetch(..) => fallback.ok_or_else(|| self.0.state().no_keys()),
        }
    }
}

impl Inner {
    fn look(&self, id: Option<&str>, algorithm: Algorithm) -> Look {
        let (mut state, now) = (self.state(), self.clock.monotonic());
        let since = state.attempted.map(|at| now.saturating_sub(at));
        // Whoever comes while somebody fetches waits for that, and begins nothing.
        let begins = !state.in_flight && since.is_none_or(|since| since >= self.policy.refetch);
        let (fetches, over) = (begins || state.in_flight, state.attempts - u64::from(state.in_flight));
        let Some(kept) = &state.set else {
            return if fetches { Look::Fetch(over, None) } else { Look::Refused(state.no_keys()) };
        };
        let age = now.saturating_sub(kept.fetched);
        let found = kept.keys.find(id, algorithm).cloned();
        if age >= kept.fresh {
            let usable = age < kept.fresh.saturating_add(self.policy.stale);
            return match found {
                Ok(key) if usable && !begins => Look::Found(key),
                found if fetches => Look::Fetch(over, found.ok().filter(|_| usable)),
                Err(refusal) if usable => Look::Refused(refusal),
                _ => Look::Refused(state.no_keys()),
            };
        }
        match found {
            Ok(key) => Look::Found(key),
            Err(Refusal::UnknownKey) if fetches && !state.is_unknown(id, now) => Look::Fetch(over, None),
            Err(refusal) => Look::Refused(refusal),
        }
    }

    /// Remembers a key that the issuer does not have, now that it was asked.
    fn remember_if_unknown(&self, id: Option<&str>, algorithm: Algorithm) {
        let (mut state, now) = (self.state(), self.clock.monotonic());
        let kept = state.set.as_ref().filter(|_| state.failure.is_none());
        let lacks =
            kept.is_some_and(|kept| matches!(kept.keys.find(id, algorithm), Err(Refusal::UnknownKey)));
        if lacks && !state.is_unknown(id, now) {
            state.remember_unknown(id, now.saturating_add(self.policy.unknown));
        }
    }

    /// Fetches, unless somebody else did since `over` attempts were over; waits for whoever does.
    async fn fetch_after(&self, over: u64) {
        let _turn = self.fetching.lock().await;
        let _flight = {
            let mut state = self.state();
            if state.attempts != over {
                return;
            }
            state.attempted = Some(self.clock.monotonic());
            state.attempts += 1;
            state.in_flight = true;
            Flight(self)
        };
        let outcome = match select(self.source.fetch(), self.clock.sleep(self.policy.timeout)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Err(Error::new(ErrorKind::Timeout, "fetching took too long")),
        };
        let read = outcome.and_then(|published| {
            let keys = KeySet::parse_published(&published.text)?;
            Ok((keys, published.max_age))
        });
        let mut state = self.state();
        match read {
            Ok((keys, max_age)) => {
                let clamp = |age: Duration| age.clamp(Duration::from_secs(60), Duration::from_secs(86_400));
                let (fetched, fresh) = (self.clock.monotonic(), max_age.map_or(self.policy.fresh, clamp));
                if state.set.as_ref().is_none_or(|kept| !kept.keys.has_ids_of(&keys)) {
                    state.unknown.clear();
                }
                state.set = Some(Kept { keys, fetched, fresh });
                state.failure = None;
            }
            Err(error) => {
                tracing::warn!(target: "heptad::auth", %error, "the keys of an issuer cannot be had");
                // A failure says nothing of what the issuer has.
                state.unknown.clear();
                state.failure = Some(shortened(error.message(), 200));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fetching, until it ends, however it does.
struct Flight<'a>(&'a Inner);

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.0.state().in_flight = false;
    }
}

impl State {
    fn is_unknown(&mut self, id: Option<&str>, now: Duration) -> bool {
        self.unknown.retain(|(_, until)| *until > now);
        self.unknown.iter().any(|(unknown, _)| unknown == id.unwrap_or_default())
    }

    fn remember_unknown(&mut self, id: Option<&str>, until: Duration) {
        if self.unknown.len() == MOST_UNKNOWN {
            self.unknown.pop_front();
        }
        self.unknown.push_back((id.unwrap_or_default().to_owned(), until));
    }

    fn no_keys(&self) -> Refusal {
        Refusal::NoKeys(self.failure.clone().unwrap_or_else(|| "they were not fetched".to_owned()))
    }
}
