//! What the next commit of a group is going to do.

use std::collections::HashSet;

use super::{dead, shared::Ready, state::GroupState};
use crate::{
    error::Result,
    events::{Message, Token, Topic},
    store::{Batch, Change, Key, Value},
};

/// The most bytes of dead letters in one commit; more of them wait for the next.
const MAX_DEAD_BYTES: usize = 8 << 20;
/// The most effects in one commit.
const MAX_EFFECTS: usize = 128;

/// See the module.
pub(super) struct Draft {
    /// The group as it will be.
    pub(super) state: GroupState,
    /// What happens besides: effects and dead letters.
    pub(super) batch: Batch,
    /// The settlements that this commit decides, by their place in the backlog.
    pub(super) decided: Vec<usize>,
    /// Those of them that are effects.
    pub(super) effects: Vec<usize>,
    /// Claims that end with this commit.
    pub(super) closed: Vec<Token>,
    /// Claims that begin with it.
    pub(super) claims: Vec<Ready>,
    /// The claims of this process were given more time.
    pub(super) renewed: bool,
    /// Somebody waits for it.
    pub(super) urgent: bool,
    /// When there is something to do next, in milliseconds.
    pub(super) timer: i64,
    keys: HashSet<Key>,
    dead_bytes: usize,
    full: bool,
}

impl Draft {
    /// Nothing happens to `state`.
    pub(super) fn of(state: &GroupState) -> Self {
        Self {
            state: state.clone(),
            batch: Batch::new(),
            decided: Vec::new(),
            effects: Vec::new(),
            closed: Vec::new(),
            claims: Vec::new(),
            renewed: false,
            urgent: false,
            timer: i64::MAX,
            keys: HashSet::new(),
            dead_bytes: 0,
            full: false,
        }
    }

    /// Takes in the changes of an effect if they touch nothing that another effect of this commit touches: what each of them requires
    /// holds for all or for none then. An effect with producers comes alone, for its whole batch may turn out to be a duplicate.
    pub(super) fn take(&mut self, place: usize, effect: &Batch, alone: bool) -> bool {
        let first = self.effects.is_empty();
        let lonely = |change: &Change| match change {
            Change::Append(append) => append.producer.is_some(),
            Change::Trim(..) => true,
            _ => false,
        };
        let alone = alone || effect.changes().iter().any(lonely);
        let touched = || effect.changes().iter().filter_map(key_of);
        if self.full || (alone && !first) || touched().any(|key| self.keys.contains(key)) {
            return false;
        }
        self.keys.extend(touched().cloned());
        self.batch.merge(effect.clone());
        self.effects.push(place);
        self.full = alone || self.effects.len() >= MAX_EFFECTS;
        true
    }

    /// Gives up `message` after `attempts`; false where this commit has enough of that.
    pub(super) fn bury(
        &mut self,
        message: &Message,
        attempts: u32,
        reason: &str,
        dead: &Topic,
    ) -> Result<bool> {
        if self.dead_bytes > MAX_DEAD_BYTES {
            return Ok(false);
        }
        let text = dead::letter(message, attempts, reason).to_json()?;
        self.dead_bytes += text.len();
        self.batch.append(dead.stream().clone(), vec![Value::Json(text.into())]);
        self.state.finish(message.offset.0);
        self.urgent = true;
        Ok(true)
    }

    /// There is something to do at `time`.
    pub(super) fn wake_at(&mut self, time: i64) {
        self.timer = self.timer.min(time);
    }
}

fn key_of(change: &Change) -> Option<&Key> {
    match change {
        Change::Put(key, ..) | Change::Delete(key, _) | Change::Require(key, _) => Some(key),
        Change::Append(_) | Change::Trim(..) => None,
    }
}
