//! `cargo xtask test`: every part of the test suite, in all languages, summed into one closing line.
//!
//! A [`Part`] is a name, the tools it needs and a function; [`parts::PARTS`] is the table to which a new language or server adds its
//! line. What could not run is reported with its reason and counted as skipped, never as passed.

mod outcome;
pub mod parts;
mod tools;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

pub use outcome::Outcome;
pub use tools::Tool;

use crate::{Result, workspace::Workspace};

/// One part of the suite.
pub struct Part {
    /// Its name, for `--filter`.
    pub name: &'static str,
    /// What passes when it passes.
    pub says: &'static str,
    /// The programs it needs; they are installed when missing.
    pub needs: &'static [&'static Tool],
    /// The longest it may take.
    pub limit: Duration,
    /// Runs it.
    pub run: fn(&Context) -> Result<Outcome>,
}

/// What a part is given.
pub struct Context {
    /// The workspace under test.
    pub workspace: Workspace,
    /// Where cargo builds.
    pub target: PathBuf,
    /// When the part has to be done.
    pub deadline: Instant,
}

impl Context {
    /// How long the next child may take.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// The longest that a whole run may take: past it, what is left fails instead of being cut off without a closing line.
const TOTAL: Duration = Duration::from_secs(80 * 60);

/// What the command line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Only parts whose name contains one of these; all when empty.
    pub filter: Vec<String>,
    /// Tools not to install; `all` stands for every one.
    pub skip_install: Vec<String>,
    /// Print the parts instead of running them.
    pub list: bool,
}

impl Choice {
    /// Reads `[--filter PART]… [--skip-install TOOL|all]… [--list]`; values may be joined by commas.
    ///
    /// # Errors
    /// When an argument is unknown, a value is missing, or a filter matches no part.
    pub fn read(arguments: &[String]) -> Result<Choice> {
        let mut choice = Choice::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let (flag, joined) = argument
                .split_once('=')
                .map_or((argument.as_str(), None), |(flag, value)| (flag, Some(value)));
            let list = match flag {
                "--filter" => &mut choice.filter,
                "--skip-install" => &mut choice.skip_install,
                "--list" => {
                    choice.list = true;
                    continue;
                }
                _ => {
                    return Err(format!(
                        "`{argument}` is not an argument of `test`: --filter PART, --skip-install TOOL|all, --list"
                    ));
                }
            };
            let value = joined
                .or_else(|| arguments.next().map(String::as_str))
                .ok_or_else(|| format!("`{flag}` wants a value"))?;
            list.extend(value.split(',').map(str::to_owned));
        }
        match choice
            .filter
            .iter()
            .find(|filter| !parts::PARTS.iter().any(|part| part.name.contains(filter.as_str())))
        {
            Some(filter) => {
                Err(format!("no part is called `{filter}`; `cargo xtask test --list` names them"))
            }
            None => Ok(choice),
        }
    }

    /// Whether the part is asked for.
    pub fn wants(&self, part: &Part) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|filter| part.name.contains(filter.as_str()))
    }

    /// Whether the tool may be installed.
    fn may_install(&self, tool: &Tool) -> bool {
        !self.skip_install.iter().any(|name| name == "all" || name == tool.name)
    }
}

/// Runs the parts asked for; true when nothing failed and something passed.
///
/// # Errors
/// When the arguments or the workspace cannot be read.
pub fn main(arguments: &[String]) -> Result<bool> {
    let choice = Choice::read(arguments)?;
    if choice.list {
        parts::PARTS.iter().for_each(|part| println!("{:<10} {}", part.name, part.says));
        return Ok(true);
    }
    let workspace = Workspace::here()?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.root.join("target"), PathBuf::from);
    let (mut found, end) = (BTreeMap::new(), Instant::now() + TOTAL);
    let (mut sum, mut times) = (Outcome::default(), Vec::new());
    for part in parts::PARTS.iter().filter(|part| choice.wants(part)) {
        println!("\n── {}: {}", part.name, part.says);
        let start = Instant::now();
        let outcome = match missing(part, &choice, &mut found) {
            Some(reason) => Outcome::not_run(reason),
            None => {
                let context = Context {
                    workspace: workspace.clone(),
                    target: target.clone(),
                    deadline: end.min(start + part.limit),
                };
                (part.run)(&context).unwrap_or_else(Outcome::failed)
            }
        };
        times.push((part.name, outcome.clone(), start.elapsed()));
        sum.add(part.name, outcome);
    }
    println!();
    for (name, outcome, time) in times {
        println!(
            "{name:<10} passed {:>4}  failed {:>3}  skipped {:>3}  {:>6.1} s",
            outcome.passed,
            outcome.failed,
            outcome.skipped,
            time.as_secs_f64()
        );
    }
    sum.failures.iter().for_each(|failure| println!("failed: {failure}"));
    sum.reasons.iter().for_each(|reason| println!("not run: {reason}"));
    println!("{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped);
    Ok(sum.failed == 0 && sum.passed > 0)
}

/// Why the part cannot run: a tool is not here and could not be installed. Each tool is looked for once.
fn missing(
    part: &Part,
    choice: &Choice,
    found: &mut BTreeMap<&'static str, Option<String>>,
) -> Option<String> {
    part.needs.iter().find_map(|tool| {
        found.entry(tool.name).or_insert_with(|| tool.ensure(choice.may_install(tool)).err()).clone()
    })
}
