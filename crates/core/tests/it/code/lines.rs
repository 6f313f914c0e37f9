//! Positions hold against a plain count over the text.

use heptad_core::code::{LineIndex, Position};
use proptest::prelude::*;

/// The place of `byte` by the definition: line by line, character by character.
fn counted(text: &str, byte: usize) -> Position {
    let begin = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    let mut place = Position { byte: byte as u32, line: 1, column: 1, utf16: 0 };
    let mut chars = text[begin..].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if begin + at >= byte {
            break;
        }
        let next = chars.peek().map(|(_, c)| *c);
        if c == '\n' || c == '\r' && next != Some('\n') {
            place = Position { byte: byte as u32, line: place.line + 1, column: 1, utf16: 0 };
        } else {
            place.column += 1;
            place.utf16 += c.len_utf16() as u32;
        }
    }
    place
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "\t", "\n", "\r", "\r\n", "é", "漢", "🦀", "e\u{301}", "\u{FEFF}", "\u{2028}",
    ]);
    let long = prop::sample::select(vec![1usize, 1, 1, 700, 1500]);
    prop::collection::vec((piece, long), 0..12)
        .prop_map(|parts| parts.into_iter().map(|(piece, times)| piece.repeat(times)).collect())
}

proptest! {
    #[test]
    fn every_position_is_what_counting_gives_and_leads_back(text in text()) {
        let lines = LineIndex::new(text.as_str());
        let step = (text.len() / 200).max(1);
        for byte in (0..=text.len()).step_by(step).filter(|byte| text.is_char_boundary(*byte)) {
            let place = lines.position(byte as u32);
            prop_assert_eq!(place, counted(&text, byte));
            let range = lines.line(place.line).expect("the line is there");
            // Line ends and the byte order mark belong to no line.
            if range.contains(&place.byte) || range.end == place.byte {
                prop_assert_eq!(lines.byte_at(place.line, place.column), Some(place.byte));
                prop_assert_eq!(lines.byte_at_utf16(place.line, place.utf16), Some(place.byte));
            }
        }
        let ends = text.replace("\r\n", "\n").matches(['\n', '\r']).count();
        prop_assert_eq!(lines.len() as usize, ends + 1);
    }
}

proptest! {
    /// The line of a heading is the line its place is on, whichever way lines end.
    #[test]
    fn sections_and_positions_count_the_same_lines(parts in prop::collection::vec(
        prop::sample::select(vec!["# A", "B", "===", "---", "\n", "\r", "\r\n", "\n\n", "```", " "]), 0..20)) {
        let text = parts.concat();
        let lines = LineIndex::new(text.as_str());
        for section in heptad_core::code::markdown::sections(&text).iter().filter(|section| section.level > 0).skip(1) {
            prop_assert_eq!(section.line, lines.position(section.range.start).line);
        }
    }
}

#[test]
fn a_table_of_places() {
    for (text, byte, expected) in [
        ("", 0, (1, 1, 0)),
        ("ab", 2, (1, 3, 2)),
        ("a\r\nb", 1, (1, 2, 1)),
        ("a\r\nb", 3, (2, 1, 0)),
        ("a\rb", 2, (2, 1, 0)),
        ("\u{FEFF}a", 0, (1, 1, 0)),
        ("\u{FEFF}a", 3, (1, 1, 0)),
        ("\u{FEFF}a", 4, (1, 2, 1)),
        ("🦀x", 4, (1, 2, 2)),
        ("🦀x", 2, (1, 1, 0)),
        ("\tx", 1, (1, 2, 1)),
        ("a\n", 2, (2, 1, 0)),
        ("a", 9, (1, 2, 1)),
    ] {
        let place = LineIndex::new(text).position(byte);
        assert_eq!((place.line, place.column, place.utf16), expected, "{text:?} at {byte}");
    }
}

#[test]
fn what_is_not_in_the_text_has_no_byte() {
    let lines = LineIndex::new("ab\n🦀");
    for (line, column) in [(0, 1), (1, 0), (1, 4), (2, 3), (3, 1)] {
        assert_eq!(lines.byte_at(line, column), None, "{line}:{column}");
    }
    assert_eq!(lines.byte_at_utf16(2, 1), None, "within a character");
    assert_eq!(lines.byte_at_utf16(2, 2), Some(7));
}
