//! Every system's crate has the same rooms, so whoever knows one knows seven.

use std::fs;

use super::{Findings, House, Violation, sans_io};
use crate::workspace::{Layer, Package};

/// Files that may stand in a system's `src/` beside its handle; everything else lives in a folder with a name of the domain.
const FILES: &[&str] = &["lib.rs", "store.rs", "llm.rs", "error.rs", "model.rs"];

pub(super) fn look(house: &House) -> Findings {
    house.workspace.layer(Layer::System).flat_map(|package| look_at(house, package)).collect()
}

fn look_at(house: &House, package: &Package) -> Vec<Violation> {
    let (system, source) = (package.short(), package.folder.join("src"));
    let here = |name: &str| house.workspace.root.join(&source).join(name).exists();
    let handle = format!("{system}.rs");
    let mut violations = Vec::new();
    let mut missing = |room: &str, right: &str| {
        violations.push(Violation::new(&source, 0, format!("`{system}` has no {room}"), right))
    };
    if !here("lib.rs") {
        missing("lib.rs", "it says what the system is, with a complete example");
    }
    if !here(&handle) && !here(system) {
        missing(&handle, "the handle: its operations, and nothing else");
    }
    if !here("model") && !here("model.rs") {
        missing("model", "plain serde types of the domain");
    }
    let entries = fs::read_dir(house.workspace.root.join(&source)).into_iter().flatten().flatten();
    let mut loose: Vec<String> = entries
        .filter(|e| e.path().is_file())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    loose.sort();
    for file in loose.iter().filter(|file| !FILES.contains(&file.as_str()) && **file != handle) {
        // `scan.rs` beside `scan/` is the door of that folder.
        if here(file.trim_end_matches(".rs")) || sans_io::is_adapter(&source.join(file)) {
            continue;
        }
        let right = "an engine lives in a folder named after its domain (src/<domain>/)";
        violations.push(Violation::new(source.join(file), 0, "stands outside the rooms of a system", right));
    }
    violations
}
