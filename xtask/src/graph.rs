//! What the workspace resolves to: every package that is built, who depends on it, where it comes from.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::{
    Result,
    workspace::{array, cargo, metadata, text},
};

/// The resolved graph of every package that this machine would build, for all features of the workspace.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Every package: name, version, licence expression, source (`None`: a path in this repository).
    pub packages: Vec<Node>,
}

/// A package of the [`Graph`].
#[derive(Clone, Debug)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SPDX expression of its manifest; empty when it has none.
    pub licence: String,
    /// Where it comes from; `None` for a path in this repository.
    pub source: Option<String>,
    /// Names of the packages that depend on it directly.
    pub dependents: BTreeSet<String>,
}

impl Graph {
    /// Resolves the workspace for this machine's platform, all features on.
    ///
    /// # Errors
    /// When `cargo metadata` fails, e.g. because the registry is out of reach and the lock file's packages are not here.
    pub fn load(root: &Path) -> Result<Graph> {
        let host = host()?;
        let metadata = metadata(root, &["--all-features", "--filter-platform", &host])?;
        let names: BTreeMap<&str, &str> = array(&metadata, "packages")
            .iter()
            .map(|package| (text(package, "id"), text(package, "name")))
            .collect();
        let mut dependents: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for node in array(&metadata["resolve"], "nodes") {
            for id in array(node, "dependencies").iter().filter_map(Value::as_str) {
                dependents
                    .entry(id)
                    .or_default()
                    .insert(names.get(text(node, "id")).unwrap_or(&"").to_string());
            }
        }
        let packages = array(&metadata, "packages").iter().map(|package| Node {
            name: text(package, "name").to_owned(),
            version: text(package, "version").to_owned(),
            licence: text(package, "license").to_owned(),
            source: package["source"].as_str().map(str::to_owned),
            dependents: dependents.remove(text(package, "id")).unwrap_or_default(),
        });
        Ok(Graph { packages: packages.collect() })
    }
}

/// The packages (name and version) that `cargo build -p package` compiles with these further arguments.
///
/// # Errors
/// When `cargo tree` fails.
pub fn tree(root: &Path, package: &str, arguments: &[&str]) -> Result<BTreeSet<String>> {
    let output = Command::new(cargo())
        .args([
            "tree",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--package",
            package,
        ])
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|e| format!("cargo tree: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo tree: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    // `name v1.2.3 (proc-macro) (*)`: name and version say which package it is.
    Ok(lines
        .lines()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect())
}

/// The host triple, e.g. `x86_64-unknown-linux-gnu`.
///
/// # Errors
/// When rustc does not run.
pub fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|e| format!("rustc: {e}"))?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .ok_or_else(|| "rustc -vV names no host".into())
}
