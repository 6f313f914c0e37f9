//! The flags that every command has.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, ValueHint, builder::PossibleValue};

use crate::output::Format;

const HEADING: &str = "Global options";

/// What they say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Globals {
    /// The database, where the command line names one.
    pub(crate) db: Option<PathBuf>,
    /// The configuration file, where the command line names one.
    pub(crate) config: Option<PathBuf>,
    /// Say nothing but results and errors.
    pub(crate) quiet: bool,
    /// How much of the log to show: 0 warnings, 1 information, 2 details, 3 everything.
    pub(crate) verbose: u8,
    /// Draw no progress bar.
    pub(crate) no_progress: bool,
}

impl Globals {
    pub(crate) fn read(matches: &ArgMatches) -> Self {
        Self {
            db: matches.get_one("db").cloned(),
            config: matches.get_one("config").cloned(),
            quiet: matches.get_flag("quiet"),
            verbose: matches.get_count("verbose"),
            no_progress: matches.get_flag("no-progress"),
        }
    }
}

/// The arguments, for the root command: clap hands them on.
pub(crate) fn args() -> Vec<Arg> {
    let path = clap::value_parser!(PathBuf);
    vec![
        Arg::new("db")
            .long("db")
            .value_name("PATH")
            .value_parser(path.clone())
            .value_hint(ValueHint::FilePath)
            .help("Database file [default: HEPTAD_STORE_PATH, else in memory]"),
        Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(path)
            .value_hint(ValueHint::FilePath)
            .help("Configuration file (TOML)"),
        // An operation may have forms of its own, which are known only where it is named: see `format`.
        format(&[]).value_parser(clap::value_parser!(String)),
        Arg::new("color")
            .long("color")
            .value_name("WHEN")
            .value_parser(["auto", "always", "never"])
            .hide_possible_values(true)
            .help("Colours: auto, always or never [default: auto; NO_COLOR is honoured]"),
        Arg::new("quiet").long("quiet").short('q').action(ArgAction::SetTrue).help("Only results and errors"),
        Arg::new("verbose")
            .long("verbose")
            .short('v')
            .action(ArgAction::Count)
            .help("Log to the standard error; repeat for more"),
        Arg::new("no-progress").long("no-progress").action(ArgAction::SetTrue).help("No progress bar"),
    ]
    .into_iter()
    .map(|arg| arg.global(true).help_heading(HEADING))
    .collect()
}

/// `--format` for a command that renders itself in `own` forms besides the usual ones.
///
/// It has no clap default: whether it was given decides who renders.
pub(crate) fn format(own: &[&str]) -> Arg {
    let usual =
        Format::ALL.iter().map(|(_, name, what)| (*name, *what)).filter(|(name, _)| !own.contains(name));
    let values: Vec<_> = own.iter().map(|name| (*name, "")).chain(usual).collect();
    let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
    let help = format!("Form of the result: {} [default: text]", names.join(", "));
    Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .hide_possible_values(true)
        .value_parser(clap::builder::PossibleValuesParser::new(values.into_iter().map(|(name, what)| {
            let value = PossibleValue::new(name.to_owned());
            if what.is_empty() { value } else { value.help(what) }
        })))
        .global(true)
        .help_heading(HEADING)
        .help(help)
}
