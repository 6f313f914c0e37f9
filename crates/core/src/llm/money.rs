//! What tokens cost: money in fixed point, and prices as data.
//!
//! A price list is a TOML file that whoever pays keeps up to date; none is built in, for prices change and a wrong one is worse than none.
//!
//! ```
//! use heptad_core::llm::{Usage, money::{Money, Prices}};
//!
//! let prices = Prices::parse("prices.toml", r#"
//!     currency = "USD"
//!     [[model]]
//!     name = "large-*"          # every model whose name begins so; an exact name goes first
//!     input = "2.50"            # for a million tokens
//!     cached_input = "0.25"     # as `input` where it is left out
//!     output = "10.00"
//! "#)?;
//! let price = prices.of("large-2026-01").expect("the list has it");
//! let usage = Usage { input_tokens: 1_200, output_tokens: 300, cached_tokens: 200 };
//! assert_eq!(price.of(&usage), Money::parse("0.00555")?);
//! # Ok::<(), heptad_core::Error>(())
//! ```

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::Usage;
use crate::error::{Error, Result};

/// Digits behind the point: a price of a millionth for a million tokens is still exact for one.
const DIGITS: usize = 12;
const UNIT: u64 = 10_u64.pow(DIGITS as u32);

/// An amount of money, exact to a trillionth of the currency's unit; at most some eighteen million units, where it stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(u64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads an amount such as `12` or `0.25`.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) where it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            let shown = crate::suggest::shortened(&text.escape_debug().to_string(), 40);
            Error::invalid(format!(
                "`{shown}` is no amount of money: write digits and a point, such as `12.50`"
            ))
        };
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > DIGITS {
            return Err(wrong());
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let part: u64 = format!("{part:0<DIGITS$}").parse().map_err(|_| wrong())?;
        whole.checked_mul(UNIT).and_then(|whole| whole.checked_add(part)).map(Self).ok_or_else(wrong)
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or nothing where `other` is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// In millionths of the unit, rounded up: for counters.
    pub fn micros(self) -> u64 {
        self.0.div_ceil(1_000_000)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:0DIGITS$}", self.0 % UNIT);
        let part = part.trim_end_matches('0');
        write!(f, "{}.{part:0<2}", self.0 / UNIT)
    }
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).map_err(|error| serde::de::Error::custom(error.message()))
    }
}

/// What a million tokens of a model cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    input: Money,
    cached_input: Money,
    output: Money,
}

impl Price {
    /// What costs nothing: a model in this process.
    pub const FREE: Self = Self { input: Money::ZERO, cached_input: Money::ZERO, output: Money::ZERO };

    /// What `usage` costs, rounded up.
    pub fn of(&self, usage: &Usage) -> Money {
        let cached = usage.cached_tokens.min(usage.input_tokens);
        let sum = [
            (usage.input_tokens - cached, self.input),
            (cached, self.cached_input),
            (usage.output_tokens, self.output),
        ]
        .into_iter()
        .map(|(tokens, price)| u128::from(tokens) * u128::from(price.0))
        .fold(0_u128, u128::saturating_add);
        Money(u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }

    /// The most that so many tokens can cost.
    pub fn most(&self, input_tokens: u64, output_tokens: u64) -> Money {
        let dearer = Self { input: self.input.max(self.cached_input), ..*self };
        dearer.of(&Usage { input_tokens, output_tokens, cached_tokens: 0 })
    }
}

/// A price list.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    currency: String,
    exact: BTreeMap<String, Price>,
    prefixes: BTreeMap<String, Price>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    currency: String,
    #[serde(default)]
    model: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    input: Money,
    #[serde(default)]
    cached_input: Option<Money>,
    output: Money,
}

impl Prices {
    /// Reads the text of a price list; `path` is what errors call it.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) with the line where it is malformed, or where a model is in it twice.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            Error::invalid(format!("{path}:{line} is no price list: {}", error.message()))
        })?;
        let mut prices = Self { currency: file.currency, ..Self::default() };
        for row in file.model {
            let price = Price {
                input: row.input,
                cached_input: row.cached_input.unwrap_or(row.input),
                output: row.output,
            };
            let known = match row.name.strip_suffix('*') {
                Some(prefix) => prices.prefixes.insert(prefix.to_owned(), price),
                None => prices.exact.insert(row.name.clone(), price),
            };
            if known.is_some() {
                return Err(Error::invalid(format!("{path} has the model `{}` twice", row.name)));
            }
        }
        Ok(prices)
    }

    /// What the tokens of `model` cost: its own row, else that of the longest prefix.
    pub fn of(&self, model: &str) -> Option<Price> {
        let by_prefix = || {
            self.prefixes
                .iter()
                .filter(|(prefix, _)| model.starts_with(prefix.as_str()))
                .max_by_key(|(prefix, _)| prefix.len())
        };
        self.exact.get(model).or_else(|| by_prefix().map(|(_, price)| price)).copied()
    }

    /// The currency, as in `USD`.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Whether the list names `model` itself: such names are few, and may become labels.
    pub(crate) fn names(&self, model: &str) -> bool {
        self.exact.contains_key(model)
    }
}
