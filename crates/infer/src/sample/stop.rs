//! Texts before which an answer ends, found across the borders of tokens.

/// Looks for several texts at once in an answer as it comes (Knuth, Morris, Pratt, "Fast Pattern Matching in Strings", 1977). What might be the
/// beginning of one is held back until it is known.
#[derive(Clone, Debug, Default)]
pub struct Stops {
    texts: Vec<Pattern>,
    held: String,
    found: bool,
}

#[derive(Clone, Debug)]
struct Pattern {
    bytes: Vec<u8>,
    /// For each length of a match, the length of the next shorter one.
    shorter: Vec<usize>,
    matched: usize,
}

impl Stops {
    /// For these texts; empty ones are passed over.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts = texts.into_iter().filter(|text| !text.is_empty()).map(Pattern::new).collect();
        Self { texts, held: String::new(), found: false }
    }

    /// More of the answer: what of it can be given out.
    pub fn push(&mut self, text: &str) -> String {
        if self.found {
            return String::new();
        }
        let before = self.held.len();
        self.held.push_str(text);
        for (index, byte) in text.bytes().enumerate() {
            let mut longest = 0;
            for pattern in &mut self.texts {
                if pattern.push(byte) {
                    longest = longest.max(pattern.bytes.len());
                }
            }
            if longest > 0 {
                self.found = true;
                self.held.truncate(before + index + 1 - longest);
                return std::mem::take(&mut self.held);
            }
        }
        let keep = self.texts.iter().map(|pattern| pattern.matched).max().unwrap_or(0);
        let give = self.held.len() - keep;
        self.held.drain(..give).collect()
    }

    /// Whether one of the texts has come: the answer is over.
    pub fn found(&self) -> bool {
        self.found
    }

    /// The answer is over: what was held back.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

impl Pattern {
    fn new(text: &str) -> Self {
        let bytes = text.as_bytes().to_vec();
        let mut shorter = vec![0; bytes.len() + 1];
        let mut matched = 0;
        for index in 1..bytes.len() {
            while matched > 0 && bytes[index] != bytes[matched] {
                matched = shorter[matched];
            }
            if bytes[index] == bytes[matched] {
                matched += 1;
            }
            shorter[index + 1] = matched;
        }
        Self { bytes, shorter, matched: 0 }
    }

    /// Whether the text is complete with `byte`.
    fn push(&mut self, byte: u8) -> bool {
        while self.matched > 0 && self.bytes[self.matched] != byte {
            self.matched = self.shorter[self.matched];
        }
        if self.bytes[self.matched] == byte {
            self.matched += 1;
        }
        self.matched == self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Stops;

    fn told(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let mut watch = Stops::new(stops.iter().copied());
        let mut said = String::new();
        for piece in pieces {
            said.push_str(&watch.push(piece));
        }
        said.push_str(&watch.finish());
        (said, watch.found())
    }

    #[test]
    fn a_stop_is_found_across_pieces() {
        assert_eq!(told(&["END"], &["the E", "N", "D is near"]), ("the ".into(), true));
        assert_eq!(told(&["aab"], &["a", "a", "a", "b"]), ("a".into(), true));
        assert_eq!(told(&["END"], &["the E", "N"]), ("the EN".into(), false));
        assert_eq!(told(&["é", "ab"], &["xé"]), ("x".into(), true));
        assert_eq!(told(&["bc", "abc"], &["xabc"]), ("x".into(), true));
        assert_eq!(told(&[], &["x"]), ("x".into(), false));
    }

    proptest! {
        #[test]
        fn what_is_said_is_what_stands_before_the_first_stop(
            stops in proptest::collection::vec("[abé]{1,4}", 0..3),
            pieces in proptest::collection::vec("[abcé]{0,4}", 0..12),
        ) {
            let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let whole = pieces.concat();
            // The stop that is complete first; of several that end there, the longest.
            let mut ends = Vec::new();
            for stop in &stops {
                ends.extend(whole.char_indices().filter(|(at, _)| whole[*at..].starts_with(stop)).map(|(at, _)| (at + stop.len(), at)));
            }
            let expected = ends.iter().min().map_or(&*whole, |(_, at)| &whole[..*at]);
            prop_assert_eq!(told(&stops, &pieces), (expected.to_owned(), !ends.is_empty()));
        }
    }
}
