//! The worker of a group in this process: takes what consumers say, claims events for them, and commits both together.
//!
//! Everything a group remembers is one record, and every change to it is conditional on its version: workers of other processes may
//! change it at any time, and whoever comes second reads it again and decides anew. A worker therefore first drafts the next state
//! (`settle`, `lapse`, `claim`), then commits the draft, and only then tells anybody.

mod claim;
mod commit;

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::future::{self, Either};

use self::claim::Demand;
use super::{
    draft::Draft,
    shared::{Settlement, Shared, Verdict},
    state::{GroupState, Standing, after, millis},
    window::Window,
};
use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    events::{Applied, Message, Outcome, Token, Topic},
    store::{Key, Offset, Store, Version, Watch},
};

/// How long acknowledgements that nobody waits for are collected.
const LINGER: Duration = Duration::from_millis(50);
/// How long it may take until events that the group does not want are kept as done.
const SKIP_LINGER: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Worker {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) topic: Topic,
    pub(super) dead: Topic,
    pub(super) key: Key,
    pub(super) shared: Arc<Shared>,
    state: GroupState,
    version: Version,
    window: Window,
    watch: Watch,
    /// Grows when a group is moved, whoever does it.
    moves: Watch,
    /// How many moves were noticed.
    noticed: Offset,
    /// Said by consumers and not committed yet.
    backlog: Vec<Settlement>,
    /// Since when something waits that is not urgent.
    lingering: Option<i64>,
    /// One effect per commit, to find out which one is refused.
    one_by_one: bool,
    failures: u32,
    dead_declared: bool,
}

