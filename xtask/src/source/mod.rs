//! Every Rust file of the repository, parsed once; the rules ask these facts and never look at raw text for code.

mod facts;
mod names;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

pub use facts::{Call, Facts, Level, Mention};

use crate::{
    Result,
    workspace::{Layer, Workspace},
};

/// One file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path, relative to the root.
    pub path: PathBuf,
    /// The layer of the package it belongs to; `None` outside all packages.
    pub layer: Option<Layer>,
    /// The package's name; empty outside all packages.
    pub package: String,
    /// Whether the whole file is test code: under `tests/`, `benches/` or `fuzz/`, or behind `#[cfg(test)] mod …;`.
    pub test: bool,
    /// What it says.
    pub text: String,
    /// What was found in it.
    pub facts: Facts,
}

impl Source {
    /// The path inside the package's `src/`, when it is there.
    pub fn room(&self, workspace: &Workspace) -> Option<PathBuf> {
        let package = workspace.package(&self.package)?;
        self.path.strip_prefix(package.folder.join("src")).ok().map(Path::to_path_buf)
    }
}

/// Reads and parses every `.rs` file under the root.
///
/// # Errors
/// When a file cannot be read or is not Rust.
pub fn load(workspace: &Workspace) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in files(&workspace.root, &["rs"])? {
        let text = workspace.read(&path)?;
        let facts = Facts::read(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        let owner = workspace.owner(&path);
        let inside =
            owner.map_or(path.as_path(), |package| path.strip_prefix(&package.folder).unwrap_or(&path));
        sources.push(Source {
            test: inside.starts_with("tests") || path.starts_with("benches") || path.starts_with("fuzz"),
            layer: owner.map(|package| package.layer),
            package: owner.map_or_else(String::new, |package| package.name.clone()),
            path,
            text,
            facts,
        });
    }
    let hidden: BTreeSet<PathBuf> = sources.iter().flat_map(test_modules).collect();
    for source in &mut sources {
        source.test |= hidden
            .iter()
            .any(|module| source.path.starts_with(module) || source.path == module.with_extension("rs"));
    }
    Ok(sources)
}

/// The folders (`a/b` for `a/b.rs` and `a/b/**`) that `#[cfg(test)] mod b;` in this file stands for.
fn test_modules(source: &Source) -> Vec<PathBuf> {
    let folder = match source.path.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") => source.path.parent().unwrap_or(Path::new("")).to_path_buf(),
        _ => source.path.with_extension(""),
    };
    source.facts.test_modules.iter().map(|name| folder.join(name)).collect()
}

/// The files under `root` with one of the extensions, relative to it and sorted; hidden folders, build output and
/// other people's packages aside.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(root: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))? {
            let path = entry.map_err(|e| format!("{}: {e}", folder.display()))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                let skip = name.starts_with('.')
                    || ["target", "node_modules", "fixtures", "corpus", "artifacts"].contains(&name.as_str());
                if !skip {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)) {
                found.push(path.strip_prefix(root).unwrap_or(&path).to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}
