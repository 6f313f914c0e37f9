//! Which claims end, which are renewed, which begin.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    super::{
        draft::Draft,
        shared::{Inner, Ready},
        state::{Stage, after},
    },
    Worker,
};
use crate::{error::Result, events::Token, store::Offset};

/// What the consumers of this process have and want.
pub(super) struct Demand {
    /// The claims of this process, and when the consumer's time is over where it was handed out.
    mine: HashMap<Token, Option<i64>>,
    ready: usize,
    waiting: usize,
    pub(super) members: usize,
    asked: bool,
}

impl Demand {
    pub(super) fn of(inner: &Inner) -> Self {
        let ready = inner.ready.iter().map(|ready| (ready.token, None));
        let handed = inner.handed.values().map(|handed| (handed.token, Some(handed.deadline)));
        Self {
            mine: ready.chain(handed).collect(),
            ready: inner.ready.len(),
            waiting: inner.waiting,
            members: inner.members,
            asked: inner.asked,
        }
    }

    /// What consumers of this process have in their hands.
    pub(super) fn handed(&self) -> impl Iterator<Item = Token> {
        self.mine.iter().filter(|(_, deadline)| deadline.is_some()).map(|(token, _)| *token)
    }
}

impl Worker {
    /// Ends claims whose time is over, and gives those of this process more time at half-time.
    pub(super) async fn lapse(&mut self, draft: &mut Draft, demand: &Demand, now: i64) -> Result<()> {
        let ack_wait = self.shared.config.ack_wait;
        let half_time = |until: i64| until.saturating_sub(after(0, ack_wait / 2));
        let mut renewable = Vec::new();
        let claimed: Vec<_> = draft.state.open.iter().filter(|(_, open)| open.is_claimed()).collect();
        let claimed: Vec<_> = claimed.into_iter().map(|(offset, open)| (*offset, *open)).collect();
        for (offset, open) in claimed {
            let token = draft.state.token(offset, &open);
            let handed = open.stage == Stage::Handed || matches!(demand.mine.get(&token), Some(Some(_)));
            let over = match demand.mine.get(&token) {
                Some(Some(deadline)) if *deadline <= now => true,
                Some(deadline) => {
                    renewable.push(offset);
                    draft.renewed |= half_time(open.until) <= now;
                    draft.wake_at(deadline.unwrap_or(i64::MAX));
                    false
                }
                None => open.until <= now,
            };
            if over {
                let reason = format!("not acknowledged within {ack_wait:?}");
                let last = open.attempts() >= self.shared.config.max_attempts;
                if !handed {
                    // Whoever had claimed it ahead is gone, as far as anybody knows before it came to a consumer.
                    draft.state.spare(offset, now);
                } else if !last {
                    draft.state.wait(offset, now);
                } else if !self.bury(draft, token.offset, open.attempts(), &reason).await? {
                    continue;
                }
                draft.closed.push(token);
                draft.urgent = true;
            }
        }
        if draft.renewed {
            draft.urgent = true;
            for offset in &renewable {
                if let Some(open) = draft.state.open.get_mut(offset) {
                    open.until = after(now, ack_wait);
                }
            }
        }
        let timers = draft.state.open.iter().map(|(offset, open)| match open.is_claimed() {
            true if renewable.contains(offset) => half_time(open.until),
            true => open.until,
            // Whether somebody wants what waits is for `claim` to say.
            false => i64::MAX,
        });
        let next = timers.min().unwrap_or(i64::MAX);
        draft.wake_at(next);
        Ok(())
    }