impl Worker {
    pub(super) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        topic: Topic,
        dead: Topic,
        key: Key,
        shared: Arc<Shared>,
    ) -> Self {
        let watch = store.watch(topic.stream());
        let moves = store.watch(&super::moves());
        Self {
            store,
            clock,
            topic,
            dead,
            key,
            shared,
            state: GroupState::default(),
            version: Version::default(),
            window: Window::default(),
            watch,
            moves,
            noticed: Offset::START,
            backlog: Vec::new(),
            lingering: None,
            one_by_one: false,
            failures: 0,
            dead_declared: false,
        }
    }

    /// Works until nobody needs it any more, or the store fails.
    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let _end = EndOnDrop(&shared);
        if let Err(error) = self.work().await {
            tracing::warn!(topic = %self.topic, group = %shared.config.name, %error, "a consumer group stopped");
            shared.end(error.kind(), error.to_string());
        }
    }

    async fn work(&mut self) -> Result<()> {
        // First the moves, then the record: it is at least as new.
        self.noticed = self.moves.current().await?;
        self.reload().await?;
        self.watch.current().await?;
        loop {
            let (timer, hungry) = self.step().await?;
            if self.backlog.is_empty() && self.shared.end_if_idle() {
                return Ok(());
            }
            self.rest(timer, hungry).await?;
        }
    }

    /// Does everything there is to do now. Returns when there will be more (in milliseconds), and whether new events are wanted.
    async fn step(&mut self) -> Result<(i64, bool)> {
        loop {
            let demand = self.collect().await?;
            let now = millis(self.clock.now());
            let mut draft = Draft::of(&self.state);
            self.window.mark_skipped(&mut draft.state);
            self.settle(&mut draft, now).await?;
            self.lapse(&mut draft, &demand, now).await?;
            let hungry = self.claim(&mut draft, &demand, now).await?;

            if draft.state == self.state && draft.batch.is_empty() {
                self.lingering = None;
                return Ok((draft.timer, hungry));
            }
            let nobody_left = demand.members == 0;
            if !draft.urgent && !nobody_left && self.backlog.len() < self.shared.config.max_in_flight / 2 {
                let since = *self.lingering.get_or_insert(now);
                let due = after(since, if self.backlog.is_empty() { SKIP_LINGER } else { LINGER });
                if now < due {
                    draft.wake_at(due);
                    return Ok((draft.timer, hungry));
                }
            }
            self.lingering = None;
            // What is committed anyway tells whom a death would not spare.
            draft.state.hand_out(demand.handed());
            self.commit(draft).await?;
        }
    }

    /// Takes over what consumers have said, and looks at what they want.
    async fn collect(&mut self) -> Result<Demand> {
        let (moves, changed) = (self.moves.head(), std::mem::take(&mut self.shared.lock().changed));
        if changed || moves > self.noticed {
            self.noticed = self.noticed.max(moves);
            self.reload().await?;
        }
        let mut inner = self.shared.lock();
        self.backlog.append(&mut inner.settlements);
        if inner.members == 0 {
            let unused = inner.ready.drain(..);
            self.backlog.extend(unused.map(|ready| Settlement {
                token: ready.token,
                verdict: Verdict::Release,
                reply: None,
            }));
        }
        Ok(Demand::of(&inner))
    }

    /// Decides on the backlog: what is refused is answered at once, the rest with the commit.
    async fn settle(&mut self, draft: &mut Draft, now: i64) -> Result<()> {
        let stands = |settlement: &Settlement, state: &GroupState| state.standing(settlement.token);
        if self.backlog.iter().any(|settlement| stands(settlement, &self.state) == Standing::Lost) {
            // Who took the event over may have finished it by now, in another process.
            self.reload().await?;
            *draft = Draft::of(&self.state);
            self.window.mark_skipped(&mut draft.state);
        }
        let state = &self.state;
        let (open, closed): (Vec<_>, Vec<_>) = std::mem::take(&mut self.backlog)
            .into_iter()
            .partition(|settlement| stands(settlement, state) == Standing::Held);
        self.backlog = open;
        for settlement in closed {
            let done = stands(&settlement, &self.state) == Standing::Done;
            self.shared.close(&[settlement.token]);
            let answer = if done { Ok(Applied::Already) } else { Err(self.lost(settlement.token)) };
            settlement.answer(answer);
        }
        for place in 0..self.backlog.len() {
            let token = self.backlog[place].token;
            // An earlier settlement of this draft may have decided the same claim.
            if draft.state.standing(token) == Standing::Held && self.apply(draft, place, now).await? {
                draft.decided.push(place);
                draft.urgent |= self.backlog[place].is_urgent();
                if draft.state.standing(token) != Standing::Held {
                    draft.closed.push(token);
                }
            }
        }
        Ok(())
    }

    /// Puts one settlement into the draft; false where it has to wait for the next one.
    async fn apply(&mut self, draft: &mut Draft, place: usize, now: i64) -> Result<bool> {
        let settlement = &self.backlog[place];
        let (offset, attempt) = (settlement.token.offset, settlement.token.attempt);
        match &settlement.verdict {
            Verdict::Outcome(Outcome::Ack) | Verdict::AppliedBefore => draft.state.finish(offset.0),
            Verdict::Release => draft.state.release(offset.0, now),
            Verdict::Effect(effect) => {
                if !draft.take(place, effect, self.one_by_one) {
                    return Ok(false);
                }
                draft.state.finish(offset.0);
            }
            Verdict::Outcome(Outcome::Nack { after: wait, reason }) => {
                if attempt >= self.shared.config.max_attempts {
                    let reason = reason.clone();
                    return self.bury(draft, offset, attempt, &reason).await;
                }
                let wait = wait.unwrap_or_else(|| self.shared.config.backoff.delay(offset, attempt));
                draft.state.wait(offset.0, after(now, wait));
            }
            Verdict::Outcome(Outcome::Reject { reason }) => {
                let reason = reason.clone();
                return self.bury(draft, offset, attempt, &reason).await;
            }
        }
        Ok(true)
    }

    /// Moves an event to the dead letters; false where that has to wait for the next draft.
    async fn bury(&mut self, draft: &mut Draft, offset: Offset, attempts: u32, reason: &str) -> Result<bool> {
        let Some(message) = self.load(offset.0).await? else {
            // Retention was faster: there is nothing left to keep.
            draft.state.finish(offset.0);
            return Ok(true);
        };
        if !self.dead_declared {
            super::declare(&*self.store, &self.dead).await?;
            self.dead_declared = true;
        }
        draft.bury(&message, attempts, reason, &self.dead)
    }

    async fn load(&mut self, offset: u64) -> Result<Option<Arc<Message>>> {
        self.window.load(&*self.store, &self.topic, &self.shared.config, offset).await
    }

    fn lost(&self, token: Token) -> Error {
        let (topic, group) = (&self.topic, &self.shared.config.name);
        let message = format!(
            "attempt {} at this event no longer counts: the time to acknowledge it passed, or the group was moved",
            token.attempt
        );
        Error::new(ErrorKind::Conflict, message)
            .with("topic", topic)
            .with("group", group)
            .with("offset", token.offset)
    }

    /// Waits until a consumer says something, `timer` comes, a group is moved, or, where new events are wanted, the topic grows.
    async fn rest(&mut self, timer: i64, hungry: bool) -> Result<()> {
        let wait = timer.saturating_sub(millis(self.clock.now()));
        let called = pin!(self.shared.work.notified());
        let timed = pin!(async {
            match u64::try_from(wait) {
                Ok(_) if timer == i64::MAX => future::pending().await,
                Ok(wait) => self.clock.sleep(Duration::from_millis(wait)).await,
                Err(_) => {}
            }
        });
        let scanned = Offset(self.window.scanned);
        let grown = pin!(async {
            match hungry {
                true => self.watch.after(scanned).await.map(|_head| ()),
                false => future::pending().await,
            }
        });
        let moved = pin!(async { self.moves.after(self.noticed).await.map(|_head| ()) });
        match future::select(future::select(called, timed), future::select(grown, moved)).await {
            Either::Left(_) => Ok(()),
            Either::Right((woken, _)) => woken.factor_first().0,
        }
    }
}

/// Tells the consumers when the worker is gone, also when its runtime is.
struct EndOnDrop<'a>(&'a Shared);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end(ErrorKind::Unavailable, "the runtime that the consumer group ran on is gone");
    }
}
