//! What is kept of a consumer group: one record, however many events are in flight. Pure; no clock, no store.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, events::Token, store::Offset};

/// What is kept of a consumer group. An event is *done* (at or below `committed`, or in `done`), *open* (claimed, or waiting for
/// redelivery) or untouched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GroupState {
    /// Grows when the group is moved: claims from before are refused.
    pub(super) epoch: u64,
    /// Every offset up to this one is done.
    pub(super) committed: u64,
    /// Runs of offsets above that are done: sorted, apart from one another, both ends included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    done: Vec<(u64, u64)>,
    /// The open ones; never more than `max_in_flight`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) open: BTreeMap<u64, Open>,
    /// Dead letters up to this offset were sent again.
    #[serde(default)]
    pub(super) redriven: u64,
}

/// An event that is claimed or waits for redelivery. Kept as `[claims, until, stage, spared]` to be small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, i64, Stage, u32)", into = "(u32, i64, Stage, u32)")]
pub(super) struct Open {
    /// How often it was claimed: fences whoever had an earlier claim.
    pub(super) claims: u32,
    /// When the claim lapses, or from when on it may be delivered again: milliseconds since 1970.
    pub(super) until: i64,
    pub(super) stage: Stage,
    /// How many of the claims were no attempts, for the event was not handed out.
    pub(super) spared: u32,
}

/// Where an open event is. Kept as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub(super) enum Stage {
    /// It waits to be delivered again.
    Waiting,
    /// It is claimed, and nobody who keeps the record has seen it handed out.
    Ahead,
    /// It is claimed, and a consumer has it or gets it now.
    Handed,
}

impl From<Stage> for u8 {
    fn from(stage: Stage) -> Self {
        stage as Self
    }
}

impl TryFrom<u8> for Stage {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        [Self::Waiting, Self::Ahead, Self::Handed]
            .get(usize::from(number))
            .copied()
            .ok_or_else(|| format!("an open event is at stage 0, 1 or 2, not {number}"))
    }
}

impl Open {
    /// How many attempts were begun.
    pub(super) fn attempts(&self) -> u32 {
        self.claims.saturating_sub(self.spared)
    }

    pub(super) fn is_claimed(&self) -> bool {
        self.stage != Stage::Waiting
    }
}

impl From<(u32, i64, Stage, u32)> for Open {
    fn from((claims, until, stage, spared): (u32, i64, Stage, u32)) -> Self {
        Self { claims, until, stage, spared }
    }
}

impl From<Open> for (u32, i64, Stage, u32) {
    fn from(open: Open) -> Self {
        (open.claims, open.until, open.stage, open.spared)
    }
}

/// How a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Whoever has the token holds the event.
    Held,
    /// The event is done.
    Done,
    /// The event is not done, and the token no longer counts.
    Lost,
}

impl GroupState {
    /// A new group that begins behind `committed`.
    pub(super) fn starting_after(committed: Offset) -> Self {
        Self { committed: committed.0, ..Self::default() }
    }

    /// Moves the group: every claim and every wait is forgotten.
    pub(super) fn move_to(&mut self, after: Offset) {
        *self =
            Self { epoch: self.epoch + 1, committed: after.0, redriven: self.redriven, ..Self::default() };
    }

    /// Whether the event at `offset` is done.
    pub(super) fn is_done(&self, offset: u64) -> bool {
        let run = self.done.partition_point(|(_, last)| *last < offset);
        offset <= self.committed || self.done.get(run).is_some_and(|(first, _)| *first <= offset)
    }

