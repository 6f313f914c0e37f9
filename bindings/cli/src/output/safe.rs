//! Text from outside (file names, code, log lines) must not drive the terminal: its control characters are shown, not sent.

use std::borrow::Cow;

/// `text` with control characters other than newline replaced by their pictures; a tab becomes four spaces.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|letter| letter != '\n' && is_control(letter)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        push(&mut shown, letter);
    }
    Cow::Owned(shown)
}

/// The same for text that an operation rendered for a terminal: colours and weights (`ESC [ … m`) pass.
pub(super) fn styled(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some(length) = style_length(rest) {
            shown.push_str(&rest[..length]);
            rest = &rest[length..];
        } else {
            if letter == '\t' {
                shown.push('\t')
            } else {
                push(&mut shown, letter)
            }
            rest = &rest[letter.len_utf8()..];
        }
    }
    shown
}

/// The length in bytes of the style sequence that `text` starts with.
fn style_length(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|letter: char| !matches!(letter, '0'..='9' | ';' | ':'))?;
    parameters[end..].starts_with('m').then_some(end + "\u{1b}[m".len())
}

fn push(shown: &mut String, letter: char) {
    match letter {
        '\n' => shown.push('\n'),
        '\t' => shown.push_str("    "),
        '\u{0}'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(letter))),
        '\u{7f}' => shown.push('\u{2421}'),
        letter if is_control(letter) => shown.push('\u{fffd}'),
        letter => shown.push(letter),
    }
}

/// Control characters, and the marks that reorder text so that it reads as what it is not.
fn is_control(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{styled, visible};

    #[test]
    fn control_characters_are_shown_and_everything_else_is_left() {
        for (text, shown) in [
            ("plain äöü 日本 🎉\nline", "plain äöü 日本 🎉\nline"),
            ("a\tb", "a    b"),
            ("\u{1b}]0;title\u{7}", "␛]0;title␇"),
            ("one\rtwo\u{7f}", "one␍two␡"),
            ("\u{9b}31m", "\u{fffd}31m"),
            ("if admin\u{202e} {", "if admin\u{fffd} {"),
        ] {
            assert_eq!(visible(text), shown, "{text:?}");
        }
    }

    #[test]
    fn styles_pass_and_other_sequences_do_not() {
        for (text, shown) in [
            ("\u{1b}[1;31mred\u{1b}[0m", "\u{1b}[1;31mred\u{1b}[0m"),
            ("\u{1b}[38:5:2mgreen\u{1b}[m", "\u{1b}[38:5:2mgreen\u{1b}[m"),
            ("\u{1b}[2Jgone", "␛[2Jgone"),
            ("\u{1b}[31", "␛[31"),
            ("a\tb\u{1b}", "a\tb␛"),
        ] {
            assert_eq!(styled(text), shown, "{text:?}");
        }
    }
}
