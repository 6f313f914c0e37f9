//! The code map of ARCHITECTURE.md: it names every crate and every room of the kernel, and nothing that does not exist.
//!
//! The map is the section whose heading contains "code map". A path is whatever stands in backticks, or first on a line of a
//! fenced block, and has a slash or the ending `.rs`; it is read from the root, from `crates/core/src`, or from the first path of its
//! line.

use std::fs;

use super::{Findings, House, Violation};
use crate::workspace::Layer;

const FILE: &str = "ARCHITECTURE.md";

/// Where the rooms of the kernel are.
const KERNEL: &str = "crates/core/src";

pub(super) fn look(house: &House) -> Findings {
    let text = house.workspace.read(FILE).unwrap_or_default();
    let paths = paths(&text);
    if paths.is_empty() {
        let right = "a section `## Code map` that names every crate and room";
        return Findings::from_iter([Violation::new(FILE, 0, "there is no code map", right)]);
    }
    let exists = |path: &Named| {
        let bases = ["", KERNEL, path.beside.as_str()];
        bases.iter().any(|base| house.workspace.root.join(base).join(&path.path).exists())
    };
    let invented = paths.iter().filter(|path| !exists(path)).map(|path| {
        let right = "the map shows what exists; plans live in issues";
        Violation::new(FILE, path.line, format!("the map names `{}`", path.path), right)
    });
    let places = places(house);
    let unnamed = places.iter().filter(|place| !paths.iter().any(|path| path.tells_of(place))).map(|place| {
        let right = "one line of the code map says what lives there";
        Violation::new(FILE, 0, format!("the map does not name `{place}`"), right)
    });
    invented.chain(unnamed).collect()
}

/// What the map must name: the folder of every crate, every room of the kernel.
fn places(house: &House) -> Vec<String> {
    let packages = house.workspace.packages.iter().filter(|package| package.layer != Layer::Facade);
    let mut places: Vec<String> =
        packages.map(|package| package.folder.to_string_lossy().into_owned()).collect();
    for entry in fs::read_dir(house.workspace.root.join(KERNEL)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "lib.rs" {
            places.push(format!("{KERNEL}/{name}"));
        }
    }
    places.sort();
    places
}

/// A path in the map.
struct Named {
    line: usize,
    /// Without a slash at its end.
    path: String,
    /// The first path of the line.
    beside: String,
}

impl Named {
    /// Whether this names the place, or something in it.
    fn tells_of(&self, place: &str) -> bool {
        let within = |path: &str| {
            path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        within(&self.path) || within(&format!("{KERNEL}/{}", self.path))
    }
}

/// The paths of the code map.
fn paths(text: &str) -> Vec<Named> {
    let (mut found, mut inside, mut fenced) = (Vec::new(), false, false);
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && (line.starts_with("# ") || line.starts_with("## ")) {
            inside = line.to_lowercase().contains("code map");
        } else if inside {
            let first = if fenced { line.split_whitespace().next() } else { None };
            let quoted = line.split('`').skip(1).step_by(2).filter(|_| !fenced);
            let words: Vec<&str> = first.into_iter().chain(quoted).filter(|word| is_path(word)).collect();
            let path = |word: &&str| word.trim_end_matches('/').to_owned();
            let beside = words.first().map(path).unwrap_or_default();
            found.extend(words.iter().map(|word| Named {
                line: at + 1,
                path: path(word),
                beside: beside.clone(),
            }));
        }
    }
    found
}

fn is_path(word: &str) -> bool {
    (word.contains('/') || word.ends_with(".rs"))
        && word.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c))
        && !word.starts_with('/')
}
