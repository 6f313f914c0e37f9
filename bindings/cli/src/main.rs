//! The command line of Heptad: `heptad <system> <operation>`.
//!
//! It is made from the operation registry when it starts. Begin reading in `app` (the command tree); `schema` and `args` turn a request's
//! JSON Schema into flags, `request` turns what was typed into JSON, `commands::operation` makes the call, `output` shows what comes back.
//! `platform` is the only file that opens one.

mod app;
mod args;
mod commands;
mod defect;
mod exit;
mod globals;
#[cfg(test)]
mod laws;
mod log;
mod output;
mod platform;
mod progress;
mod request;
mod runtime;
#[cfg(test)]
mod sample;
mod schema;
mod signature;
mod systems;
mod traces;
mod usage;

use std::{ffi::OsString, process::ExitCode};

use clap::ArgMatches;
use heptad::core::{Result, operation::Registry};

use crate::{
    app::Detail,
    args::kebab,
    commands::{BUILTINS, Call, operation::Form},
    globals::Globals,
    output::{Console, Format, is_closed},
    usage::Early,
};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let early = Early::peek(&args);
    early.color.write_global();
    let console = Console::new(&Globals::default(), early.format);
    defect::silence();
    finish(defect::caught(|| run(args, &console)), &console)
}

/// Tells what went wrong, and says so with the exit code.
fn finish(result: Result<ExitCode>, console: &Console) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) if is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let error = defect::placed(error);
            console.error(&error);
            ExitCode::from(exit::of(error.kind()))
        }
    }
}

fn run(mut args: Vec<OsString>, console: &Console) -> Result<ExitCode> {
    if args.len() <= 1 {
        args.push("--help".into());
    }
    let registry = platform::registry();
    match app::command(&registry, Detail::Named(&args)).try_get_matches_from(&args) {
        Ok(matches) => dispatch(&registry, &matches),
        Err(error) => usage::report(&error, &registry, console),
    }
}

fn dispatch(registry: &Registry, matches: &ArgMatches) -> Result<ExitCode> {
    let Some((first, matches)) = matches.subcommand() else { return Ok(ExitCode::from(exit::USAGE)) };
    let leaf = matches.subcommand().map_or(matches, |(_, matches)| matches);
    let globals = Globals::read(leaf);
    let format = leaf.get_one::<String>("format").and_then(|name| Format::named(name)).unwrap_or_default();
    let console = Console::new(&globals, format);
    let call = Call { registry, globals: &globals, matches: leaf, console: &console };
    if let Some(builtin) = BUILTINS.iter().find(|builtin| (builtin.command)().get_name() == first) {
        Form::choose(leaf, &[])?;
        return (builtin.run)(&call);
    }
    let called = |name: &str| {
        registry.iter().find(|operation| operation.spec.system == first && kebab(operation.spec.name) == name)
    };
    match matches.subcommand().and_then(|(name, _)| called(name)) {
        Some(operation) => commands::operation::run(&call, operation),
        None => Ok(ExitCode::from(exit::USAGE)),
    }
}
