//! The command tree: one command for each system in the registry, below it one for each operation; and the built-in ones.

mod operation;
mod overview;

use clap::Command;
use heptad::core::operation::Registry;

use crate::{
    commands::BUILTINS,
    globals,
    output::style::{CLAP, STRONG, paint},
    systems,
};

/// Lines of help are not longer than this, however wide the terminal is.
const WIDEST: usize = 110;

/// Everything that can be typed.
pub(crate) fn command(registry: &Registry) -> Command {
    let root = Command::new("heptad")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Heptad: an embeddable AI platform, seven systems over one kernel")
        .before_help(overview::text(registry))
        .help_template("{about}\n\n{usage-heading}\n  heptad [OPTIONS] <SYSTEM> <OPERATION> …\n  heptad [OPTIONS] <COMMAND> …\n\n{before-help}{options}")
        .styles(CLAP)
        .max_term_width(WIDEST)
        .args(globals::args())
        .subcommand_required(true)
        .disable_help_subcommand(true);
    let systems = systems_in(registry).into_iter().map(|system| {
        let operations = registry.iter().filter(|operation| operation.spec.system == system);
        Command::new(system)
            .about(systems::describe(system))
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommand_value_name("OPERATION")
            .subcommand_help_heading("Operations")
            .after_help(format!(
                "{} shows what one takes.",
                paint(STRONG, &format!("heptad {system} <OPERATION> --help"))
            ))
            .subcommands(operations.map(|each| operation::command(each.spec)))
    });
    root.subcommands(systems).subcommands(BUILTINS.iter().map(|builtin| (builtin.command)()))
}

/// The systems of a build, the seven in their usual order first.
fn systems_in(registry: &Registry) -> Vec<&'static str> {
    let mut systems: Vec<&str> = registry.iter().map(|operation| operation.spec.system).collect();
    systems.dedup();
    let place =
        |system: &str| systems::SEVEN.iter().chain(&systems::KERNEL).position(|(name, _)| *name == system);
    systems.sort_by_key(|system| (place(system).unwrap_or(usize::MAX), *system));
    systems
}
