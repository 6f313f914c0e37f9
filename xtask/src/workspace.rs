//! The workspace as its manifests tell it: members, their layer in the house, dependencies, features.
//!
//! Read from `cargo metadata --no-deps`, which needs neither network nor a resolved graph; that is in [`crate::graph`].

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::Result;

/// Where a package stands in the house. Dependencies point from the roof to the base, never up and never sideways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// `crates/macros`.
    Macros,
    /// `crates/infer`, `crates/vectors`: engines that only compute. They know nothing of the house and are optimised in every profile.
    Compute,
    /// `crates/core`.
    Core,
    /// `crates/testkit`: for tests only.
    Testkit,
    /// `crates/<system>`.
    System,
    /// The root package.
    Facade,
    /// `bindings/*`.
    Binding,
    /// `benches`: may name what it compares with.
    Bench,
    /// `xtask`: outside the house, depends on none of it.
    Chores,
}

impl Layer {
    /// The layer of the package in `folder` (relative to the root of the workspace).
    fn of(folder: &Path) -> Result<Layer> {
        let parts: Vec<_> = folder.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        match parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => Ok(Layer::Facade),
            ["crates", "macros"] => Ok(Layer::Macros),
            ["crates", "infer" | "vectors"] => Ok(Layer::Compute),
            ["crates", "core"] => Ok(Layer::Core),
            ["crates", "testkit"] => Ok(Layer::Testkit),
            ["crates", _] => Ok(Layer::System),
            ["bindings", _] => Ok(Layer::Binding),
            ["benches"] => Ok(Layer::Bench),
            ["xtask"] => Ok(Layer::Chores),
            _ => Err(format!(
                "{}: a package belongs in crates/, bindings/, benches/ or xtask/",
                folder.display()
            )),
        }
    }
}

/// One member of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, relative to the root; empty for the facade.
    pub folder: PathBuf,
    /// Its place in the house.
    pub layer: Layer,
    /// What its manifest declares, of every kind.
    pub dependencies: Vec<Dependency>,
    /// Its features and what each turns on.
    pub features: BTreeMap<String, Vec<String>>,
    /// Its targets as (kind, name), e.g. `("bench", "group_commit")`.
    pub targets: Vec<(String, String)>,
}

impl Package {
    /// Its manifest, relative to the root.
    pub fn manifest(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }

    /// Its short name: `review` for `heptad-review`.
    pub fn short(&self) -> &str {
        self.name.strip_prefix("heptad-").unwrap_or(&self.name)
    }
}

/// One declared dependency.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// The package it names.
    pub name: String,
    /// Whether only tests, examples and benches see it.
    pub dev: bool,
}

/// All members.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The folder of the workspace's manifest.
    pub root: PathBuf,
    /// The members, by name.
    pub packages: Vec<Package>,
}

impl Workspace {
    /// The workspace that this program belongs to.
    ///
    /// # Errors
    /// When `cargo metadata` fails or a package lies where the house has no place for it.
    pub fn here() -> Result<Workspace> {
        let mut root = std::env::current_dir().map_err(|e| format!("the current folder: {e}"))?;
        while !fs::read_to_string(root.join("Cargo.toml")).is_ok_and(|text| text.contains("[workspace]")) {
            if !root.pop() {
                return Err("no Cargo.toml with [workspace] here or above".into());
            }
        }
        Workspace::load(&root)
    }

    /// Reads the workspace at `root`.
    ///
    /// # Errors
    /// As [`Workspace::here`].
    pub fn load(root: &Path) -> Result<Workspace> {
        let root = root.canonicalize().map_err(|e| format!("{}: {e}", root.display()))?;
        let metadata = metadata(&root, &["--no-deps"])?;
        let mut packages = array(&metadata, "packages")
            .iter()
            .map(|package| read_package(&root, package))
            .collect::<Result<Vec<_>>>()?;
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Workspace { root, packages })
    }

    /// The member of that name.
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// The members of one layer.
    pub fn layer(&self, layer: Layer) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(move |package| package.layer == layer)
    }

    /// The member that owns the file (relative to the root): the one with the longest matching folder.
    pub fn owner(&self, file: &Path) -> Option<&Package> {
        self.packages
            .iter()
            .filter(|package| file.starts_with(&package.folder))
            .max_by_key(|package| package.folder.components().count())
    }

    /// The text of a file, relative to the root.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, file: impl AsRef<Path>) -> Result<String> {
        let file = file.as_ref();
        fs::read_to_string(self.root.join(file)).map_err(|e| format!("{}: {e}", file.display()))
    }
}

fn read_package(root: &Path, package: &Value) -> Result<Package> {
    let manifest = Path::new(text(package, "manifest_path"));
    let folder = manifest
        .parent()
        .and_then(|folder| folder.strip_prefix(root).ok())
        .unwrap_or(Path::new(""))
        .to_path_buf();
    let dependencies = array(package, "dependencies")
        .iter()
        .map(|d| Dependency { name: text(d, "name").to_owned(), dev: text(d, "kind") == "dev" })
        .collect();
    let features = package["features"].as_object().into_iter().flatten();
    let targets = array(package, "targets")
        .iter()
        .flat_map(|target| {
            array(target, "kind")
                .iter()
                .map(|kind| (kind.as_str().unwrap_or_default().to_owned(), text(target, "name").to_owned()))
        })
        .collect();
    Ok(Package {
        name: text(package, "name").to_owned(),
        layer: Layer::of(&folder)?,
        folder,
        dependencies,
        features: features.map(|(name, on)| (name.clone(), strings(on))).collect(),
        targets,
    })
}

/// The cargo that runs us, or the one on the path.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}

pub(crate) fn metadata(root: &Path, arguments: &[&str]) -> Result<Value> {
    let output = Command::new(cargo())
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|e| format!("cargo metadata: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| format!("cargo metadata: {e}"))
}

pub(crate) fn array<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
