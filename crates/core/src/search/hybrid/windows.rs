//! Which pieces of a long text get vectors of their own.

/// The most windows of a document; what lies behind them is found by its words alone.
const MAX_WINDOWS: usize = 64;
/// How long a window is, where a letter of a Latin script is 1. A word piece of English is about four letters, so that this is about 240
/// of them: what small models read, and about a paragraph.
const WINDOW: usize = 960;
/// How much of a window is in the next one too, so that what stands at its end is somewhere in the middle.
const OVERLAP: usize = 160;

/// What a character adds to the length of a window: models spend about a piece on a character of most other scripts.
fn weight(c: char) -> usize {
    match c {
        '\0'..='\u{7f}' => 1,
        '\u{80}'..='\u{2e7f}' => 2,
        _ => 4,
    }
}

/// Cuts `text` into windows of about 960 letters that overlap by about 160, each beginning and ending between words where it can; at most 64.
///
/// A text that fits is its own only window; one without a letter has none. A document is as near to a query as the nearest of its
/// windows, so that a long one is found by any of its paragraphs.
pub fn windows(text: &str) -> Vec<&str> {
    let text = text.trim();
    let mut windows = Vec::new();
    let mut begin = 0;
    while windows.len() < MAX_WINDOWS && begin < text.len() {
        let end = reach(text, begin, WINDOW);
        let window = text[begin..end].trim();
        if !window.is_empty() {
            windows.push(window);
        }
        if end == text.len() {
            break;
        }
        // Back from the end by the overlap, to the beginning of a word, but always forward.
        let back = text[begin..end].char_indices().rev();
        let mut left = OVERLAP;
        let start = back
            .take_while(|(_, c)| {
                let fits = left >= weight(*c);
                left = left.saturating_sub(weight(*c));
                fits
            })
            .last();
        let start = start.map_or(end, |(at, _)| begin + at);
        let word = text[start..end].find(char::is_whitespace).map_or(start, |space| start + space);
        begin = if word > begin { word } else { end };
    }
    windows
}

/// Where a window that begins at `begin` ends: behind a word, or behind as much as fits where that is one word.
fn reach(text: &str, begin: usize, room: usize) -> usize {
    let mut used = 0;
    let over = text[begin..].char_indices().find(|(_, c)| {
        used += weight(*c);
        used > room
    });
    let Some((at, _)) = over else { return text.len() };
    let end = begin + at;
    match text[begin..end].rfind(char::is_whitespace) {
        Some(space) if space > at / 2 => begin + space,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_text_is_its_own_window() {
        assert_eq!(windows("  rain in spring\n"), ["rain in spring"]);
        assert_eq!(windows(" \n\t"), Vec::<&str>::new());
        assert_eq!(windows(""), Vec::<&str>::new());
    }

    #[test]
    fn a_long_text_is_cut_between_words_and_overlaps() {
        let text: Vec<String> = (0..1000).map(|at| format!("word{at}")).collect();
        let text = text.join(" ");
        let windows = windows(&text);
        for pair in windows.windows(2) {
            assert!(pair[0].len() <= WINDOW && pair[0].len() > WINDOW / 2);
            let last = pair[0].rsplit(' ').next().expect("a word");
            assert!(pair[1].split(' ').any(|word| word == last), "{last} is in both");
            assert!(pair[1].starts_with("word"));
        }
        assert!(windows.last().expect("some").ends_with("word999"));
    }

    #[test]
    fn other_scripts_have_shorter_windows_and_texts_without_spaces_are_cut_anywhere() {
        let text = "雨".repeat(1000);
        let windows = windows(&text);
        assert_eq!(windows[0].chars().count(), WINDOW / 4);
        assert_eq!(windows.len(), 5);
        assert_eq!(super::windows(&"x".repeat(1 << 20)).len(), MAX_WINDOWS);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_word_is_in_a_window(text in "([a-zé雨]{1,40}[ \n]){0,400}") {
            let windows = windows(&text);
            prop_assert!(windows.len() <= MAX_WINDOWS);
            if windows.len() < MAX_WINDOWS {
                for word in text.split_whitespace() {
                    prop_assert!(windows.iter().any(|window| window.contains(word)), "{}", word);
                }
            }
        }
    }
}
