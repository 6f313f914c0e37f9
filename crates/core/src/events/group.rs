//! How a group of consumers reads a topic.

use std::time::Duration;

use super::{Event, GroupName, Topic};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    store::Offset,
};

/// Where a group begins that does not exist yet. A group that exists goes on where it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// At the oldest event that is kept.
    #[default]
    Earliest,
    /// Behind the last event there is now.
    Latest,
    /// Behind this offset.
    After(Offset),
    /// At the first event that was committed at this time or later.
    Time(Timestamp),
}

/// In which order events are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// While an event is in flight or waits for redelivery, later events with the same subject are held back; other subjects and events
    /// without a subject go on.
    #[default]
    Subject,
    /// As they come; a redelivered event may come after later ones.
    None,
}

/// How long to wait before an event is delivered again: `base * 2^(attempt - 1)`, at most `cap`, of which a part between the half and
/// the whole is taken ("equal jitter"; Brooker, "Exponential Backoff and Jitter", 2015), determined by the seed, the offset and the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first attempt.
    pub base: Duration,
    /// The longest wait after any attempt.
    pub cap: Duration,
    /// Makes the jitter of one deployment differ from that of another.
    pub seed: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_secs(1), cap: Duration::from_secs(60), seed: 0 }
    }
}

impl Backoff {
    /// Always the same wait, without jitter only where `wait` is zero.
    pub const fn constant(wait: Duration) -> Self {
        Self { base: wait, cap: wait, seed: 0 }
    }

    /// The wait after attempt number `attempt` (1, 2, 3 …) at the event at `offset`.
    pub fn delay(&self, offset: Offset, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let longest = self.base.saturating_mul(1 << doublings).min(self.cap);
        let jitter = splitmix64(self.seed ^ offset.0.rotate_left(32) ^ u64::from(attempt));
        let half = longest / 2;
        // The upper 32 bits as a fraction of one.
        let part = u32::try_from(jitter >> 32).unwrap_or(u32::MAX);
        half + half.mul_f64(f64::from(part) / f64::from(u32::MAX))
    }
}

/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
fn splitmix64(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// How a group of consumers reads a topic. Consumers of one group share its work; every group gets every event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// Its name, unique within the topic; checked by [`validate`](Self::validate).
    pub name: String,
    /// Where it begins when it is new.
    pub start: Start,
    /// After so many attempts an event goes to the dead letters; at least 1. Default 5. An attempt is a claim of the event for a consumer
    /// that gets it. What a process claimed ahead and had not handed out when it died was no attempt; as the record learns of what is
    /// handed out with the next commit and not before, an event that kills its process at once may come once more than this says.
    pub max_attempts: u32,
    /// How long an event waits after a failed attempt.
    pub backoff: Backoff,
    /// So long a consumer has for an event before it is delivered again, and so long it takes until the events of a process that died
    /// are. At least 10 ms, default 30 s.
    pub ack_wait: Duration,
    /// At most so many events are handed out or wait for redelivery at any time, over all consumers: 1 to 10,000, default 256.
    pub max_in_flight: usize,
    /// So many new events are claimed ahead of the consumers, in one commit: 0 (each when it is asked for) up to `max_in_flight`,
    /// default 64.
    pub prefetch: usize,
    /// At most so many bytes of events, as they are kept, are in memory for the consumers of one process, handed out or ahead of them;
    /// an event that has more comes alone. At least 64 KiB, default 16 MiB. What is read at once is estimated from what came before.
    pub max_bytes_in_view: usize,
    /// So far the group looks ahead where one subject is held back: at most so many events are known that are not done, with about 100
    /// bytes each. From `max_in_flight` up to 1,000,000, default 16,384.
    pub max_in_view: usize,
    /// Only events whose type begins with this are handed out; the others count as done.
    pub type_prefix: Option<String>,
    /// In which order events are handed out.
    pub order: Order,
}

impl GroupConfig {
    /// The group called `name` with the defaults.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            start: Start::default(),
            max_attempts: 5,
            backoff: Backoff::default(),
            ack_wait: Duration::from_secs(30),
            max_in_flight: 256,
            prefetch: 64,
            max_bytes_in_view: 16 << 20,
            max_in_view: 16_384,
            type_prefix: None,
            order: Order::default(),
        }
    }

    /// Where it begins when it is new.
    #[must_use]
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// How many attempts an event gets.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// How long an event waits after a failed attempt.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How long a consumer has for an event.
    #[must_use]
    pub fn ack_wait(mut self, wait: Duration) -> Self {
        self.ack_wait = wait;
        self
    }

    /// How many events may be in flight, and at most as many are claimed ahead.
    #[must_use]
    pub fn max_in_flight(mut self, events: usize) -> Self {
        self.max_in_flight = events;
        self.prefetch = self.prefetch.min(events);
        self
    }

    /// How many events are claimed ahead.
    #[must_use]
    pub fn prefetch(mut self, events: usize) -> Self {
        self.prefetch = events;
        self
    }

    /// How many bytes of events may be in memory.
    #[must_use]
    pub fn max_bytes_in_view(mut self, bytes: usize) -> Self {
        self.max_bytes_in_view = bytes;
        self
    }

    /// How many events that are not done may be known.
    #[must_use]
    pub fn max_in_view(mut self, events: usize) -> Self {
        self.max_in_view = events;
        self
    }

    /// Which types of events it wants.
    #[must_use]
    pub fn type_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.type_prefix = Some(prefix.into());
        self
    }

    /// In which order it wants them.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Checks everything for use on `topic` and returns the name and the topic of the dead letters.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput); the message says which setting and what would be right.
    pub fn validate(&self, topic: &Topic) -> Result<(GroupName, Topic)> {
        let name = GroupName::new(&self.name)?;
        let dead = topic.dead_letters(&name)?;
        let refuse = |setting: &str, value: String, right: &str| {
            Err(Error::invalid(format!("group `{name}`: {setting} is {value}; it must be {right}")))
        };
        if self.max_attempts == 0 {
            return refuse("max_attempts", "0".into(), "at least 1");
        }
        if self.ack_wait < Duration::from_millis(10) {
            return refuse("ack_wait", format!("{:?}", self.ack_wait), "at least 10 ms");
        }
        if !(1..=10_000).contains(&self.max_in_flight) {
            return refuse("max_in_flight", self.max_in_flight.to_string(), "1 to 10,000");
        }
        if self.prefetch > self.max_in_flight {
            return refuse("prefetch", self.prefetch.to_string(), "at most max_in_flight");
        }
        if self.max_bytes_in_view < 64 << 10 {
            return refuse("max_bytes_in_view", self.max_bytes_in_view.to_string(), "at least 65,536");
        }
        if !(self.max_in_flight..=1_000_000).contains(&self.max_in_view) {
            return refuse("max_in_view", self.max_in_view.to_string(), "max_in_flight to 1,000,000");
        }
        Ok((name, dead))
    }

    /// Whether the group wants `event`.
    pub fn wants(&self, event: &Event) -> bool {
        self.type_prefix.as_deref().is_none_or(|prefix| event.event_type.starts_with(prefix))
    }
}
