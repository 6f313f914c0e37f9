//! Where in a document an answer is, as far as numbers and texts go.

/// The most digits of a number: what a 64-bit floating-point number tells apart.
const DIGITS: u8 = 17;
/// The most digits of its exponent: up to 99, which no parser finds too large.
const EXPONENT: u8 = 2;

/// Whether the next byte stands in a text or in a number, and how long that number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Literal {
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Between,
    Text {
        escaped: bool,
    },
    Number {
        digits: u8,
    },
    Exponent {
        digits: u8,
    },
}

impl Literal {
    /// After more of the document; `None` where a number becomes longer than can be read everywhere.
    pub(super) fn after(self, bytes: &[u8]) -> Option<Self> {
        let mut place = self.place;
        for byte in bytes {
            place = match (place, byte) {
                (Place::Text { escaped: false }, b'"') => Place::Between,
                (Place::Text { escaped }, byte) => Place::Text { escaped: !escaped && *byte == b'\\' },
                (_, b'"') => Place::Text { escaped: false },
                (Place::Between, b'-') => Place::Number { digits: 0 },
                (Place::Between, b'0'..=b'9') => Place::Number { digits: 1 },
                (Place::Number { digits: DIGITS }, b'0'..=b'9')
                | (Place::Exponent { digits: EXPONENT }, b'0'..=b'9') => return None,
                (Place::Number { digits }, b'0'..=b'9') => Place::Number { digits: digits + 1 },
                (Place::Exponent { digits }, b'0'..=b'9') => Place::Exponent { digits: digits + 1 },
                (Place::Number { digits }, b'.') => Place::Number { digits },
                (Place::Number { .. }, b'e' | b'E') => Place::Exponent { digits: 0 },
                (Place::Exponent { digits: 0 }, b'+' | b'-') => Place::Exponent { digits: 0 },
                _ => Place::Between,
            };
        }
        Some(Self { place })
    }

    /// Whether the next byte stands in a text.
    pub(super) fn in_text(self) -> bool {
        matches!(self.place, Place::Text { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::Literal;

    #[test]
    fn numbers_are_kept_readable() {
        let fits = |text: &str| Literal::default().after(text.as_bytes()).is_some();
        assert!(fits("12345678901234567") && !fits("123456789012345678") && fits("[1,23456789012345678,1]"));
        assert!(fits("1.5e99") && !fits("1e100") && fits("-1e-99,") && !fits("0.000000000000000001"));
        assert!(fits("\"123456789012345678901234567890\"") && fits("{\"a\\\"12345678901234567890\":1}"));
        assert!(fits("true,false,null,1e5"));
        assert!(Literal::default().after(b"{\"a\\\"").is_some_and(Literal::in_text));
        assert!(Literal::default().after(b"{\"a\\\\\"").is_some_and(|literal| !literal.in_text()));
    }
}