    /// How many events above `committed` are done.
    pub(super) fn done_ahead(&self) -> u64 {
        self.done.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// The event at `offset` is done.
    pub(super) fn finish(&mut self, offset: u64) {
        self.finish_run(offset, offset);
    }

    /// The events from `first` to `last` are done.
    pub(super) fn finish_run(&mut self, first: u64, last: u64) {
        let first = first.max(self.committed + 1);
        if last < first {
            return;
        }
        if first == last {
            self.open.remove(&first);
        } else {
            self.open.retain(|offset, _| !(first..=last).contains(offset));
        }
        // Everything that touches the new run melts into it.
        let from = self.done.partition_point(|(_, end)| end + 1 < first);
        let to = self.done.partition_point(|(begin, _)| *begin <= last + 1);
        let melted = &self.done[from..to];
        let run = (
            melted.first().map_or(first, |(begin, _)| first.min(*begin)),
            melted.last().map_or(last, |(_, end)| last.max(*end)),
        );
        self.done.splice(from..to, [run]);
        if self.done[0].0 == self.committed + 1 {
            self.committed = self.done.remove(0).1;
        }
    }

    /// Claims the event at `offset` until `until` and returns the token.
    pub(super) fn claim(&mut self, offset: u64, until: i64, stage: Stage) -> Token {
        let open = self.open.entry(offset).or_insert(Open { claims: 0, until, stage, spared: 0 });
        *open = Open { claims: open.claims + 1, until, stage, spared: open.spared };
        let open = *open;
        self.token(offset, &open)
    }

    /// The token of the present claim of the event at `offset`.
    pub(super) fn token(&self, offset: u64, open: &Open) -> Token {
        Token { epoch: self.epoch, offset: Offset(offset), claim: open.claims, attempt: open.attempts() }
    }

    /// The events of these tokens are in the hands of consumers: from now on their claims are attempts, whatever becomes of them.
    pub(super) fn hand_out(&mut self, tokens: impl Iterator<Item = Token>) {
        for token in tokens {
            if self.standing(token) == Standing::Held
                && let Some(open) = self.open.get_mut(&token.offset.0)
            {
                open.stage = Stage::Handed;
            }
        }
    }

    /// How the claim `token` stands.
    pub(super) fn standing(&self, token: Token) -> Standing {
        let held = |open: &Open| open.is_claimed() && open.claims == token.claim;
        match self.open.get(&token.offset.0) {
            _ if self.epoch != token.epoch => Standing::Lost,
            Some(open) if held(open) => Standing::Held,
            None if self.is_done(token.offset.0) => Standing::Done,
            _ => Standing::Lost,
        }
    }

    /// The event at `offset` waits for redelivery until `until`.
    pub(super) fn wait(&mut self, offset: u64, until: i64) {
        if let Some(open) = self.open.get_mut(&offset) {
            (open.until, open.stage) = (until, Stage::Waiting);
        }
    }

    /// Whoever claimed the event at `offset` gives it back without having handed it out: the first time it is as if he had not claimed it.
    pub(super) fn release(&mut self, offset: u64, now: i64) {
        if self.open.get(&offset).is_some_and(|open| open.claims == 1) {
            self.open.remove(&offset);
        } else {
            self.spare(offset, now);
        }
    }

    /// The claim of the event at `offset` is over and was no attempt; who had it, if he lives, is refused.
    pub(super) fn spare(&mut self, offset: u64, now: i64) {
        if let Some(open) = self.open.get_mut(&offset) {
            (open.until, open.stage) = (now, Stage::Waiting);
            open.spared = open.spared.saturating_add(1);
        }
    }
}

/// `time` as it is kept: milliseconds since 1970.
pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// `duration` after `time` (milliseconds), or the end of time.
pub(super) fn after(time: i64, duration: Duration) -> i64 {
    time.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_done_is_exactly_what_was_finished(runs in prop::collection::vec((1u64..60, 0u64..5), 0..60)) {
            let (mut state, mut model) = (GroupState::default(), BTreeSet::new());
            for (first, more) in runs {
                state.finish_run(first, first + more);
                model.extend(first..=first + more);
                for offset in 1..70 {
                    prop_assert_eq!(state.is_done(offset), model.contains(&offset), "{} in {:?}", offset, state);
                }
                prop_assert_eq!(state.committed + state.done_ahead(), model.len() as u64);
                prop_assert!(state.done.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "{:?}", state);
                prop_assert!(state.done.first().is_none_or(|run| run.0 > state.committed + 1));
            }
        }

        #[test]
        fn a_state_reads_back_as_it_was_written(claims in prop::collection::vec((1u64..99, any::<i64>()), 0..20)) {
            let mut state = GroupState::starting_after(Offset(3));
            for (offset, until) in claims {
                if !state.is_done(offset) && state.claim(offset, until, Stage::Ahead).attempt > 2 {
                    state.finish(offset);
                }
            }
            let text = serde_json::to_string(&state).expect("a state has a JSON form");
            prop_assert_eq!(serde_json::from_str::<GroupState>(&text).expect("it reads back"), state);
        }
    }

    #[test]
    fn only_the_last_claim_counts() {
        let mut state = GroupState::default();
        let first = state.claim(1, 10, Stage::Handed);
        state.wait(1, 20);
        assert_eq!(state.standing(first), Standing::Lost);
        let second = state.claim(1, 30, Stage::Ahead);
        assert_eq!((second.attempt, state.standing(first)), (2, Standing::Lost));
        assert_eq!(state.standing(second), Standing::Held);
        state.release(1, 40);
        assert_eq!(state.standing(second), Standing::Lost);
        let third = state.claim(1, 50, Stage::Ahead);
        assert_eq!((third.attempt, third.claim), (2, 3), "a claim that was no attempt fences all the same");
        assert_eq!(state.standing(second), Standing::Lost);
        state.finish(1);
        assert_eq!(state.standing(first), Standing::Done);
        state.move_to(Offset(0));
        assert_eq!(state.standing(second), Standing::Lost);
    }
}