    /// Claims what the consumers want. Returns whether they would take more.
    ///
    /// New events are claimed ahead; events that come again only for a consumer that waits for one, so that a process that dies of an
    /// event does not use up the attempts of others.
    pub(super) async fn claim(&mut self, draft: &mut Draft, demand: &Demand, now: i64) -> Result<bool> {
        let config = &self.shared.config;
        let room = config.max_in_flight.saturating_sub(draft.state.open.len());
        let active = demand.members > 0 && demand.asked;
        let wants = active && demand.ready <= self.shared.low_water();
        let ahead = config.prefetch.max(demand.waiting).saturating_sub(demand.ready);
        let wanted = if wants { ahead.min(room) } else { 0 };

        // What waits for redelivery has to be in view even where new events have no room, or a process that begins with a full group
        // would wait for events that nobody else is going to take. The watch may not have heard of them yet.
        let open = draft.state.open.keys().next_back().filter(|_| active).map_or(0, |offset| *offset);
        let mut view = View::default();
        view.look(self, draft, demand, 0, now);
        loop {
            let (scanned, head) = (self.window.scanned, self.watch.head().0.max(open));
            let too_few =
                view.fresh.len() < wanted && self.window.has_room(&self.shared.config) && scanned < head;
            if !too_few && scanned >= open {
                break;
            }
            let (topic, config, head) = (&self.topic, &self.shared.config, Offset(head));
            let seen = self.window.look(&*self.store, topic, head, config, &mut draft.state).await?;
            view.look(self, draft, demand, seen, now);
        }

        let again = demand.waiting.saturating_sub(demand.ready);
        // New events keep the queue from running dry, so those that come again would never get their turn: let it run dry.
        let held_up = !view.due.is_empty() && (demand.ready > 0 || again == 0);
        let due = view.due.iter().take(again).copied();
        let fresh =
            view.fresh.iter().copied().take(if held_up { 0 } else { wanted.saturating_sub(due.len()) });
        let chosen: Vec<u64> = due.chain(fresh).collect();
        let mut idle = demand.mine.is_empty();
        for (place, offset) in chosen.into_iter().enumerate() {
            if !self.window.has_room_for(offset, &self.shared.config) && !idle {
                // When something is done there is room again.
                return Ok(false);
            }
            // The first ones have their consumers already.
            let stage = if place < again { Stage::Handed } else { Stage::Ahead };
            self.begin(draft, offset, now, stage).await?;
            idle = false;
        }
        Ok(wanted > view.fresh.len() && self.window.has_room(&self.shared.config))
    }

    async fn begin(&mut self, draft: &mut Draft, offset: u64, now: i64, stage: Stage) -> Result<()> {
        let Some(message) = self.load(offset).await? else {
            // Retention took it away; the next draft finds another.
            draft.state.finish(offset);
            draft.urgent = true;
            return Ok(());
        };
        if let Some(broken) = self.window.broken(offset) {
            let reason = format!("the entry is not an event: {broken}");
            self.bury(draft, message.offset, 0, &reason).await?;
            return Ok(());
        }
        let until = after(now, self.shared.config.ack_wait);
        let token = draft.state.claim(offset, until, stage);
        draft.claims.push(Ready { message: Arc::clone(&message), token, until });
        draft.urgent = true;
        Ok(())
    }
}

/// What may be claimed, oldest first.
#[derive(Default)]
struct View {
    /// Untouched events.
    fresh: Vec<u64>,
    /// Events whose wait is over.
    due: Vec<u64>,
    /// Subjects that have an earlier event which is not done.
    subjects: HashSet<u64>,
}

impl View {
    /// Looks at the events in view behind offset `after`.
    fn look(&mut self, worker: &mut Worker, draft: &mut Draft, demand: &Demand, after: u64, now: i64) {
        // What is not going to be handed out here soon takes no memory.
        let mut aside = Vec::new();
        for (offset, subject) in worker.window.subjects(after) {
            if draft.state.is_done(offset) {
                continue;
            }
            if subject != 0 && !self.subjects.insert(subject) {
                aside.push(offset);
                continue;
            }
            match draft.state.open.get(&offset) {
                None => self.fresh.push(offset),
                Some(open) if open.is_claimed() => {
                    if !demand.mine.contains_key(&draft.state.token(offset, open)) {
                        aside.push(offset);
                    }
                }
                Some(open) if open.until <= now => self.due.push(offset),
                Some(open) => {
                    draft.timer = draft.timer.min(open.until);
                    aside.push(offset);
                }
            }
        }
        for offset in aside {
            worker.window.put_aside(offset);
        }
    }
}
