//! One file: from its bytes to its findings.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use heptad_core::code::{Language, Source, Tree, parse};

use super::{
    Options,
    fingerprint::Fingerprints,
    snippet::{clip, snippet},
    suppression::Suppressions,
};
use crate::{
    model::{Finding, Location, Metavariable, Problem, ProblemKind, RuleInfo, Skipped, SuppressedFinding},
    pattern::{Budget, Match, Names, View},
    rules::RuleSet,
};

/// What was found in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileOutcome {
    /// Ordered by place and rule.
    pub findings: Vec<Finding>,
    /// In the same order.
    pub suppressed: Vec<SuppressedFinding>,
    /// What was not as it should be.
    pub problems: Vec<Problem>,
    /// The reason why the file was not scanned, where it should have been.
    pub skipped: Option<Skipped>,
    /// Whether the file was scanned.
    pub scanned: bool,
}

impl FileOutcome {
    pub(super) fn skipped(file: &str, reason: impl Into<String>) -> Self {
        Self { skipped: Some(Skipped { file: file.to_owned(), reason: reason.into() }), ..Self::default() }
    }
}

/// Scans a file whose language is still to be found out. One in a language that no rule reads is neither scanned nor skipped.
pub(super) fn scan_bytes(rules: &RuleSet, options: Options, file: &str, bytes: Vec<u8>) -> FileOutcome {
    let path = Path::new(file);
    // The name is asked first: a binary file called `x.py` is worth a word, a picture is not.
    let language = Language::of(path, &bytes).or_else(|| Language::of(path, b""));
    let Some(language) = language.filter(|language| rules.reads(*language)) else {
        return FileOutcome::default();
    };
    match Source::from_bytes(bytes) {
        Ok(source) => scan_source(rules, options, file, language, source),
        Err(error) => FileOutcome::skipped(file, error.to_string()),
    }
}

/// Scans text in a known language; `file` is what it is called in the findings.
pub fn scan_source(
    rules: &RuleSet,
    options: Options,
    file: &str,
    language: Language,
    source: impl Into<Arc<str>>,
) -> FileOutcome {
    let source: Arc<str> = source.into();
    let candidates = if options.prefilter {
        rules.candidates(language, &source)
    } else {
        rules.for_language(language).collect()
    };
    let mut outcome = FileOutcome { scanned: true, ..FileOutcome::default() };
    // A suppression that is not understood is worth telling even where nothing is found.
    if candidates.is_empty() && !source.contains("heptad:") {
        return outcome;
    }
    let tree = match parse(language, source) {
        Ok(tree) => tree,
        Err(error) => return FileOutcome::skipped(file, error.to_string()),
    };
    let Some(view) = View::new(&tree) else {
        return FileOutcome::skipped(file, format!("patterns cannot be written for {language}"));
    };
    let mut fingerprints = Fingerprints::new(file);
    let mut found = Vec::new();
    for (info, compiled) in candidates {
        if info.severity < options.min_severity || info.confidence < options.min_confidence {
            continue;
        }
        let mut budget = Budget::default();
        for m in compiled.formula.find(&view, &mut budget) {
            let fingerprint = fingerprints.next(&info.id, &view, &m.bytes);
            found.push(finding(file, info, &compiled.names, &view, &m, fingerprint));
        }
        if budget.is_exhausted() {
            let message =
                format!("the rule `{}` has too much work here; its findings are incomplete", info.id);
            outcome.problems.push(problem(file, None, ProblemKind::Limit, message));
        }
    }
    found.sort_by(|a, b| super::order(a).cmp(&super::order(b)));
    outcome.problems.extend(syntax_problem(file, &tree));
    let suppressions = Suppressions::read(&view, rules);
    for (line, message) in &suppressions.problems {
        outcome.problems.push(problem(file, Some(*line), ProblemKind::Suppression, message.clone()));
    }
    for finding in found {
        match suppressions.of(&finding) {
            Some((comment_line, reason)) => {
                outcome.suppressed.push(SuppressedFinding {
                    finding,
                    reason: reason.to_owned(),
                    comment_line,
                });
            }
            None => outcome.findings.push(finding),
        }
    }
    outcome
}

fn finding(
    file: &str,
    info: &RuleInfo,
    names: &Names,
    view: &View<'_>,
    m: &Match,
    fingerprint: crate::model::Fingerprint,
) -> Finding {
    let tree = view.tree();
    let span = tree.span(m.bytes.clone());
    let metavariables: BTreeMap<String, Metavariable> = m
        .bindings
        .iter()
        .map(|(name, bound)| {
            let bytes = view.bytes(bound);
            let text = clip(view.text(bound), 200);
            (names.name(*name).to_owned(), Metavariable { text, span: tree.span(bytes) })
        })
        .collect();
    Finding {
        rule: info.id.clone(),
        severity: info.severity,
        confidence: info.confidence,
        cwe: info.cwe.clone(),
        message: fill(&info.message, &metavariables),
        snippet: snippet(tree, span),
        location: Location { file: file.to_owned(), span },
        metavariables,
        fingerprint,
    }
}

/// The message with the metavariables replaced by what they stand for, each on one line and short. In a message they stand between
/// backticks; where the code has backticks itself, they stand between quotation marks.
fn fill(message: &str, metavariables: &BTreeMap<String, Metavariable>) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        match metavariables.get(&after[..end]) {
            Some(variable) => {
                let words: Vec<&str> = variable.text.split_whitespace().collect();
                let shown = clip(&words.join(" "), 60);
                let quoted = out.ends_with('`') && after[end..].starts_with('`');
                if quoted && shown.contains('`') {
                    out.pop();
                    out.extend(["“", &*shown, "”"]);
                    rest = &after[end + 1..];
                    continue;
                }
                out.push_str(&shown);
            }
            None => out.push_str(&rest[at..=at + end]),
        }
        rest = &after[end..];
    }
    out + rest
}

/// One problem for the first place that does not parse: where one thing is wrong, many nodes are.
fn syntax_problem(file: &str, tree: &Tree) -> Option<Problem> {
    if !tree.has_errors() {
        return None;
    }
    let wrong = tree.nodes().find(|node| node.is_error() || node.is_missing())?;
    let line = wrong.span().start.line;
    let message = if wrong.is_missing() {
        format!("`{}` is missing; the file was scanned as far as it parses", wrong.kind())
    } else {
        "this does not parse; the file was scanned as far as it does".to_owned()
    };
    Some(problem(file, Some(line), ProblemKind::Syntax, message))
}

fn problem(file: &str, line: Option<u32>, kind: ProblemKind, message: String) -> Problem {
    Problem { file: file.to_owned(), line, kind, message }
}
