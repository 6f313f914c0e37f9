//! Comments that ask not to report: `heptad: ignore[rule-id] reason`.
//!
//! Behind code it speaks of its own line; alone on a line, of the next line that is not such a comment. It names the rules, separated
//! by commas, and must give a reason: whoever reads the code later has to know why. What is written otherwise suppresses nothing and
//! is reported as a problem. Text in a string is no comment.

use std::collections::HashMap;

use heptad_core::code::Node;

use crate::{model::Finding, pattern::View, rules::RuleSet};

/// The suppressions of one file.
#[derive(Debug, Default)]
pub(super) struct Suppressions {
    /// By the line they speak of and the rule: the line of the comment, and the reason.
    known: HashMap<(u32, String), (u32, String)>,
    /// What is not understood, by line.
    pub(super) problems: Vec<(u32, String)>,
}

impl Suppressions {
    /// Reads the comments of a file.
    pub(super) fn read(view: &View<'_>, rules: &RuleSet) -> Self {
        let mut all = Self::default();
        let mut alone: Vec<u32> = Vec::new();
        let mut read = Vec::new();
        for comment in view.comments() {
            let Some(request) = request(comment.text()) else { continue };
            let span = comment.span();
            match parse(request) {
                Ok((ids, reason)) => {
                    let stands_alone = stands_alone(view, comment);
                    if stands_alone {
                        alone.push(span.end.line);
                    }
                    read.push((span.start.line, span.end.line, stands_alone, ids, reason));
                }
                Err(message) => all.problems.push((span.start.line, message)),
            }
        }
        for (line, end, stands_alone, ids, reason) in read {
            let mut target = if stands_alone { end + 1 } else { line };
            while stands_alone && alone.binary_search(&target).is_ok() {
                target += 1;
            }
            for id in ids {
                if !rules.knows(id) {
                    all.problems.push((line, format!("there is no rule `{id}` to ignore")));
                }
                all.known.insert((target, id.to_owned()), (line, reason.to_owned()));
            }
        }
        all
    }

    /// The line and the reason of the comment that suppresses `finding`.
    pub(super) fn of(&self, finding: &Finding) -> Option<(u32, &str)> {
        let place = (finding.location.span.start.line, finding.rule.clone());
        self.known.get(&place).map(|(line, reason)| (*line, reason.as_str()))
    }
}

/// What a comment asks of us, behind `heptad:`; `None` where it is about something else.
fn request(comment: &str) -> Option<&str> {
    let text = comment.trim_start_matches(['#', '/', '*', ' ', '\t']);
    let text = text.strip_suffix("*/").unwrap_or(text);
    text.strip_prefix("heptad:").map(str::trim)
}

/// The rules and the reason.
fn parse(request: &str) -> Result<(Vec<&str>, &str), String> {
    const FORM: &str = "write `heptad: ignore[rule-id] reason`";
    let Some(rest) = request.strip_prefix("ignore") else {
        return Err(format!("this is not understood; {FORM}"));
    };
    let parts = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((ids, reason)) = parts else {
        return Err(format!("it does not say which rule to ignore; {FORM}"));
    };
    let ids: Vec<&str> = ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    let reason = reason.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '-' | '–' | '—'));
    if ids.is_empty() {
        return Err(format!("it does not say which rule to ignore; {FORM}"));
    }
    if reason.is_empty() {
        return Err(format!("it gives no reason, so nothing is ignored; {FORM}"));
    }
    Ok((ids, reason))
}

/// Whether nothing but whitespace stands beside the comment on its lines. In JSX a comment stands in braces.
fn stands_alone(view: &View<'_>, comment: Node<'_>) -> bool {
    let (tree, span) = (view.tree(), comment.span());
    let mut before = tree.line(span.start.line).chars().take(span.start.column as usize - 1);
    let mut after = tree.line(span.end.line).chars().skip(span.end.column as usize - 1);
    before.all(|c| c.is_whitespace() || c == '{') && after.all(|c| c.is_whitespace() || c == '}')
}
