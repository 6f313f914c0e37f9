//! A lint is turned down only with a reason.

use super::{Findings, House, Violation};

pub(super) fn look(house: &House) -> Findings {
    let silent = house.sources.iter().flat_map(|source| {
        source.facts.levels.iter().filter(|level| !level.arguments.contains("reason =")).map(move |level| {
            let what = format!("`#[{}({})]` gives no reason", level.level, level.arguments);
            Violation::new(&source.path, level.line, what, "add `reason = \"…\"`")
        })
    });
    silent.collect()
}
