//! Event streams of models: however the bytes are cut, the same events come, or the same refusal.

use heptad::core::llm::sse::{Decoder, Event, Malformed};

/// Reads the bytes as an event stream: whole, and in pieces of a length that the first byte says.
pub(crate) fn run(data: &[u8]) {
    let Some((length, data)) = data.split_first() else { return };
    let whole = read([data].into_iter());
    assert_eq!(whole, read(data.chunks(usize::from(*length).max(1))), "pieces make a difference");
    assert_eq!(whole, read(data.chunks(1)), "single bytes make a difference");
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Event>, Malformed> {
    let (mut decoder, mut events) = (Decoder::new(), Vec::new());
    for piece in pieces {
        decoder.push(piece, &mut events)?;
    }
    Ok(events)
}
