//! How long a server asks to be left alone.

use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::{clock::Timestamp, http::date};

/// What `retry-after-ms` (milliseconds) or `Retry-After` (RFC 9110, section 10.2.3: seconds, or an HTTP date) ask for, at most a day. A
/// date that has passed asks for nothing more: zero. `None` where they are absent or say nothing that can be read.
pub fn retry_after(head: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| head.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let exact = text("retry-after-ms").and_then(|text| date::seconds(text, 1000.0));
    exact.or_else(|| date::retry_after(text("retry-after")?, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_dates_and_nonsense() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        for (name, value, want) in [
            ("retry-after", "7", Some(7_000)),
            ("retry-after", " 0 ", Some(0)),
            ("retry-after", "1.5", Some(1_500)),
            ("retry-after-ms", "250", Some(250)),
            ("retry-after", "Thu, 01 Jan 2026 00:00:30 GMT", Some(30_000)),
            ("retry-after", "Wed, 31 Dec 2025 23:59:30 GMT", Some(0)),
            ("retry-after", "99999999999999999999", Some(86_400_000)),
            ("retry-after", "Fri, 01 Jan 2027 00:00:00 GMT", Some(86_400_000)),
            ("retry-after", "-3", None),
            ("retry-after", "soon", None),
            ("retry-after", "NaN", None),
            ("retry-after", "", None),
        ] {
            let mut head = HeaderMap::new();
            head.insert(name, value.parse().expect("a header"));
            assert_eq!(retry_after(&head, now), want.map(Duration::from_millis), "{name}: {value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
