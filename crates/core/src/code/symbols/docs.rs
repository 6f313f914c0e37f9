//! Documentation and signatures, as text.

use std::ops::Range;

use super::rules::SymbolTable;
use crate::code::{Node, NodeId, Tree};

/// The most characters of a signature.
const SIGNATURE: usize = 300;

/// The comment right above byte `start`, without its marks. `above` are the comments and annotations before it, in document order; comments
/// on lines of their own, with no empty line between, belong together.
pub(super) fn comment_above(
    tree: &Tree,
    table: &SymbolTable,
    above: &[(Range<u32>, bool)],
    start: u32,
) -> Option<String> {
    let source = tree.source();
    let mut start = start as usize;
    let mut comments: Vec<&str> = Vec::new();
    for (range, is_comment) in above.iter().rev() {
        if range.end as usize > start {
            continue;
        }
        // Line comments of some grammars take their line end along.
        let text = source[range.start as usize..range.end as usize].trim_end();
        let gap = &source[range.start as usize + text.len()..start];
        let before = source[..range.start as usize].trim_end_matches([' ', '\t']);
        let own_line = text.starts_with("/*") || before.is_empty() || before.ends_with(['\n', '\r']);
        if !gap.trim().is_empty() || gap.matches('\n').count() > 1 || (*is_comment && !own_line) {
            break;
        }
        if *is_comment {
            if !table.doc_marks.iter().any(|mark| text.starts_with(mark)) {
                break;
            }
            comments.push(text);
            if text.starts_with("/*") {
                break;
            }
        }
        start = range.start as usize;
    }
    comments.reverse();
    text_of(&comments)
}

/// The comment at the top of a file that says of itself that it documents the file (`//!`).
pub(super) fn comment_at_top(tree: &Tree, above: &[(Range<u32>, bool)]) -> Option<String> {
    let texts =
        above.iter().map(|(range, _)| tree.source()[range.start as usize..range.end as usize].trim_end());
    let comments: Vec<&str> = texts.take_while(|text| text.starts_with("//!")).collect();
    text_of(&comments)
}

fn text_of(comments: &[&str]) -> Option<String> {
    tidy(comments.iter().flat_map(|comment| unmarked(comment).split('\n').map(unstarred)))
}

/// A comment without what begins and ends it.
fn unmarked(comment: &str) -> &str {
    if let Some(rest) = comment.strip_prefix("/*") {
        return rest.strip_suffix("*/").unwrap_or(rest).trim_start_matches(['*', '!']);
    }
    for mark in ["///", "//!", "//", "#", "--"] {
        if let Some(rest) = comment.strip_prefix(mark) {
            return rest;
        }
    }
    comment
}

/// A line of a block comment without the star at its beginning.
fn unstarred(line: &str) -> &str {
    let trimmed = line.trim_start();
    match trimmed.strip_prefix('*') {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => rest,
        _ => line,
    }
}

/// Lines without common indentation, empty first and last lines, and space at their ends; `None` where nothing is left.
pub(super) fn tidy<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lines: Vec<&str> = lines.into_iter().map(str::trim_end).collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    // The first line follows the opening mark, so that its indentation says nothing of the others'.
    let rest = lines.iter().skip(1).filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let dedented = lines.iter().enumerate().map(|(at, line)| match at {
        0 => line.trim_start(),
        _ => line.get(rest..).unwrap_or(line.trim_start()),
    });
    let text = dedented.collect::<Vec<_>>().join("\n");
    let text = text.trim_matches(['\n', ' ']);
    (!text.is_empty()).then(|| text.to_owned())
}

/// The docstring of a body: its first statement, where that is a string.
pub(super) fn docstring(body: Node<'_>) -> Option<String> {
    let statement = body.named_children().next()?;
    let string = if statement.kind() == "string" { statement } else { statement.named_children().next()? };
    if string.kind() != "string" || statement.named_children().count() > 1 && statement != string {
        return None;
    }
    let prefix = string.named_children().next()?.text();
    if prefix.contains(['f', 'F', 'b', 'B']) {
        return None;
    }
    let text = string.named_children().filter(|part| part.kind() == "string_content").map(Node::text);
    tidy(text.collect::<String>().lines())
}

/// The body of a definition: in the field `body`, in that of its value, or a child of a kind that the table calls a body.
pub(super) fn body_of<'t>(node: Node<'t>, table: &SymbolTable) -> Option<Node<'t>> {
    let of_value =
        || node.child("value").or_else(|| node.child("right")).and_then(|value| value.child("body"));
    let by_kind = || node.children().find(|child| table.bodies.contains(&child.kind()));
    node.child("body").or_else(of_value).or_else(by_kind)
}

/// The head of a definition in one line: what stands between its annotations and its body.
pub(super) fn signature(node: Node<'_>, wrapper: Node<'_>, table: &SymbolTable) -> String {
    let source = node.tree().source();
    // Behind the annotations it begins with, however they are wrapped.
    let mut start = wrapper.range().start as usize;
    let mut at = Some(wrapper);
    while let Some(inner) =
        at.filter(|inner| inner.range().start as usize <= start && inner.id() < node.next())
    {
        if table.annotations.contains(&inner.kind()) {
            let behind = inner.range().end as usize;
            start = source.len() - source[behind..].trim_start().len();
            at = node.tree().get(inner.next());
        } else {
            at = node.tree().get(NodeId(inner.id().0 + 1));
        }
    }
    let body = body_of(node, table);
    let end = body.map_or(node.range().end, |body| body.range().start) as usize;
    let head = source.get(start..end).unwrap_or_default();
    let head = if body.is_some() { head } else { head.lines().next().unwrap_or_default() };
    let mut line = String::new();
    for word in head.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > SIGNATURE {
            let end = (0..=SIGNATURE).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    let line = line.replace("( ", "(").replace(", )", ")").replace(" )", ")");
    let line = line.trim_end_matches([' ', '{', ':', ';', '=', ',']);
    line.strip_suffix("=>").unwrap_or(line).trim_end().to_owned()
}
