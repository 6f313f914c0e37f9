//! deny.toml's bans and sources: a driver has no direct dependents but its wrappers, every package comes from the registry.

use toml::{Table, Value};

use super::{Findings, House, deny, drivers::matches};

pub(super) fn look(house: &House) -> Findings {
    let (list, graph) = match deny::read(house) {
        Ok(read) => read,
        Err(findings) => return findings,
    };
    let mut violations = Vec::new();
    for ban in bans(&list) {
        for package in graph.packages.iter().filter(|package| matches(&ban.package, &package.name)) {
            if ban.wrappers.is_empty() {
                let what = format!("`{} {}` is in the tree", package.name, package.version);
                violations.push(deny::violation(what, &ban.reason));
            }
            for dependent in package
                .dependents
                .iter()
                .filter(|name| !ban.wrappers.is_empty() && !ban.wrappers.contains(name))
            {
                let what = format!("`{dependent}` depends on `{}`", package.name);
                violations.push(deny::violation(what, format!("only {} may", ban.wrappers.join(", "))));
            }
        }
    }
    for package in &graph.packages {
        // Cargo calls the registry by this name wherever its packages are fetched from.
        if package.source.as_ref().is_some_and(|source| !source.starts_with("registry+")) {
            let what =
                format!("`{}` comes from {}", package.name, package.source.as_deref().unwrap_or_default());
            violations.push(deny::violation(what, "packages come from the registry"));
        }
    }
    violations.into_iter().collect()
}

/// One entry of `[bans] deny`.
struct Ban {
    package: String,
    wrappers: Vec<String>,
    reason: String,
}

fn bans(deny: &Table) -> Vec<Ban> {
    let list = deny.get("bans").and_then(|bans| bans.get("deny")?.as_array());
    let text =
        |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wrappers =
        |entry: &Value| entry.get("wrappers").and_then(Value::as_array).cloned().unwrap_or_default();
    list.into_iter()
        .flatten()
        .map(|entry| Ban {
            package: text(entry, "crate"),
            wrappers: wrappers(entry).iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            reason: text(entry, "reason"),
        })
        .collect()
}
