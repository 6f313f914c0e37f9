//! The code map of ARCHITECTURE.md: it names every crate and every room of the kernel, and nothing that does not exist.
//!
//! The map is the section whose heading contains "code map". A path is whatever stands in backticks, or first on a line of a
//! fenced block, and has a slash or the ending `.rs`; it is read from the root or from `crates/core/src`.

use std::{collections::BTreeSet, fs};

use super::{Findings, House, Violation};
use crate::workspace::Layer;

const FILE: &str = "ARCHITECTURE.md";

pub(super) fn look(house: &House) -> Findings {
    let Ok(text) = house.workspace.read(FILE) else {
        return [Violation::new(FILE, 0, "is missing", "a bird's-eye view, a code map and the invariants")]
            .into_iter()
            .collect();
    };
    let paths = paths(&text);
    if paths.is_empty() {
        return [Violation::new(
            FILE,
            0,
            "has no code map",
            "a section `## Code map` that names every crate and room",
        )]
        .into_iter()
        .collect();
    }
    let exists = |path: &str| {
        ["", "crates/core/src"].iter().any(|base| house.workspace.root.join(base).join(path).exists())
    };
    let invented = paths.iter().filter(|(_, path)| !exists(path));
    let mut violations: Vec<Violation> = invented
        .map(|(line, path)| {
            Violation::new(
                FILE,
                *line,
                format!("names `{path}`"),
                "the map shows what exists; plans live in issues",
            )
        })
        .collect();
    let named: BTreeSet<&str> =
        paths.iter().map(|(_, path)| path.strip_prefix("crates/core/src/").unwrap_or(path)).collect();
    for place in places(house).iter().filter(|place| !named.contains(place.as_str())) {
        violations.push(Violation::new(
            FILE,
            0,
            format!("does not name `{place}`"),
            "one line of the code map says what lives there",
        ));
    }
    violations.into_iter().collect()
}

/// What the map must name: the folder of every crate, every room of the kernel.
fn places(house: &House) -> Vec<String> {
    let packages = house.workspace.packages.iter().filter(|package| package.layer != Layer::Facade);
    let mut places: Vec<String> =
        packages.map(|package| package.folder.to_string_lossy().into_owned()).collect();
    for entry in fs::read_dir(house.workspace.root.join("crates/core/src")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "lib.rs" {
            places.push(name);
        }
    }
    places.sort();
    places
}

/// The paths of the code map with their lines, slashes at the end removed.
fn paths(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut inside, mut fenced) = (Vec::new(), false, false);
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && (line.starts_with("# ") || line.starts_with("## ")) {
            inside = line.to_lowercase().contains("code map");
        } else if inside {
            let words: Vec<&str> = if fenced {
                line.split_whitespace().take(1).collect()
            } else {
                line.split('`').skip(1).step_by(2).collect()
            };
            let paths = words
                .into_iter()
                .filter(|word| word.contains('/') || word.ends_with(".rs"))
                .filter(|word| is_path(word));
            found.extend(paths.map(|path| (at + 1, path.trim_end_matches('/').to_owned())));
        }
    }
    found
}

fn is_path(word: &str) -> bool {
    word.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c)) && !word.starts_with('/')
}
