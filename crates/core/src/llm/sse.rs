//! Server-sent events: bytes in any pieces to events (WHATWG HTML, section 9.2.6, "Interpreting an event stream").
//!
//! Two things are stricter than there, for an answer must not change silently: bytes that are no UTF-8 are an error, and what is longer
//! than a bound is one too. Fields that nobody here needs (`id`, `retry`) are passed over.

use std::mem::take;

/// The most bytes a line may have: far above what a provider puts into one.
pub const MAX_LINE_BYTES: usize = 4 << 20;
/// The most bytes the data of one event may have.
pub const MAX_EVENT_BYTES: usize = 16 << 20;

/// An event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its type; empty where it has none.
    pub name: String,
    /// Its data, lines joined by `\n`.
    pub data: String,
}

/// Why bytes are no event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A line that does not end.
    #[error("a line of its event stream has more than {MAX_LINE_BYTES} bytes")]
    LongLine,
    /// An event that does not end.
    #[error("an event of its stream has more than {MAX_EVENT_BYTES} bytes")]
    LongEvent,
    /// Bytes that are no text.
    #[error("its event stream is not UTF-8")]
    NotText,
}

/// Reads an event stream piece by piece. After an error it reads nothing more.
#[derive(Debug, Default)]
pub struct Decoder {
    /// A line whose end has not come.
    line: Vec<u8>,
    /// The last byte was `\r`: a `\n` now belongs to it.
    after_return: bool,
    /// The mark at the very beginning was looked for.
    begun: bool,
    event: Event,
    has_data: bool,
}

impl Decoder {
    /// At the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes; the events that are complete with them go into `events`.
    ///
    /// # Errors
    /// [`Malformed`], where no further byte can mend it.
    pub fn push(&mut self, mut bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Malformed> {
        while !bytes.is_empty() {
            if take(&mut self.after_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let piece = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + piece.len() > MAX_LINE_BYTES {
                return Err(Malformed::LongLine);
            }
            self.line.extend_from_slice(piece);
            let Some(end) = end else { break };
            self.after_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.line(events)?;
        }
        Ok(())
    }

    /// Whether the stream ends here between two events, with nothing begun.
    pub fn is_between_events(&self) -> bool {
        self.line.is_empty() && !self.has_data
    }

    fn line(&mut self, events: &mut Vec<Event>) -> Result<(), Malformed> {
        let line = take(&mut self.line);
        let mut line = std::str::from_utf8(&line).map_err(|_| Malformed::NotText)?;
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            // An event without data is none.
            let event = take(&mut self.event);
            if take(&mut self.has_data) {
                events.push(event);
            }
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => self.data(value)?,
            "event" => value.clone_into(&mut self.event.name),
            // A comment (an empty field), or a field that says nothing to us.
            _ => {}
        }
        Ok(())
    }

    fn data(&mut self, value: &str) -> Result<(), Malformed> {
        if self.event.data.len() + value.len() >= MAX_EVENT_BYTES {
            return Err(Malformed::LongEvent);
        }
        if std::mem::replace(&mut self.has_data, true) {
            self.event.data.push('\n');
        }
        self.event.data.push_str(value);
        Ok(())
    }
}
