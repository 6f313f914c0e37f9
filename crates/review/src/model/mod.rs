//! The plain data of the domain, in the field's terms. Everything here travels to every language.
//!
//! [`ScanRequest`] goes in, [`ScanReport`] comes out; a report holds [`Finding`]s, and each finding names a rule, which [`RuleInfo`]
//! documents. Nothing here computes.

mod finding;
mod place;
mod report;
mod request;
mod rule;

pub use self::{
    finding::{Finding, Fingerprint, Metavariable, SuppressedFinding},
    place::{Location, Position, Snippet, SnippetLine, Span},
    report::{Problem, ProblemKind, ScanReport, Skipped, Timings},
    request::{Format, LatestRequest, RulesRequest, ScanRequest},
    rule::{Confidence, RuleInfo, RuleList, Severity},
};
