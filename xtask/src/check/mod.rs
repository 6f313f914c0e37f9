//! The invariants of the architecture, proved by code. One file per rule; [`RULES`] is the whole list.
//!
//! A rule looks at the [`House`] and says what it found. A rule that cannot look (the package registry is out of reach) says so:
//! it counts as not run, never as passed.

mod bans;
mod deny;
mod direction;
mod docs;
mod drivers;
mod features;
mod leftovers;
mod levels;
mod licences;
mod manifests;
mod map;
mod panics;
mod rooms;
mod sans_io;
mod sizes;
mod tree;
mod unsafety;

use std::{cell::OnceCell, fmt, path::PathBuf};

use crate::{
    Result,
    graph::Graph,
    source::{self, Source},
    workspace::Workspace,
};

/// Everything that a rule may look at.
pub struct House {
    /// The manifests.
    pub workspace: Workspace,
    /// The Rust files.
    pub sources: Vec<Source>,
    graph: OnceCell<Result<Graph>>,
}

impl House {
    /// Reads the house.
    ///
    /// # Errors
    /// When a manifest or a file cannot be read.
    pub fn load(workspace: Workspace) -> Result<House> {
        let sources = source::load(&workspace)?;
        Ok(House { workspace, sources, graph: OnceCell::new() })
    }

    /// The resolved graph, read on first use.
    fn graph(&self) -> Result<&Graph> {
        self.graph.get_or_init(|| Graph::load(&self.workspace.root)).as_ref().map_err(Clone::clone)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The file, relative to the root.
    pub file: PathBuf,
    /// The line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub right: String,
}

impl Violation {
    fn new(
        file: impl Into<PathBuf>,
        line: usize,
        what: impl Into<String>,
        right: impl Into<String>,
    ) -> Violation {
        Violation { file: file.into(), line, what: what.into(), right: right.into() }
    }
}

/// What a rule found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What is wrong; empty is good.
    pub violations: Vec<Violation>,
    /// A figure worth printing.
    pub note: Option<String>,
    /// Why the rule could not look at all.
    pub not_run: Option<String>,
}

impl Findings {
    fn not_run(reason: impl Into<String>) -> Findings {
        Findings { not_run: Some(reason.into()), ..Findings::default() }
    }
}

impl FromIterator<Violation> for Findings {
    fn from_iter<I: IntoIterator<Item = Violation>>(violations: I) -> Findings {
        Findings { violations: violations.into_iter().collect(), ..Findings::default() }
    }
}

/// One invariant.
pub struct Rule {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    look: fn(&House) -> Findings,
}

/// All rules.
pub const RULES: &[Rule] = &[
    Rule::new(
        "direction",
        "bindings stand on the facade, it on the systems, they on core alone",
        direction::look,
    ),
    Rule::new(
        "drivers",
        "only core names a backend driver, only bindings name a surface's framework",
        drivers::look,
    ),
    Rule::new(
        "sans-io",
        "engines touch no runtime, network, file, process, clock or terminal",
        sans_io::look,
    ),
    Rule::new("sizes", "a file stays under 500 lines", sizes::look),
    Rule::new("docs", "missing_docs is on in every crate and never turned off", docs::look),
    Rule::new("tree", "the facade's default tree is small and has no heavy crate", tree::look),
    Rule::new("panics", "no unwrap, panic or todo outside tests; expect states an invariant", panics::look),
    Rule::new("unsafe", "unsafe only in bindings and declared files", unsafety::look),
    Rule::new("levels", "a lint is turned down only with a reason", levels::look),
    Rule::new("leftovers", "no unfinished notes, no paths of somebody's machine", leftovers::look),
    Rule::new("manifests", "dependencies come from the workspace", manifests::look),
    Rule::new("features", "every feature is documented where it is declared", features::look),
    Rule::new("rooms", "every system has the same rooms", rooms::look),
    Rule::new("map", "the code map of ARCHITECTURE.md is complete and true", map::look),
    Rule::new("licences", "every package's licence is on the list of deny.toml", licences::look),
    Rule::new(
        "bans",
        "only the wrappers of deny.toml name a driver; packages come from the registry",
        bans::look,
    ),
];

impl Rule {
    const fn new(name: &'static str, says: &'static str, look: fn(&House) -> Findings) -> Self {
        Self { name, says, look }
    }

    /// Looks at the house.
    pub fn look(&self, house: &House) -> Findings {
        (self.look)(house)
    }
}

/// The rule of that name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// `cargo xtask check [--list] [RULE]…`: true when no rule found a violation.
///
/// # Errors
/// When a rule does not exist or the house cannot be read.
pub fn main(arguments: &[String]) -> Result<bool> {
    if arguments.iter().any(|argument| argument == "--list") {
        RULES.iter().for_each(|rule| println!("{:<12} {}", rule.name, rule.says));
        return Ok(true);
    }
    if let Some(unknown) = arguments.iter().find(|name| rule(name).is_none()) {
        return Err(format!("`{unknown}` is not a rule; `cargo xtask check --list` names them"));
    }
    let house = House::load(Workspace::here()?)?;
    let (mut violations, mut silent) = (0, 0);
    for rule in
        RULES.iter().filter(|rule| arguments.is_empty() || arguments.iter().any(|name| name == rule.name))
    {
        let findings = rule.look(&house);
        violations += findings.violations.len();
        silent += usize::from(findings.not_run.is_some());
        print!("{}", Lines(rule, &findings));
    }
    println!("{violations} violations, {silent} rules not run, {} files", house.sources.len());
    Ok(violations == 0)
}

/// The report of one rule.
pub(crate) struct Lines<'a>(pub &'a Rule, pub &'a Findings);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lines(rule, findings) = self;
        if let Some(reason) = &findings.not_run {
            return writeln!(f, "not run: {}: {reason}", rule.name);
        }
        for Violation { file, line, what, right } in &findings.violations {
            let line = if *line == 0 { String::new() } else { format!("{line}:") };
            writeln!(f, "{}:{line} {}: {what}; {right}", file.display(), rule.name)?;
        }
        let note = findings.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        let verdict = if findings.violations.is_empty() { "ok" } else { "FAILED" };
        writeln!(f, "{verdict}: {}: {}{note}", rule.name, rule.says)
    }
}
