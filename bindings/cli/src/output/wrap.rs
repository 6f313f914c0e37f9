//! Text in columns of a terminal: how wide it is, and how it is broken into lines.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many columns `text` takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// `text` in lines of at most `width` columns, broken between words where that is possible. At least one line.
pub(super) fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match width.map(|width| width.max(1)) {
            Some(width) if columns(line) > width => wrap_line(line, width, &mut lines),
            _ => lines.push(line.to_owned()),
        }
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

fn wrap_line(line: &str, width: usize, lines: &mut Vec<String>) {
    let mut current = String::new();
    let mut used = 0;
    for word in line.split_inclusive(' ') {
        let bare = columns(word.trim_end());
        if used > 0 && used + bare > width {
            lines.push(std::mem::take(&mut current).trim_end().to_owned());
            used = 0;
        }
        if bare <= width {
            current.push_str(word);
            used += columns(word);
            continue;
        }
        for letter in word.chars() {
            let taken = letter.width().unwrap_or(0);
            if used > 0 && used + taken > width {
                lines.push(std::mem::take(&mut current));
                used = 0;
            }
            current.push(letter);
            used += taken;
        }
    }
    if !current.trim_end().is_empty() {
        lines.push(current.trim_end().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::{columns, wrap};

    #[test]
    fn lines_break_between_words_and_inside_one_only_if_they_must() {
        for (text, width, lines) in [
            ("one two three", 7, vec!["one two", "three"]),
            ("one\ntwo", 80, vec!["one", "two"]),
            ("", 5, vec![""]),
            ("abcdefgh", 3, vec!["abc", "def", "gh"]),
            ("go abcdefgh", 4, vec!["go", "abcd", "efgh"]),
            ("日本語", 4, vec!["日本", "語"]),
            ("a b", 0, vec!["a", "b"]),
        ] {
            assert_eq!(wrap(text, Some(width)), lines, "{text:?} in {width}");
            assert_eq!(wrap(text, None).join("\n"), text);
        }
    }

    #[test]
    fn no_line_is_wider_than_asked_and_no_letter_is_lost() {
        let text = "The quick  brown fox jumps overthelazydogagainandagain 日本語テキスト ok";
        for width in 2..40 {
            let lines = wrap(text, Some(width));
            assert!(lines.iter().all(|line| columns(line) <= width), "{width}: {lines:?}");
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(letters(&lines.concat()), letters(text));
        }
    }
}
