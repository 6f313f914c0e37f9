//! `Retry-After` as HTTP says it.

use std::time::Duration;

use jiff::fmt::rfc2822;

use crate::clock::Timestamp;

/// The longest wait that is believed; what waits has its own, shorter bound.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What the value of `Retry-After` (RFC 9110, section 10.2.3) asks for: seconds, or an HTTP date; at most a day. A date that has passed asks for
/// nothing more: zero. `None` where it says nothing that can be read.
pub(crate) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    seconds(text.trim(), 1.0).or_else(|| date(text.trim(), now))
}

/// A decimal number of which `per_second` are a second.
pub(crate) fn seconds(text: &str, per_second: f64) -> Option<Duration> {
    let plain = text.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let number = text.parse::<f64>().ok().filter(|_| plain)?;
    Some(Duration::try_from_secs_f64(number / per_second).map_or(LONGEST, |delay| delay.min(LONGEST)))
}

fn date(text: &str, now: Timestamp) -> Option<Duration> {
    let then = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    let delay = then.duration_since(now);
    Some(Duration::try_from(delay).unwrap_or_default().min(LONGEST))
}
