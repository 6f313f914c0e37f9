//! Text for a person in a terminal.

use std::collections::HashSet;

use super::visible::{count, visible, width};
use crate::model::{Finding, RuleInfo, ScanReport, Severity, SnippetLine};

/// How many skipped files and problems are named.
const NAMED: usize = 10;

/// How many columns a tab takes.
const TAB: usize = 4;

/// The report as text; `color`: with ANSI colours.
pub fn text(report: &ScanReport, color: bool) -> String {
    let mut page = Page { out: String::new(), color };
    let mut explained = HashSet::new();
    for finding in &report.findings {
        let rule = report.rule(&finding.rule).filter(|rule| explained.insert(rule.id.as_str()));
        page.finding(finding, rule);
    }
    let skipped = report.files_skipped.iter().map(|s| (s.file.as_str(), None, s.reason.as_str()));
    page.notes("skipped", skipped.collect());
    let problems = report.problems.iter().map(|p| (p.file.as_str(), p.line, p.message.as_str()));
    page.notes("problem", problems.collect());
    page.summary(report);
    page.out
}

struct Page {
    out: String,
    color: bool,
}

/// The parts of a page that have a colour.
#[derive(Clone, Copy)]
enum Part {
    Severity(Severity),
    Strong,
    Frame,
}

impl Page {
    /// `text` in the colour of `part`.
    fn paint(&self, part: Part, text: &str) -> String {
        let code = match part {
            _ if !self.color => return text.to_owned(),
            Part::Severity(Severity::Error) => "1;31",
            Part::Severity(Severity::Warning) => "1;33",
            Part::Severity(Severity::Note) => "1;36",
            Part::Strong => "1",
            Part::Frame => "34",
        };
        format!("\u{1B}[{code}m{text}\u{1B}[0m")
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// One finding; what its rule explains only once in a report.
    fn finding(&mut self, finding: &Finding, rule: Option<&RuleInfo>) {
        let start = &finding.location.span.start;
        let severity = Part::Severity(finding.severity);
        let head =
            self.paint(severity, &format!("{}[{}]", finding.severity.as_str(), visible(&finding.rule)));
        let message = self.paint(Part::Strong, &visible(&finding.message));
        self.line(&format!("{head} {message}"));
        let last = finding.snippet.lines.last().map_or(start.line, |line| line.number);
        let margin = last.to_string().len();
        let arrow = self.paint(Part::Frame, &format!("{:margin$}-->", ""));
        self.line(&format!("{arrow} {}:{}:{}", visible(&finding.location.file), start.line, start.column));
        let bar = self.paint(Part::Frame, &format!("{:margin$} |", ""));
        self.line(&bar);
        for line in &finding.snippet.lines {
            let (text, marks) = frame_line(line);
            let number = self.paint(Part::Frame, &format!("{:margin$} |", line.number));
            self.line(&format!("{number} {text}"));
            if !marks.trim().is_empty() {
                let marks = self.paint(severity, &marks);
                self.line(&format!("{bar} {marks}"));
            }
        }
        if finding.snippet.more > 0 {
            self.line(&format!("{bar} … {}", count(finding.snippet.more as usize, "more line")));
        }
        let note = self.paint(Part::Frame, &format!("{:margin$} =", ""));
        if let Some(rule) = rule {
            for (label, text) in [("why", &rule.explanation), ("fix", &rule.remedy)] {
                if !text.is_empty() {
                    self.line(&format!("{note} {label}: {}", visible(text)));
                }
            }
        }
        let mut facts = finding.cwe.clone();
        facts.push(format!("{} confidence", finding.confidence.as_str()));
        self.line(&format!("{note} {}", visible(&facts.join(", "))));
        self.line("");
    }

    fn notes(&mut self, label: &str, notes: Vec<(&str, Option<u32>, &str)>) {
        for (file, line, message) in notes.iter().take(NAMED) {
            let place = line.map(|line| format!(":{line}")).unwrap_or_default();
            self.line(&format!("{label}: {}{place}: {}", visible(file), visible(message)));
        }
        if notes.len() > NAMED {
            self.line(&format!("{label}: … and {} more", notes.len() - NAMED));
        }
        if !notes.is_empty() {
            self.line("");
        }
    }

    fn summary(&mut self, report: &ScanReport) {
        let found = count(report.findings.len(), "finding");
        let by_severity: Vec<String> = Severity::ALL
            .into_iter()
            .rev()
            .filter(|severity| report.count(*severity) > 0)
            .map(|severity| {
                let text = count(report.count(severity), severity.as_str());
                self.paint(Part::Severity(severity), &text)
            })
            .collect();
        let details =
            if by_severity.is_empty() { String::new() } else { format!(": {}", by_severity.join(", ")) };
        let suppressed = match report.suppressed.len() {
            0 => String::new(),
            n => format!("; {n} suppressed"),
        };
        let found = self.paint(Part::Strong, &found);
        self.line(&format!("{found}{details}{suppressed}"));
        let skipped = match report.files_skipped.len() {
            0 => String::new(),
            n => format!(", {n} skipped"),
        };
        let seconds = report.timings.total_ms() as f64 / 1000.0;
        let (files, rules) = (count(report.files_scanned, "file"), count(report.rules.len(), "rule"));
        self.line(&format!("{files} scanned{skipped}, {rules}, {seconds:.2} s"));
    }
}

/// A line of code as it is shown, and the line of marks below it.
fn frame_line(line: &SnippetLine) -> (String, String) {
    let before = if line.cut > 0 { "…" } else { "" };
    let (mut text, mut marks) = (before.to_owned(), " ".repeat(before.chars().count()));
    for (index, c) in visible(&line.text).chars().enumerate() {
        let columns = if c == '\t' { TAB } else { width(c) };
        if c == '\t' {
            text.push_str(&" ".repeat(TAB))
        } else {
            text.push(c)
        }
        let index = index as u32;
        let mark = if (line.from..line.to).contains(&index) { "^" } else { " " };
        marks.push_str(&mark.repeat(columns));
    }
    (text, marks.trim_end().to_owned())
}
