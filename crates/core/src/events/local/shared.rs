//! Where the consumers of a group and its worker meet: a queue of claimed events one way, settlements the other.
//!
//! Nothing here waits for a lock longer than a few moves of memory, and nothing grows beyond what is in flight.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::{Notify, oneshot};

use super::state::{GroupState, Standing, after, millis};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    events::{Applied, Consumer, GroupConfig, Message, Outcome, Token},
    store::Batch,
};

/// The meeting place of one group in this process.
pub(super) struct Shared {
    pub(super) config: GroupConfig,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
    /// Wakes the worker.
    pub(super) work: Notify,
    /// Wakes consumers.
    news: Notify,
}

#[derive(Default)]
pub(super) struct Inner {
    /// Claimed and not handed out, in order.
    pub(super) ready: VecDeque<Ready>,
    /// Handed out and not settled, by offset.
    pub(super) handed: HashMap<u64, Handed>,
    /// What consumers have said and the worker has not taken yet.
    pub(super) settlements: Vec<Settlement>,
    /// How many consumers wait for an event.
    pub(super) waiting: usize,
    /// How many subscriptions there are.
    pub(super) members: usize,
    /// Somebody has asked for an event: from then on events are claimed ahead.
    pub(super) asked: bool,
    /// The record was changed by somebody else in this process.
    pub(super) changed: bool,
    /// The worker is gone, and why.
    end: Option<(ErrorKind, String)>,
}

/// An event that is claimed and waits for a consumer.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) message: Arc<Message>,
    pub(super) token: Token,
    /// When the claim lapses, in milliseconds.
    pub(super) until: i64,
}

/// An event that a consumer has.
pub(super) struct Handed {
    pub(super) token: Token,
    /// When the consumer's time is over, in milliseconds.
    pub(super) deadline: i64,
}

/// What a consumer has said about a delivery.
pub(super) struct Settlement {
    pub(super) token: Token,
    pub(super) verdict: Verdict,
    /// Who waits to hear that it is durable.
    pub(super) reply: Option<oneshot::Sender<Result<Applied>>>,
}

pub(super) enum Verdict {
    Outcome(Outcome),
    /// Acknowledged together with these changes.
    Effect(Batch),
    /// Acknowledged; the changes turned out to be applied already.
    AppliedBefore,
    /// Never handed out: given back.
    Release,
}

impl Settlement {
    /// Whether it should be committed now rather than with whatever comes next.
    pub(super) fn is_urgent(&self) -> bool {
        self.reply.is_some() || !matches!(self.verdict, Verdict::Outcome(Outcome::Ack))
    }
}

impl Shared {
    pub(super) fn new(config: GroupConfig, clock: Arc<dyn Clock>) -> Self {
        Self { config, clock, inner: Mutex::default(), work: Notify::new(), news: Notify::new() }
    }

