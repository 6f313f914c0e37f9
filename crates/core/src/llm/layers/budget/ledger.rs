//! What a period has used and reserved: one record for each.

use std::sync::Arc;

use jiff::{ToSpan as _, Unit, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{BudgetLimits, until};
use crate::{
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind, Result, Retry},
    llm::money::Money,
    store::{Batch, Expect, Key, Store, Value, Version},
};

/// The collection of the ledgers.
const COLLECTION: &str = "llm.budget";

/// How often a change is tried that somebody else's change overtook: each time one of them has succeeded.
const ATTEMPTS: usize = 1_000;

/// How long a period is; in UTC, as everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From the first of a month to that of the next.
    #[default]
    Month,
}

impl Period {
    /// Its name at `now`, and when the next one begins.
    fn at(self, now: Timestamp) -> (String, Timestamp) {
        let today = now.to_zoned(TimeZone::UTC);
        let (name, begin, span) = match self {
            Self::Day => (
                "%Y-%m-%d",
                today.round(jiff::ZonedRound::new().smallest(Unit::Day).mode(jiff::RoundMode::Trunc)),
                1.day(),
            ),
            Self::Month => {
                ("%Y-%m", today.first_of_month().and_then(|first| first.start_of_day()), 1.month())
            }
        };
        let next =
            begin.and_then(|begin| begin.checked_add(span)).map_or(Timestamp::MAX, |next| next.timestamp());
        (today.strftime(name).to_string(), next)
    }
}

/// What a period has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Tokens of calls that have ended.
    pub tokens: u64,
    /// What they cost.
    pub money: Money,
    /// Tokens that running calls may use.
    pub reserved_tokens: u64,
    /// What that may cost.
    pub reserved_money: Money,
    /// Calls that have ended, however.
    pub calls: u64,
}

/// What a call may use, taken from the budget of its period.
#[derive(Clone, Debug)]
pub(super) struct Reservation {
    period: String,
    pub(super) tokens: u64,
    pub(super) money: Money,
}

pub(super) struct Ledger {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Ledger {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub(super) async fn spent(&self, period: Period) -> Result<Spent> {
        let (name, _) = period.at(self.clock.now());
        Ok(self.read(&name).await?.0)
    }

    pub(super) async fn reserve(
        &self,
        limits: &BudgetLimits,
        tokens: u64,
        money: Money,
    ) -> Result<Reservation> {
        let now = self.clock.now();
        let (period, next) = limits.period.at(now);
        self.change(&period, |spent| {
            let all_tokens = spent.tokens.saturating_add(spent.reserved_tokens).saturating_add(tokens);
            let all_money = spent.money.plus(spent.reserved_money).plus(money);
            let over = |what: String| {
                let error = Error::new(ErrorKind::LimitExceeded, what).with("period", &period);
                Err(error.retry(Retry::After(until(next, now))))
            };
            if let Some(most) = limits.tokens.filter(|most| all_tokens > *most) {
                let left = most.saturating_sub(spent.tokens.saturating_add(spent.reserved_tokens));
                return over(format!(
                    "the budget has {left} of {most} tokens left, and this call could use {tokens}"
                ));
            }
            if let Some(most) = limits.money.filter(|most| all_money > *most) {
                let left = most.minus(spent.money.plus(spent.reserved_money));
                return over(format!(
                    "the budget has {left} of {most} left, and this call could cost {money}"
                ));
            }
            spent.reserved_tokens = spent.reserved_tokens.saturating_add(tokens);
            spent.reserved_money = spent.reserved_money.plus(money);
            Ok(())
        })
        .await?;
        Ok(Reservation { period, tokens, money })
    }

    /// Puts what was used in the place of what was reserved.
    pub(super) async fn settle(&self, reservation: &Reservation, tokens: u64, money: Money) -> Result<()> {
        self.change(&reservation.period, |spent| {
            spent.reserved_tokens = spent.reserved_tokens.saturating_sub(reservation.tokens);
            spent.reserved_money = spent.reserved_money.minus(reservation.money);
            spent.tokens = spent.tokens.saturating_add(tokens);
            spent.money = spent.money.plus(money);
            spent.calls += 1;
            Ok(())
        })
        .await
    }

    async fn change(&self, period: &str, change: impl Fn(&mut Spent) -> Result<()>) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let (mut spent, version) = self.read(period).await?;
            change(&mut spent)?;
            let mut batch = Batch::new();
            let expect = version.map_or(Expect::Absent, Expect::Exactly);
            batch.put_if(Key::new(COLLECTION, period)?, Value::json(&spent)?, expect);
            match self.store.commit(batch).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                done => return done.map(drop),
            }
        }
        let message =
            format!("the budget of {period} is changed by so many at once that this call found no turn");
        Err(Error::new(ErrorKind::Unavailable, message).retry(Retry::Now))
    }

    async fn read(&self, period: &str) -> Result<(Spent, Option<Version>)> {
        match self.store.get(&Key::new(COLLECTION, period)?).await? {
            Some(record) => Ok((record.value.decode()?, Some(record.version))),
            None => Ok((Spent::default(), None)),
        }
    }
}
