//! CloudEvents: what is accepted is valid and survives a round trip through JSON.

use heptad::core::events::{Event, batch_from_json, batch_to_json};

/// Reads the bytes as one event and as a batch.
pub(crate) fn run(data: &[u8]) {
    if let Ok(event) = Event::from_json(data) {
        event.validate().expect("what is accepted is valid");
        let text = event.to_json().expect("what is valid is written");
        let again = Event::from_json(text.as_bytes()).expect("what we write we read");
        assert_eq!(again, event, "the round trip changed the event");
    }
    if let Ok(events) = batch_from_json(data) {
        let text = batch_to_json(&events).expect("what is valid is written");
        assert_eq!(
            batch_from_json(text.as_bytes()).expect("what we write we read"),
            events,
            "the round trip changed the batch"
        );
    }
}
