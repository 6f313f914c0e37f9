//! A rule, and what it was compiled to.

use heptad_core::code::Language;

use crate::{
    model::RuleInfo,
    pattern::{Formula, Names, Need},
};

/// A rule, compiled for each of its languages.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its documentation.
    pub info: RuleInfo,
    /// What it looks for, by language.
    pub compiled: Vec<CompiledRule>,
}

/// What a rule looks for in one language.
#[derive(Clone, Debug)]
pub struct CompiledRule {
    /// The language.
    pub language: Language,
    /// What to look for.
    pub formula: Formula,
    /// Its metavariables.
    pub names: Names,
    /// What a file must contain for it to match; set when it becomes part of a [`RuleSet`](super::RuleSet).
    pub need: Need,
}
