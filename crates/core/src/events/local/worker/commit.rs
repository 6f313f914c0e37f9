//! The draft becomes the state, or the state is read again.

use std::time::Duration;

use super::{
    super::{
        draft::Draft,
        shared::{Settlement, Verdict},
        state::GroupState,
        window::Window,
    },
    Worker,
};
use crate::{
    error::{Error, ErrorKind, Result, Retry},
    events::Applied,
    store::{Expect, Value},
};

/// So often a store that is unavailable is tried again before the group gives up.
const MAX_FAILURES: u32 = 6;

impl Worker {
    /// Commits the draft and tells everybody. After a failure nothing is lost: what was not decided is still in the backlog.
    pub(super) async fn commit(&mut self, mut draft: Draft) -> Result<()> {
        let mut batch = std::mem::take(&mut draft.batch);
        batch.put_if(self.key.clone(), Value::json(&draft.state)?, Expect::Exactly(self.version));
        match self.store.commit(batch).await {
            Ok(receipt) if receipt.appended.iter().any(|appended| appended.duplicate) => {
                // Nothing was applied, for an effect that came alone had been before; now it only has to be acknowledged.
                for place in draft.effects {
                    self.backlog[place].verdict = Verdict::AppliedBefore;
                }
                Ok(())
            }
            Ok(receipt) => {
                self.version = receipt.version;
                self.publish(draft);
                Ok(())
            }
            Err(error) => self.recover(&draft.effects, error).await,
        }
    }

    /// Makes what was committed known.
    fn publish(&mut self, draft: Draft) {
        self.failures = 0;
        self.state = draft.state;
        self.window.prune(&self.state);
        self.shared.close(&draft.closed);
        if draft.renewed {
            self.shared.renew(&self.state);
        }
        let mut decided = draft.decided.into_iter().peekable();
        let backlog = std::mem::take(&mut self.backlog);
        for (place, settlement) in backlog.into_iter().enumerate() {
            if decided.next_if_eq(&place).is_some() {
                let before = matches!(settlement.verdict, Verdict::AppliedBefore);
                settlement.answer(Ok(if before { Applied::Already } else { Applied::Yes }));
            } else {
                self.backlog.push(settlement);
            }
        }
        self.one_by_one &= self.backlog.iter().any(|rest| matches!(rest.verdict, Verdict::Effect(_)));
        self.shared.offer(draft.claims);
    }

    /// Finds out why a commit failed: somebody else was faster, an effect is refused, or the store is not well.
    async fn recover(&mut self, effects: &[usize], error: Error) -> Result<()> {
        let before = self.version;
        if let Err(unreadable) = self.reload().await {
            return self.pause(unreadable).await;
        }
        if self.version != before {
            return Ok(());
        }
        match effects {
            [] => self.pause(error).await,
            [place] => {
                self.backlog.remove(*place).answer(Err(error));
                Ok(())
            }
            _ => {
                self.one_by_one = true;
                Ok(())
            }
        }
    }

    /// Waits for a store that may come back.
    async fn pause(&mut self, error: Error) -> Result<()> {
        let transient = error.retryable() != Retry::Never
            || matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Conflict);
        if !transient || self.failures >= MAX_FAILURES {
            return Err(error);
        }
        self.failures += 1;
        self.clock.sleep(Duration::from_millis(50 << self.failures)).await;
        Ok(())
    }

    /// Reads the record and forgets the claims that somebody else took over.
    pub(super) async fn reload(&mut self) -> Result<()> {
        let Some(record) = self.store.get(&self.key).await? else {
            return Err(Error::not_found("the record of the consumer group is gone").with("key", &self.key));
        };
        let state: GroupState = record.value.decode()?;
        let first = self.version == crate::store::Version::default();
        if first || state.epoch != self.state.epoch {
            self.window = Window::of(&state);
        }
        (self.state, self.version) = (state, record.version);
        self.window.prune(&self.state);
        self.shared.forget_lost(&self.state);
        Ok(())
    }
}

impl Settlement {
    /// Tells whoever waits.
    pub(super) fn answer(self, answer: Result<Applied>) {
        if let Some(reply) = self.reply {
            // Who stopped waiting does not want to know.
            let _ = reply.send(answer);
        }
    }
}
