//! Markdown for a pull request.

use std::fmt::Write as _;

use super::visible::{count, visible};
use crate::model::{Finding, ScanReport, Severity};

/// How many findings are written out.
const WRITTEN_OUT: usize = 200;

/// The report as Markdown (CommonMark with tables).
pub fn markdown(report: &ScanReport) -> String {
    let mut out = format!("# Code review: {}\n\n", count(report.findings.len(), "finding"));
    let files = count(report.files_scanned, "file");
    let (skipped, suppressed) = (report.files_skipped.len(), report.suppressed.len());
    let rules = count(report.rules.len(), "rule");
    line(&mut out, &format!("{files} scanned with {rules}; {skipped} skipped, {suppressed} suppressed.\n"));
    if !report.findings.is_empty() {
        line(&mut out, "| severity | findings |\n|---|---|");
        for severity in Severity::ALL.into_iter().rev().filter(|severity| report.count(*severity) > 0) {
            line(&mut out, &format!("| {} | {} |", severity.as_str(), report.count(severity)));
        }
        line(&mut out, "");
    }
    for finding in report.findings.iter().take(WRITTEN_OUT) {
        write_finding(&mut out, report, finding);
    }
    if report.findings.len() > WRITTEN_OUT {
        line(&mut out, &format!("… and {} more.\n", report.findings.len() - WRITTEN_OUT));
    }
    if !report.files_skipped.is_empty() || !report.problems.is_empty() {
        line(&mut out, "## Problems\n");
        for skipped in report.files_skipped.iter().take(WRITTEN_OUT) {
            line(&mut out, &format!("- {}: skipped: {}", code(&skipped.file), escape(&skipped.reason)));
        }
        for problem in report.problems.iter().take(WRITTEN_OUT) {
            let place = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
            let file = code(&format!("{}{place}", problem.file));
            line(&mut out, &format!("- {file}: {}", escape(&problem.message)));
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn write_finding(out: &mut String, report: &ScanReport, finding: &Finding) {
    let start = &finding.location.span.start;
    line(out, &format!("## {}: {}\n", finding.severity.as_str(), escape(&finding.message)));
    let place = code(&format!("{}:{}:{}", finding.location.file, start.line, start.column));
    let mut facts = vec![code(&finding.rule)];
    facts.extend(finding.cwe.iter().map(|cwe| escape(cwe)));
    facts.push(format!("{} confidence", finding.confidence.as_str()));
    line(out, &format!("{place} — {}\n", facts.join(", ")));
    let text: Vec<_> = finding.snippet.lines.iter().map(|line| visible(&line.text)).collect();
    let text = text.join("\n");
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    let language = report.rule(&finding.rule).and_then(|rule| rule.languages.first());
    let language = language.map(String::as_str).unwrap_or_default();
    let _ = write!(out, "{fence}{language}\n{text}\n{fence}\n\n");
    if let Some(rule) = report.rule(&finding.rule) {
        for text in [&rule.explanation, &rule.remedy].into_iter().filter(|text| !text.is_empty()) {
            line(out, &format!("{}\n", escape(text)));
        }
    }
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A code span, which holds anything.
fn code(text: &str) -> String {
    let text = visible(text).replace('\t', " ");
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Prose in which only code spans keep their meaning: markup of a finding's text does nothing. A backtick without a partner is escaped.
fn escape(text: &str) -> String {
    let text = visible(text);
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::with_capacity(text.len());
    for (index, part) in parts.iter().enumerate() {
        match index % 2 {
            1 if index + 1 < parts.len() && !part.is_empty() => out.push_str(&code(part)),
            1 => out.push_str(&format!("\\`{}", escape_plain(part))),
            _ => out.push_str(&escape_plain(part)),
        }
    }
    out
}

fn escape_plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '&' | '~' | '@') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