    /// At so few claimed events the worker claims more.
    pub(super) fn low_water(&self) -> usize {
        self.config.prefetch / 4
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code panics while it holds the lock, and every step leaves the lists whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a new member; false where the worker is gone.
    pub(super) fn join(&self) -> bool {
        let mut inner = self.lock();
        inner.members += usize::from(inner.end.is_none());
        inner.end.is_none()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.lock().end.is_some()
    }

    /// Somebody else changed the record: the worker reads it again.
    pub(super) fn reread(&self) {
        self.lock().changed = true;
        self.work.notify_one();
    }

    /// Hands claimed events to the consumers.
    pub(super) fn offer(&self, claimed: Vec<Ready>) {
        let count = claimed.len();
        self.lock().ready.extend(claimed);
        for _ in 0..count {
            self.news.notify_one();
        }
    }

    /// Ends the group in this process if nobody has any use for it; true where it is ended.
    pub(super) fn end_if_idle(&self) -> bool {
        let mut inner = self.lock();
        let idle = inner.members == 0
            && inner.ready.is_empty()
            && inner.handed.is_empty()
            && inner.settlements.is_empty();
        if idle {
            inner.end = Some((ErrorKind::Unavailable, "the last subscription of the group is gone".into()));
        }
        idle
    }

    /// Ends the group in this process because of an error; whoever waits is told.
    pub(super) fn end(&self, kind: ErrorKind, message: impl Into<String>) {
        let mut inner = self.lock();
        inner.end.get_or_insert_with(|| (kind, message.into()));
        inner.ready.clear();
        inner.settlements.clear();
        drop(inner);
        self.news.notify_waiters();
    }

    /// Forgets claims that have ended.
    pub(super) fn close(&self, tokens: &[Token]) {
        let mut inner = self.lock();
        for token in tokens {
            if inner.handed.get(&token.offset.0).is_some_and(|handed| handed.token == *token) {
                inner.handed.remove(&token.offset.0);
            }
        }
    }

    /// Claims that wait for a consumer last as long as `state` says.
    pub(super) fn renew(&self, state: &GroupState) {
        for ready in &mut self.lock().ready {
            ready.until = state.open.get(&ready.token.offset.0).map_or(0, |open| open.until);
        }
        // A consumer may have passed over a claim that was about to lapse.
        self.news.notify_waiters();
    }

    /// Forgets the claims that `state` no longer has.
    pub(super) fn forget_lost(&self, state: &GroupState) {
        let held = |token: Token| state.standing(token) == Standing::Held;
        let mut inner = self.lock();
        inner.ready.retain(|ready| held(ready.token));
        inner.handed.retain(|_, handed| held(handed.token));
    }

    fn push(&self, settlement: Settlement) -> Result<()> {
        let mut inner = self.lock();
        if let Some(end) = &inner.end {
            return Err(ended(end));
        }
        let urgent = settlement.is_urgent();
        inner.settlements.push(settlement);
        let count = inner.settlements.len();
        // What is not urgent wakes the worker once, to set its timer, and again when there is much of it.
        if urgent || count == 1 || count >= self.config.max_in_flight / 2 {
            drop(inner);
            self.work.notify_one();
        }
        Ok(())
    }

    async fn ask(&self, token: Token, verdict: Verdict) -> Result<Applied> {
        let (reply, answer) = oneshot::channel();
        self.push(Settlement { token, verdict, reply: Some(reply) })?;
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(self.lock().end.as_ref().map_or_else(
                || Error::internal("the worker of a consumer group forgot a settlement"),
                ended,
            )),
        }
    }

    /// The next event that is claimed for certain, and marks it as handed out.
    fn take(&self, inner: &mut Inner) -> Option<Ready> {
        let now = millis(self.clock.now());
        inner.ready.front().filter(|front| front.until > now)?;
        let ready = inner.ready.pop_front()?;
        let handed = Handed { token: ready.token, deadline: after(now, self.config.ack_wait) };
        inner.handed.insert(ready.token.offset.0, handed);
        Some(ready)
    }
}

fn ended((kind, message): &(ErrorKind, String)) -> Error {
    Error::new(*kind, message.clone())
}

/// Counts a consumer that waits, until it stops waiting.
struct Waiting<'a>(&'a Shared);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

#[async_trait]
impl Consumer for Shared {
    async fn next(&self) -> Result<(Arc<Message>, Token)> {
        let mut waiting = None;
        loop {
            let mut news = pin!(self.news.notified());
            // Enrolled before looking, so that nothing that comes after the look is missed.
            news.as_mut().enable();
            {
                let mut inner = self.lock();
                if let Some(end) = &inner.end {
                    return Err(ended(end));
                }
                if let Some(ready) = self.take(&mut inner) {
                    let low = inner.ready.len() <= self.low_water();
                    drop(inner);
                    if low {
                        self.work.notify_one();
                    }
                    return Ok((ready.message, ready.token));
                }
                inner.asked = true;
                if waiting.is_none() {
                    inner.waiting += 1;
                    waiting = Some(Waiting(self));
                }
            }
            self.work.notify_one();
            news.await;
        }
    }

    async fn settle(&self, token: Token, outcome: Outcome) -> Result<()> {
        self.ask(token, Verdict::Outcome(outcome)).await.map(|_applied| ())
    }

    fn settle_later(&self, token: Token, outcome: Outcome) {
        // Where the worker is gone the claim lapses and the event is delivered again, which is what the caller was promised.
        let _ = self.push(Settlement { token, verdict: Verdict::Outcome(outcome), reply: None });
    }

    async fn settle_in(&self, token: Token, batch: Batch) -> Result<Applied> {
        self.ask(token, Verdict::Effect(batch)).await
    }

    fn extend(&self, token: Token) {
        let deadline = after(millis(self.clock.now()), self.config.ack_wait);
        if let Some(handed) =
            self.lock().handed.get_mut(&token.offset.0).filter(|handed| handed.token == token)
        {
            handed.deadline = deadline;
        }
    }

    fn leave(&self) {
        self.lock().members -= 1;
        self.work.notify_one();
    }
}
