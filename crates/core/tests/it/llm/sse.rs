//! Server-sent events.

use heptad_core::llm::sse::{Decoder, Event, MAX_EVENT_BYTES, MAX_LINE_BYTES, Malformed};
use proptest::prelude::*;

fn read(pieces: &[&[u8]]) -> Result<Vec<Event>, Malformed> {
    let (mut decoder, mut events) = (Decoder::new(), Vec::new());
    for piece in pieces {
        decoder.push(piece, &mut events)?;
    }
    Ok(events)
}

fn event(name: &str, data: &str) -> Event {
    Event { name: name.to_owned(), data: data.to_owned() }
}

#[test]
fn events_are_read_as_the_specification_says() {
    let cases: [(&str, Vec<Event>); 12] = [
        ("data: hello\n\n", vec![event("", "hello")]),
        ("data:hello\r\n\r\n", vec![event("", "hello")]),
        ("data: a\rdata: b\r\r", vec![event("", "a\nb")]),
        ("\u{feff}data: after the mark\n\n", vec![event("", "after the mark")]),
        (": a comment\ndata: x\n\n: another\n\n", vec![event("", "x")]),
        ("event: add\ndata: 1\n\ndata: 2\n\n", vec![event("add", "1"), event("", "2")]),
        ("event: nothing\n\ndata: x\n\n", vec![event("", "x")]),
        ("data\n\n", vec![event("", "")]),
        ("data:  two spaces\n\n", vec![event("", " two spaces")]),
        ("id: 7\nretry: 10\nunknown: y\ndata: x\n\n", vec![event("", "x")]),
        ("data: a:b: c\n\n", vec![event("", "a:b: c")]),
        ("data: never finished", vec![]),
    ];
    for (text, want) in cases {
        assert_eq!(read(&[text.as_bytes()]).unwrap(), want, "{text:?}");
    }
}

#[test]
fn what_is_no_text_or_has_no_end_is_an_error() {
    assert_eq!(read(&[b"data: \xff\n\n"]), Err(Malformed::NotText));
    let piece = vec![b'x'; 1 << 16];
    let endless: Vec<&[u8]> = std::iter::repeat_n(&*piece, MAX_LINE_BYTES / piece.len() + 1).collect();
    assert_eq!(read(&endless), Err(Malformed::LongLine));
    let line = [b"data: ", &*piece, b"\n"].concat();
    let lines: Vec<&[u8]> = std::iter::repeat_n(&*line, MAX_EVENT_BYTES / piece.len() + 2).collect();
    assert_eq!(read(&lines), Err(Malformed::LongEvent));
}

/// Lines as they come and as nobody would send them.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        "data: [a-zäöü€🦜 :]{0,12}".prop_map(String::into_bytes),
        "event: [a-z]{0,6}".prop_map(String::into_bytes),
        ":[ -~]{0,6}".prop_map(String::into_bytes),
        Just(Vec::new()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    let end = prop_oneof![Just(&b"\n"[..]), Just(&b"\r\n"[..]), Just(&b"\r"[..])];
    proptest::collection::vec((line, end), 0..20)
        .prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [line, end.to_vec()].concat()).collect())
}

proptest! {
    /// However the bytes are cut, the events and the error are the same.
    #[test]
    fn pieces_do_not_matter(bytes in stream(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        places.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for place in places {
            pieces.push(&bytes[from..place]);
            from = place;
        }
        pieces.push(&bytes[from..]);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        let whole = read(&[&bytes]);
        prop_assert_eq!(read(&pieces), whole.clone());
        prop_assert_eq!(read(&single), whole);
    }
}
