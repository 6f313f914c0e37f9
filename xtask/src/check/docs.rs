//! The compiler finds the undocumented item; this rule sees that it is asked everywhere.

use super::{Findings, House, Violation, manifests};
use crate::workspace::Layer;

pub(super) fn look(house: &House) -> Findings {
    let mut violations = Vec::new();
    let root = manifests::table(house, "Cargo.toml".as_ref());
    let level = root
        .as_ref()
        .ok()
        .and_then(|root| root.get("workspace")?.get("lints")?.get("rust")?.get("missing_docs")?.as_str());
    if !matches!(level, Some("warn" | "deny" | "forbid")) {
        let right = "`missing_docs = \"warn\"` there puts it on for every crate";
        violations.push(Violation::new(
            "Cargo.toml",
            0,
            "[workspace.lints.rust] does not turn `missing_docs` on",
            right,
        ));
    }
    for package in &house.workspace.packages {
        let inherits = manifests::table(house, &package.manifest()).is_ok_and(|table| {
            table.get("lints").and_then(|lints| lints.get("workspace")?.as_bool()) == Some(true)
        });
        if !inherits {
            let what = format!("`{}` does not take the workspace's lints", package.name);
            violations.push(Violation::new(
                package.manifest(),
                0,
                what,
                "add `[lints]` with `workspace = true`",
            ));
        }
    }
    // The name of a conformance case is its documentation.
    for source in house.sources.iter().filter(|source| !source.test && source.layer != Some(Layer::Testkit)) {
        let off = source
            .facts
            .levels
            .iter()
            .filter(|level| level.inner && level.arguments.contains("missing_docs"));
        violations.extend(off.map(|level| {
            Violation::new(
                &source.path,
                level.line,
                "turns `missing_docs` off",
                "document what is public, or make it private",
            )
        }));
    }
    violations.into_iter().collect()
}
