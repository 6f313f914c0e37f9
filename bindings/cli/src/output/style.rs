//! The few styles there are. Whoever uses one writes `{style}text{style:#}`.

use anstyle::{AnsiColor, Style};
use clap::builder::Styles;

/// Headings.
pub(crate) const HEADING: Style = Style::new().bold().underline();
/// What stands out in a line: names, keys that one may type.
pub(crate) const STRONG: Style = Style::new().bold();
/// Names of properties and columns, code.
pub(crate) const KEY: Style = AnsiColor::Cyan.on_default();
/// What one may skip.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// What went wrong.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What one should know.
pub(crate) const NOTE: Style = AnsiColor::Yellow.on_default();
/// What helps.
pub(crate) const HINT: Style = AnsiColor::Green.on_default();

/// The same for clap.
pub(crate) const CLAP: Styles = Styles::styled()
    .header(HEADING)
    .usage(HEADING)
    .literal(STRONG)
    .placeholder(KEY)
    .error(ERROR)
    .valid(HINT)
    .invalid(NOTE);

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
