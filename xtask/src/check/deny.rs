//! deny.toml, and the graph of packages that it speaks of: what the rules `licences` and `bans` look at.

use toml::Table;

use super::{Findings, House, Violation, manifests};
use crate::graph::Graph;

const FILE: &str = "deny.toml";

/// Both, or what a rule answers where one of them cannot be read.
pub(super) fn read(house: &House) -> Result<(Table, &Graph), Findings> {
    let missing = |reason: String| Findings::from_iter([violation(reason, "the licence list and the bans")]);
    let deny = manifests::table(house, FILE.as_ref()).map_err(missing)?;
    let graph = house.graph().map_err(Findings::not_run)?;
    Ok((deny, graph))
}

/// Something in the graph that deny.toml does not allow.
pub(super) fn violation(what: impl Into<String>, right: impl Into<String>) -> Violation {
    Violation::new(FILE, 0, what, right)
}
