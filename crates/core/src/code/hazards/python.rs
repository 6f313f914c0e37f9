//! Python: a stack of growing indentations, two bytes each, and one of open strings, a byte each.

use std::collections::HashSet;

use crate::code::parse::ParseError;

/// Two bytes, up to 255 strings, then indentations while there is room: the one that begins in the last byte ends behind it. That takes
/// an odd number of strings and, beside 255 of them, 384 indentations. CPython itself refuses more than 100 levels.
const LIMIT: usize = 383;

/// An indentation is pushed only above a smaller one, so that there are at most as many as the text has different ones.
pub(super) fn check(source: &str) -> Result<(), ParseError> {
    let mut widths = HashSet::new();
    let mut below = Indentation::default();
    // From the last line to the first, as a line that a backslash continues takes on the indentation of the next.
    for line in source.rsplit('\n') {
        below = Indentation::of(line, &below);
        if below.width > 0 {
            widths.insert(below.width);
        }
    }
    if widths.len() > LIMIT { Err(ParseError::TooDeep { limit: LIMIT }) } else { Ok(()) }
}

/// What the scanner has counted where it reaches the first word behind a line's beginning.
#[derive(Default)]
struct Indentation {
    width: u16,
    /// Whether something on the way set the count back, so that what stands before does not matter.
    is_absolute: bool,
}

impl Indentation {
    fn of(line: &str, below: &Self) -> Self {
        let mut counted = Self::default();
        for (at, byte) in line.bytes().enumerate() {
            match byte {
                b' ' => counted.width = counted.width.wrapping_add(1),
                b'\t' => counted.width = counted.width.wrapping_add(8),
                b'\r' | b'\x0C' => counted = Self { width: 0, is_absolute: true },
                b'\\' if matches!(&line[at + 1..], "" | "\r") => {
                    if below.is_absolute {
                        return Self { width: below.width, is_absolute: true };
                    }
                    return Self { width: counted.width.wrapping_add(below.width), ..counted };
                }
                _ => break,
            }
        }
        counted
    }
}
