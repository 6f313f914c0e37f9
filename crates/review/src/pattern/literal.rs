//! Strings: what they contain, however they are quoted.

use std::{borrow::Cow, ops::Range};

use heptad_core::code::{Language, Node};

/// The content of a string without interpolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal<'t> {
    /// What is between the quotes, escaped as in a plain string that needs no escapes for its quotes.
    pub(super) content: Cow<'t, str>,
    /// Where that stands, in bytes.
    pub(super) bytes: Range<u32>,
}

/// What a node is as a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text<'t> {
    /// A string that always has the same value.
    Literal(Literal<'t>),
    /// A string with interpolations, or in a form that may have them.
    Format,
}

/// What `node` is as a string; `None`: it is none.
pub(super) fn text_of<'t>(language: Language, node: Node<'t>) -> Option<Text<'t>> {
    match (language, node.kind()) {
        (Language::Python, "string") => {
            let quote = node.text().find(['"', '\''])?;
            if node.text()[..quote].contains(['f', 'F', 't', 'T']) {
                return Some(Text::Format);
            }
            let (prefix, quoted) = node.text().split_at(quote);
            let quotes = if quoted.starts_with("\"\"\"") || quoted.starts_with("'''") { 3 } else { 1 };
            between(node, quote + quotes, quotes, prefix.contains(['r', 'R']))
        }
        // Each part is a string of its own; the whole has no one place between quotes.
        (Language::Python, "concatenated_string") => {
            let mut content = String::new();
            for part in node.named_children() {
                match text_of(language, part)? {
                    Text::Literal(literal) => content.push_str(&literal.content),
                    Text::Format => return Some(Text::Format),
                }
            }
            Some(Text::Literal(Literal { content: content.into(), bytes: node.range() }))
        }
        (Language::Python, _) => None,
        (_, "string") => between(node, 1, 1, false),
        (_, "template_string") if node.children().any(|child| child.kind() == "template_substitution") => {
            Some(Text::Format)
        }
        (_, "template_string") => between(node, 1, 1, false),
        _ => None,
    }
}

/// The literal that is left when `before` and `after` bytes are cut off; `None` where there are not as many, as in broken code.
fn between<'t>(node: Node<'t>, before: usize, after: usize, raw: bool) -> Option<Text<'t>> {
    let text = node.text();
    let content = text.get(before..text.len().checked_sub(after)?)?;
    let start = node.range().start + u32::try_from(before).ok()?;
    let bytes = start..start + u32::try_from(content.len()).ok()?;
    let content = match content.contains('\\') {
        false => Cow::Borrowed(content),
        true if raw => content.replace('\\', "\\\\").into(),
        true => unquote(content).into(),
    };
    Some(Text::Literal(Literal { content, bytes }))
}

/// The content without the backslashes that only keep a quote from ending the string.
fn unquote(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut chars = content.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some(quote @ ('"' | '\'' | '`'))) => {
                out.push(quote);
                chars.next();
            }
            ('\\', Some(other)) => {
                out.extend(['\\', other]);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}
