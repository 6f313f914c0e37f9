//! Text in columns of a terminal: how wide it is, and how it is broken into lines.

use anstream::adapter::strip_str;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many columns `text` takes; styles take none.
pub(super) fn columns(text: &str) -> usize {
    if text.contains('\u{1b}') { strip_str(text).to_string().width() } else { text.width() }
}

/// Paragraphs in lines of at most `width` columns. What goes on below the first line of a paragraph is indented by `hang`, or as far as the
/// text of a list item.
pub(crate) fn hanging(text: &str, width: usize, hang: usize) -> String {
    let mut out = String::new();
    for paragraph in text.lines() {
        let body = paragraph.trim_start();
        let item = if body.starts_with("- ") { 2 } else { 0 };
        let indent = hang.max(paragraph.len() - body.len() + item);
        let first = wrap(paragraph, Some(width)).swap_remove(0);
        let rest = paragraph.get(first.len()..).unwrap_or_default().trim_start();
        out.extend([&first, "\n"]);
        if !rest.is_empty() {
            for line in wrap(rest, Some(width.saturating_sub(indent))) {
                out.extend([&" ".repeat(indent), line.as_str(), "\n"]);
            }
        }
    }
    out
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
    use super::{columns, hanging, wrap};

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
    fn what_goes_on_hangs_below_its_text_and_styles_take_no_room() {
        let styled = "\u{1b}[1m  1\u{1b}[0m  one two three";
        assert_eq!(hanging(styled, 13, 5), "\u{1b}[1m  1\u{1b}[0m  one two\n     three\n");
        assert_eq!(hanging("a\n\n  - one two", 8, 0), "a\n\n  - one\n    two\n");
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
