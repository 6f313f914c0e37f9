//! `unsafe` lives in the bindings, where a foreign language is met, and in files declared here; each use says why it is sound.

use std::path::Path;

use super::{Findings, House, Violation};
use crate::workspace::Layer;

/// Files outside the bindings that may hold `unsafe`, and what for.
const DECLARED: &[(&str, &str)] = &[
    ("crates/infer/src/file.rs", "a model file is mapped into memory"),
    ("crates/vectors/src/kernel.rs", "loops compiled for a processor that was asked first"),
    ("crates/testkit/src/vfs.rs", "a SQLite VFS that drops unsynced writes"),
    ("crates/testkit/src/vfs", "the same"),
];

pub(super) fn look(house: &House) -> Findings {
    let mut violations = Vec::new();
    for source in &house.sources {
        let at_home = source.layer == Some(Layer::Binding)
            || DECLARED.iter().any(|(place, _)| source.path.starts_with(Path::new(place)));
        for &line in &source.facts.unsafety {
            if !at_home {
                violations.push(Violation::new(
                    &source.path,
                    line,
                    "`unsafe`",
                    "unsafe code lives in bindings and declared files",
                ));
            } else if !explained(&source.text, line) {
                violations.push(Violation::new(
                    &source.path,
                    line,
                    "`unsafe` without its reason",
                    "a `// SAFETY:` comment just above",
                ));
            }
        }
    }
    violations.into_iter().collect()
}

/// Whether a comment with `SAFETY` (or a `# Safety` section) stands on the line or in the comments above it.
fn explained(text: &str, line: usize) -> bool {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let says = |text: &str| text.contains("SAFETY:") || text.contains("# Safety");
    let above = lines
        .iter()
        .rev()
        .skip(1)
        .take_while(|line| line.trim_start().starts_with("//") || line.trim_start().starts_with("#["));
    lines.last().is_some_and(|last| says(last)) || above.into_iter().any(|line| says(line))
}
