//! Dead letters: the event as it was published, with extension attributes that say why it was given up.

use crate::{
    events::{DeadLetter, Event, Extension, GroupName, Message, Topic},
    store::{Entry, Offset},
};

/// The type of an entry that was no event.
pub(super) const UNREADABLE: &str = "heptad.events.unreadable";

const ORIGIN: &str = "deadoffset";
const ATTEMPTS: &str = "deadattempts";
const REASON: &str = "deadreason";
const REDRIVEN_FOR: &str = "redrivengroup";
/// The most characters of a reason that are kept.
const MAX_REASON: usize = 1000;

/// `event`, given up after `attempts` for `reason`.
pub(super) fn letter(message: &Message, attempts: u32, reason: &str) -> Event {
    let reason: String =
        reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_REASON).collect();
    message
        .event
        .clone()
        .extension(ORIGIN, message.offset.to_string())
        .extension(ATTEMPTS, i32::try_from(attempts).unwrap_or(i32::MAX))
        .extension(REASON, if reason.is_empty() { "no reason was given".to_owned() } else { reason })
}

/// Reads an entry of `dead`; where it is no dead letter, what stands for it, and why.
pub(super) fn read(dead: &Topic, entry: &Entry) -> (DeadLetter, Option<String>) {
    let letter = Event::from_json(entry.value.as_bytes())
        .map_err(|error| error.message().to_owned())
        .and_then(|event| opened(entry, event));
    let damaged = |why: String| {
        let unreadable = DeadLetter {
            offset: entry.offset,
            time: entry.time,
            origin: Offset::START,
            attempts: 0,
            reason: format!("the entry is not a dead letter: {why}"),
            event: unreadable(dead, entry.value.as_bytes()),
        };
        (unreadable, Some(why))
    };
    letter.map_or_else(damaged, |letter| (letter, None))
}

fn opened(entry: &Entry, mut event: Event) -> Result<DeadLetter, String> {
    let missing = |what: &str| format!("it has no `{what}`");
    let text = |extension: Option<Extension>| match extension {
        Some(Extension::String(text)) => Some(text),
        _ => None,
    };
    let origin = text(event.extensions.remove(ORIGIN)).and_then(|text| text.parse().ok());
    let attempts = event.extensions.remove(ATTEMPTS).and_then(|value| u32::try_from(value.as_i32()?).ok());
    let reason = text(event.extensions.remove(REASON));
    Ok(DeadLetter {
        offset: entry.offset,
        time: entry.time,
        origin: Offset(origin.ok_or_else(|| missing(ORIGIN))?),
        attempts: attempts.ok_or_else(|| missing(ATTEMPTS))?,
        reason: reason.ok_or_else(|| missing(REASON))?,
        event,
    })
}

/// `letter` as it is sent again, for `group` only.
pub(super) fn redriven(letter: DeadLetter, group: &GroupName) -> Event {
    letter.event.extension(REDRIVEN_FOR, group.as_str())
}

/// The only group that is to see `event`, where it was sent again.
pub(super) fn redriven_for(event: &Event) -> Option<&str> {
    event.extensions.get(REDRIVEN_FOR)?.as_str()
}

/// What stands for an entry that is no event.
pub(super) fn unreadable(topic: &Topic, bytes: &[u8]) -> Event {
    Event::new(format!("/events/{topic}"), UNREADABLE).binary("application/octet-stream", bytes)
}
