//! SARIF 2.1.0 (OASIS Standard, 2020): what other tools read.
//!
//! Sections of the standard are named where it is particular.

use serde_json::{Map, Value, json};

use crate::model::{Finding, ProblemKind, RuleInfo, ScanReport, SuppressedFinding};

/// What stands for the scanned folder in addresses of files (§3.14.14).
const ROOT: &str = "SRCROOT";

/// The report as indented SARIF.
pub fn sarif(report: &ScanReport) -> String {
    let rules: Vec<Value> = report.rules.iter().map(rule).collect();
    let mut results: Vec<Value> = report.findings.iter().map(|finding| result(report, finding)).collect();
    results.extend(report.suppressed.iter().map(|suppressed| suppressed_result(report, suppressed)));
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "heptad",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            // §3.14.17: columns are counted as the `utf16` of our positions counts them.
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": { ROOT: { "uri": folder_uri(&report.root) } },
            "invocations": [invocation(report)],
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).expect("a value made of strings and numbers has a JSON form")
}

/// Weaknesses that make code wrong and not insecure: comparisons and conditions that are not what they seem.
const CORRECTNESS: [&str; 3] = ["CWE-595", "CWE-670", "CWE-697"];

fn rule(rule: &RuleInfo) -> Value {
    // GitHub shows what is tagged `security` as such, and reads weaknesses from tags of this form.
    let correctness = rule.cwe.iter().all(|cwe| CORRECTNESS.contains(&cwe.as_str()));
    let kind = if correctness { "correctness" } else { "security" };
    let tags = rule.cwe.iter().map(|cwe| format!("external/cwe/{}", cwe.to_lowercase()));
    let tags: Vec<String> = std::iter::once(kind.to_owned()).chain(tags).collect();
    let mut descriptor = json!({
        "id": rule.id,
        "shortDescription": { "text": without_metavariables(&rule.message) },
        "defaultConfiguration": { "level": rule.severity.as_str() },
        "properties": {
            "cwe": rule.cwe,
            "precision": rule.confidence.as_str(),
            "languages": rule.languages,
            "tags": tags,
        },
    });
    for (key, text) in [("fullDescription", &rule.explanation), ("help", &rule.remedy)] {
        if !text.is_empty() {
            // §3.11.8: both, for our texts have code spans.
            descriptor[key] = json!({ "text": text, "markdown": text });
        }
    }
    descriptor
}

/// The message of a rule where nothing was found yet: `…` for what it would name.
fn without_metavariables(message: &str) -> String {
    let mut parts = message.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let rest = part.trim_start_matches(name);
        out.extend([if rest.len() < part.len() { "…" } else { "$" }, rest]);
    }
    out
}

fn result(report: &ScanReport, finding: &Finding) -> Value {
    let metavariables: Map<String, Value> =
        finding.metavariables.iter().map(|(name, variable)| (name.clone(), json!(variable.text))).collect();
    let mut result = json!({
        "ruleId": finding.rule,
        "level": finding.severity.as_str(),
        "message": { "text": finding.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": artifact(&finding.location.file),
            "region": region(finding),
        } }],
        "partialFingerprints": { "heptad/v1": finding.fingerprint.0 },
        "properties": { "confidence": finding.confidence.as_str(), "metavariables": metavariables },
    });
    if let Ok(index) = report.rules.binary_search_by(|rule| rule.id.cmp(&finding.rule)) {
        result["ruleIndex"] = json!(index);
    }
    result
}

/// §3.27.23: a result that is suppressed says so; one that is not says nothing.
fn suppressed_result(report: &ScanReport, suppressed: &SuppressedFinding) -> Value {
    let mut result = result(report, &suppressed.finding);
    result["suppressions"] = json!([{
        "kind": "inSource",
        "justification": suppressed.reason,
        "location": { "physicalLocation": {
            "artifactLocation": artifact(&suppressed.finding.location.file),
            "region": { "startLine": suppressed.comment_line },
        } },
    }]);
    result
}

/// §3.30: lines and columns count from 1, and the end column is the one behind the last character.
fn region(finding: &Finding) -> Value {
    let span = &finding.location.span;
    let mut region = json!({
        "startLine": span.start.line,
        "startColumn": span.start.utf16 + 1,
        "endLine": span.end.line,
        "endColumn": span.end.utf16 + 1,
        "byteOffset": span.start.byte,
        "byteLength": span.end.byte.saturating_sub(span.start.byte),
    });
    let lines: Vec<&str> = finding.snippet.lines.iter().map(|line| line.text.as_str()).collect();
    if !lines.is_empty() && finding.snippet.lines.iter().all(|line| line.cut == 0) {
        region["snippet"] = json!({ "text": lines.join("\n") });
    }
    region
}

/// §3.20: what happened beside the results.
fn invocation(report: &ScanReport) -> Value {
    let skipped = report.files_skipped.iter().map(|skipped| {
        notification("skipped", "error", format!("not scanned: {}", skipped.reason), &skipped.file, None)
    });
    let problems = report.problems.iter().map(|problem| {
        let level = if problem.kind == ProblemKind::Limit { "error" } else { "warning" };
        notification(problem.kind.as_str(), level, problem.message.clone(), &problem.file, problem.line)
    });
    let notifications: Vec<Value> = skipped.chain(problems).collect();
    let took = std::time::Duration::from_millis(report.timings.total_ms());
    let ended = report.started.checked_add(took).unwrap_or(report.started);
    json!({
        "executionSuccessful": true,
        "startTimeUtc": utc(report.started),
        "endTimeUtc": utc(ended),
        "toolExecutionNotifications": notifications,
    })
}

fn notification(id: &str, level: &str, message: String, file: &str, line: Option<u32>) -> Value {
    let mut place = json!({ "artifactLocation": artifact(file) });
    if let Some(line) = line {
        place["region"] = json!({ "startLine": line });
    }
    json!({
        "descriptor": { "id": id },
        "level": level,
        "message": { "text": message },
        "locations": [{ "physicalLocation": place }],
    })
}

/// §3.9: milliseconds at most, and always UTC.
fn utc(time: heptad_core::clock::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn artifact(file: &str) -> Value {
    json!({ "uri": relative_uri(file), "uriBaseId": ROOT })
}

/// A relative reference (RFC 3986 §4.2): a first part with a `:` in it would be a scheme, one that is empty an authority.
fn relative_uri(file: &str) -> String {
    let uri = percent_encode(file);
    let first = uri.split('/').next().unwrap_or_default();
    if first.is_empty() || first.contains(':') { format!("./{uri}") } else { uri }
}

/// §3.14.14: the address of a folder ends with `/`.
fn folder_uri(path: &str) -> String {
    let path = percent_encode(&path.replace('\\', "/"));
    let path = path.trim_matches('/');
    if path.is_empty() { "file:///".to_owned() } else { format!("file:///{path}/") }
}

/// Everything but the unreserved characters of RFC 3986 and `/` and `:`.
fn percent_encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
