//! Reports in the forms that people and tools read. Pure: from a [`ScanReport`] to text.
//!
//! JSON is the report itself; what stands in the code under review is untrusted, so each form neutralises what could act in the place
//! where it is shown: control characters in a terminal, markup in Markdown.

mod json;
mod markdown;
mod sarif;
mod text;
mod visible;

pub use self::{json::json, markdown::markdown, sarif::sarif, text::text};
use crate::model::{Format, ScanReport};

/// The report as `format`, without colours.
pub fn render(report: &ScanReport, format: Format) -> String {
    match format {
        Format::Json => json(report),
        Format::Text => text(report, false),
        Format::Sarif => sarif(report),
        Format::Markdown => markdown(report),
    }
}
