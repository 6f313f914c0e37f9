//! JSON: the report itself.

use crate::model::ScanReport;

/// The report as indented JSON.
pub fn json(report: &ScanReport) -> String {
    serde_json::to_string_pretty(report)
        .expect("a report has only keys that are strings and numbers that are finite")
}
