//! Documentation (Markdown, as rustdoc reads it) for a terminal.
//!
//! Paragraphs become one line each, for clap wraps them. Rust examples are left out: they help nobody at a shell.

use super::style::{HEADING, KEY, STRONG, paint};

enum Block {
    Heading(String),
    Item(String),
    Paragraph(String),
    Code(String),
}

/// A whole text, without a newline at the end.
pub(crate) fn render(markdown: &str) -> String {
    let mut out = String::new();
    let mut after_item = false;
    for block in blocks(markdown) {
        let is_item = matches!(block, Block::Item(_));
        let gap = if out.is_empty() {
            ""
        } else if is_item && after_item {
            "\n"
        } else {
            "\n\n"
        };
        let text = match block {
            Block::Heading(text) => paint(HEADING, &text),
            Block::Item(text) => format!("  {}", inline(&text)),
            Block::Paragraph(text) => inline(&text),
            Block::Code(text) => {
                let lines: Vec<_> = text.lines().map(|line| format!("    {}", paint(KEY, line))).collect();
                lines.join("\n")
            }
        };
        push(&mut out, gap, &text);
        after_item = is_item;
    }
    out
}

/// clap, which wraps this, does not see a line begin between a newline and an escape sequence: so the last newline goes behind it.
fn push(out: &mut String, gap: &str, text: &str) {
    match text.strip_prefix('\u{1b}').and_then(|rest| rest.find('m')) {
        Some(end) if !gap.is_empty() => {
            let (escape, rest) = text.split_at(end + "\u{1b}m".len());
            out.extend([&gap[1..], escape, "\n", rest]);
        }
        _ => out.extend([gap, text]),
    }
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // Whether the next line goes on with the block before it.
    let mut open = false;
    let mut lines = markdown.lines();
    while let Some(line) = lines.next().map(str::trim) {
        let continues = std::mem::replace(&mut open, true);
        if let Some(language) = line.strip_prefix("```") {
            let code: Vec<_> =
                lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")).collect();
            if matches!(language.trim(), "sh" | "bash" | "console" | "text" | "json" | "toml" | "yaml") {
                blocks.push(Block::Code(code.join("\n")));
            }
            open = false;
        } else if line.is_empty() {
            open = false;
        } else if line.starts_with('#') {
            blocks.push(Block::Heading(line.trim_start_matches('#').trim().to_owned()));
            open = false;
        } else if is_item(line) {
            blocks.push(Block::Item(line.to_owned()));
        } else {
            match blocks.last_mut() {
                Some(Block::Item(text) | Block::Paragraph(text)) if continues => {
                    text.push(' ');
                    text.push_str(line);
                }
                _ => blocks.push(Block::Paragraph(line.to_owned())),
            }
        }
    }
    // A heading above nothing (its Rust example was left out) goes as well.
    let mut next_is_heading = true;
    let mut kept: Vec<_> = blocks
        .into_iter()
        .rev()
        .filter(|block| {
            let heading = matches!(block, Block::Heading(_));
            !(std::mem::replace(&mut next_is_heading, heading) && heading)
        })
        .collect();
    kept.reverse();
    kept
}

/// A list item, or a row of a table.
fn is_item(line: &str) -> bool {
    let digits = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    line.starts_with("- ")
        || line.starts_with("* ")
        || line.starts_with('|')
        || (digits.len() < line.len() && digits.starts_with(". "))
}

/// One paragraph: code, emphasis and links.
pub(crate) fn inline(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some(at) = rest.find(['`', '*', '[']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (shown, length) =
            code(rest).or_else(|| strong(rest)).or_else(|| link(rest)).unwrap_or_else(|| {
                let mark = &rest[..1];
                (mark.to_owned(), mark.len())
            });
        out.push_str(&shown);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out.replace('\n', " ")
}

/// What the construct at the start of `text` becomes, and how long it is in the source.
type Inline = Option<(String, usize)>;

fn code(text: &str) -> Inline {
    let inner = text.strip_prefix('`')?;
    let end = inner.find('`')?;
    Some((paint(KEY, &text[..end + 2]), end + 2))
}

fn strong(text: &str) -> Inline {
    let (mark, style) = if text.starts_with("**") { ("**", STRONG) } else { ("*", STRONG.italic()) };
    let inner = text.strip_prefix(mark)?;
    let end = inner.find(mark)?;
    let plain = !inner[..end].is_empty() && !inner.starts_with(' ') && !inner[..end].ends_with(' ');
    plain.then(|| (paint(style, &inner[..end]), end + 2 * mark.len()))
}

/// `[text](target)`, `[text][name]` and `[`Item`]` are their text; the web address of the first is kept.
fn link(text: &str) -> Inline {
    let inner = text.strip_prefix('[')?;
    let end = inner.find(']')?;
    let (label, after) = (&inner[..end], &inner[end + 1..]);
    let target = |open: char, close: char| {
        let target = after.strip_prefix(open)?;
        target.find(close).map(|end| (&target[..end], end + 2))
    };
    let (target, length) = target('(', ')').or_else(|| target('[', ']')).unwrap_or(("", 0));
    if length == 0 && !label.starts_with('`') {
        return None;
    }
    let shown = inline(label);
    let shown = if target.starts_with("http") { format!("{shown} ({target})") } else { shown };
    Some((shown, label.len() + 2 + length))
}

#[cfg(test)]
mod tests {
    use super::{inline, render};

    fn plain(styled: &str) -> String {
        anstream::adapter::strip_str(styled).to_string()
    }

    #[test]
    fn marks_become_styles_and_links_their_text() {
        for (markdown, shown) in [
            ("Scans `path` for **all** *rules*.", "Scans `path` for all rules."),
            ("See [`Finding`](crate::Finding) and [`Rule`].", "See `Finding` and `Rule`."),
            ("See [SARIF](https://x.org/s) or [this][that].", "See SARIF (https://x.org/s) or this."),
            ("2 * 3 * 4, a[0], `open and **open", "2 * 3 * 4, a[0], `open and **open"),
            ("", ""),
        ] {
            assert_eq!(plain(&inline(markdown)), shown);
        }
    }

    #[test]
    fn paragraphs_are_joined_lists_kept_and_rust_examples_left_out() {
        let markdown = "Scans files.\n\nTwo lines\nof one paragraph.\n- one\n  more\n- two\n\n# Errors\nNone.\n\n\
                        ```sh\nheptad scan\n```\n# Examples\n```\nlet x = 1;\n```\n";
        let shown = "Scans files.\n\nTwo lines of one paragraph.\n\n  - one more\n  - two\n\nErrors\n\nNone.\n\n    heptad scan";
        assert_eq!(plain(&render(markdown)), shown);
    }
}
