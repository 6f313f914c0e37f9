//! A feature is documented where it is declared: a `##` line above it says what it brings.

use super::{Findings, House, Violation};

pub(super) fn look(house: &House) -> Findings {
    let mut violations = Vec::new();
    for package in &house.workspace.packages {
        let text = house.workspace.read(package.manifest()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let Some(start) = lines.iter().position(|line| line.trim() == "[features]") else { continue };
        let end = lines[start + 1..]
            .iter()
            .position(|line| line.starts_with('['))
            .map_or(lines.len(), |at| start + 1 + at);
        for at in start + 1..end {
            let Some((name, _)) = lines[at].split_once('=') else { continue };
            let name = name.trim();
            // A line inside a list of features has a quote before its equals sign, if it has one at all.
            let declares = package.features.contains_key(name) && name != "default";
            if declares && !lines[at - 1].trim_start().starts_with("## ") {
                let what = format!("feature `{name}` is not documented");
                violations.push(Violation::new(
                    package.manifest(),
                    at + 1,
                    what,
                    "a line `## what it brings` just above",
                ));
            }
        }
    }
    violations.into_iter().collect()
}
