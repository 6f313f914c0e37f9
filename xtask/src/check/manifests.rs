//! A dependency is named once, in `[workspace.dependencies]`; members take it from there.

use std::path::Path;

use toml::Table;

use super::{Findings, House, Violation, drivers::matches};
use crate::{Result, workspace::Package};

/// Dependencies that only one crate can have and that each carry a version of their own.
const DECLARED: &[(&str, &str)] = &[("heptad-core", "tree-sitter-*")];

/// The sections that name dependencies.
const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(super) fn look(house: &House) -> Findings {
    let mut violations = Vec::new();
    for package in &house.workspace.packages {
        let table = match table(house, &package.manifest()) {
            Ok(table) => table,
            Err(reason) => {
                violations.push(Violation::new(package.manifest(), 0, reason, "a manifest is TOML"));
                continue;
            }
        };
        let targets = table.get("target").and_then(|targets| targets.as_table()).into_iter().flatten();
        let places = targets.filter_map(|(_, target)| target.as_table()).chain([&table]);
        for (name, value) in
            places.flat_map(|place| SECTIONS.iter().filter_map(|s| place.get(*s)?.as_table()).flatten())
        {
            let inherited = value.get("workspace").and_then(|workspace| workspace.as_bool()) == Some(true);
            let declared =
                DECLARED.iter().any(|(who, pattern)| *who == package.name && matches(pattern, name));
            if !inherited && !declared {
                let what = format!("`{name}` carries a version or path of its own");
                let right = "name it in [workspace.dependencies] and write `workspace = true` here";
                violations.push(Violation::new(
                    package.manifest(),
                    line_of(house, package, name),
                    what,
                    right,
                ));
            }
        }
    }
    violations.into_iter().collect()
}

/// A TOML file of the workspace.
pub(super) fn table(house: &House, file: &Path) -> Result<Table> {
    house.workspace.read(file)?.parse().map_err(|e| format!("{}: {e}", file.display()))
}

/// The line of a package's manifest that declares the dependency; 0 when it cannot be told.
pub(super) fn line_of(house: &House, package: &Package, dependency: &str) -> usize {
    let text = house.workspace.read(package.manifest()).unwrap_or_default();
    let mut section = String::new();
    for (at, line) in text.lines().enumerate() {
        if let Some(name) = line.trim().strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        }
        let here = section.ends_with("dependencies") && section != "workspace.dependencies";
        if here && line.split(['=', '.', ' ']).next() == Some(dependency) {
            return at + 1;
        }
    }
    0
}
