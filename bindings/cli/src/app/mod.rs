//! The command tree: one command for each system in the registry, below it one for each operation; and the built-in ones.

mod operation;
mod overview;

use std::ffi::OsString;

use clap::Command;
use heptad::core::operation::{Registry, Spec};

use crate::{
    args::kebab,
    commands::BUILTINS,
    globals,
    output::style::{CLAP, STRONG, paint},
    systems,
};

/// Lines of help are not longer than this, however wide the terminal is.
pub(crate) const WIDEST: usize = 110;

/// The width of help here and now, as clap sees it.
fn width() -> usize {
    const WITHOUT_A_TERMINAL: usize = 100;
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    terminal.unwrap_or(WITHOUT_A_TERMINAL).min(WIDEST)
}

/// Which operations get their flags: making them takes most of the time, and a command line names one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Detail<'a> {
    /// All of them.
    Everything,
    /// Those whose system and name are among these words.
    Named(&'a [OsString]),
}

impl Detail<'_> {
    fn covers(self, spec: &Spec) -> bool {
        let typed = |words: &[OsString], name: &str| words.iter().any(|word| word == name);
        match self {
            Self::Everything => true,
            Self::Named(words) => typed(words, spec.system) && typed(words, &kebab(spec.name)),
        }
    }

    /// Whether the whole request may come by `--json`, so that nothing else is required.
    fn takes_json(self) -> bool {
        match self {
            Self::Everything => true,
            Self::Named(words) => {
                words.iter().any(|word| word == "--json" || word.to_string_lossy().starts_with("--json="))
            }
        }
    }
}

/// Everything that can be typed.
pub(crate) fn command(registry: &Registry, detail: Detail<'_>) -> Command {
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
            .subcommands(operations.map(|each| match detail.covers(each.spec) {
                true => operation::whole(each.spec, detail.takes_json()),
                false => operation::outline(each.spec),
            }))
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
    use std::ffi::OsString;

    use super::Detail;
    use crate::sample;

    fn help(line: &[&str]) -> String {
        let line: Vec<OsString> =
            std::iter::once("heptad").chain(line.iter().copied()).map(OsString::from).collect();
        let error = super::command(&sample::registry(), Detail::Named(&line))
            .try_get_matches_from(&line)
            .expect_err("help is an error to clap");
        error.render().to_string()
    }

    #[test]
    fn the_tree_has_no_conflicts() {
        super::command(&sample::registry(), Detail::Everything).debug_assert();
    }

    #[test]
    fn what_is_named_is_there_in_full_and_nothing_else() {
        let words: Vec<OsString> = ["heptad", "sample", "scan"].map(OsString::from).into();
        let tree = super::command(&sample::registry(), Detail::Named(&words));
        let system = tree.find_subcommand("sample").expect("the system");
        let flags = |name: &str| system.find_subcommand(name).expect("the operation").get_arguments().count();
        assert!(flags("scan") > 10);
        assert_eq!(flags("check-rules"), 0);
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
