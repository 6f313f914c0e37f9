//! What the commands do.
//!
//! A built-in command is one file and one line in [`BUILTINS`]; everything else comes from the registry ([`operation`]).

mod completion;
mod help;
pub(crate) mod operation;
mod operations;
mod tour;

use std::process::ExitCode;

use clap::{ArgMatches, Command};
use heptad::core::{Result, operation::Registry};

use crate::{globals::Globals, output::Console};

/// A command that no operation stands behind.
pub(crate) struct Builtin {
    /// Its arguments and help.
    pub(crate) command: fn() -> Command,
    /// What it does.
    pub(crate) run: fn(&Call<'_>) -> Result<ExitCode>,
}

/// The built-in commands, in the order of the help.
pub(crate) const BUILTINS: &[Builtin] = &[
    Builtin { command: tour::command, run: tour::run },
    Builtin { command: operations::command, run: operations::run },
    Builtin { command: completion::command, run: completion::run },
    Builtin { command: help::command, run: help::run },
];

/// What was typed, and what there is.
pub(crate) struct Call<'a> {
    /// All operations of this build.
    pub(crate) registry: &'a Registry,
    /// The flags that every command has.
    pub(crate) globals: &'a Globals,
    /// The arguments of the command itself.
    pub(crate) matches: &'a ArgMatches,
    /// Where the result goes.
    pub(crate) console: &'a Console,
}
