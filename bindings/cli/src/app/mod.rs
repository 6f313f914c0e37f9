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
pub(crate) const WIDEST: usize = 110;

/// Everything that can be typed.
pub(crate) fn command(registry: &Registry) -> Command {
    let root = Command::new("heptad")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Heptad: an embeddable AI platform, seven systems over one kernel")
        .help_template(overview::template(registry))
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

#[cfg(test)]
mod tests {
    use crate::sample;

    fn help(line: &[&str]) -> String {
        let line = std::iter::once("heptad").chain(line.iter().copied());
        let error = super::command(&sample::registry())
            .try_get_matches_from(line)
            .expect_err("help is an error to clap");
        error.render().to_string()
    }

    #[test]
    fn the_tree_has_no_conflicts() {
        super::command(&sample::registry()).debug_assert();
    }

    #[test]
    fn an_operation_explains_itself() {
        insta::assert_snapshot!("scan_short", help(&["sample", "scan", "-h"]));
        insta::assert_snapshot!("scan_long", help(&["sample", "scan", "--help"]));
        insta::assert_snapshot!("check_rules_short", help(&["sample", "check-rules", "-h"]));
    }

    #[test]
    fn a_system_lists_its_operations() {
        insta::assert_snapshot!("system", help(&["sample", "--help"]));
    }

    #[test]
    fn a_newcomer_sees_what_there_is() {
        insta::assert_snapshot!("overview", help(&["--help"]));
    }
}
