//! `heptad tour`: the platform on a real repository, one stop for each thing it does. [`stops`] walks, [`report`] tells.
//!
//! A new stop is a field of [`Tour`], the call that fills it in `stops.rs`, and the section that shows it in `report.rs`.

mod models;
mod report;
mod stops;

use std::{path::PathBuf, process::ExitCode};

use clap::{Arg, Command, ValueHint, value_parser};
use heptad::{Error, Result};

pub(crate) use self::stops::Tour;
use super::Call;
use crate::{globals::Globals, platform::Platform, progress, runtime};

pub(super) fn command() -> Command {
    let path = value_parser!(PathBuf);
    Command::new("tour")
        .about("Show what Heptad does, on a repository of yours")
        .long_about(
            "Show what Heptad does, on a repository of yours.\n\n\
             Opens a platform in a new folder (or in the one given with --at), reviews the code at PATH, indexes its code and Markdown, answers \
             a question, and shows the events that tell of it. PATH is only read.",
        )
        .arg(
            Arg::new("path")
                .value_name("PATH")
                .help("The repository")
                .default_value(".")
                .value_parser(path.clone())
                .value_hint(ValueHint::DirPath),
        )
        .arg(
            Arg::new("ask")
                .long("ask")
                .value_name("QUESTION")
                .help("What to search for")
                .default_value(stops::QUESTION),
        )
        .arg(
            Arg::new("at")
                .long("at")
                .value_name("FOLDER")
                .help("Keep the platform in this folder, and go on with what is there [default: a new temporary one]")
                .value_parser(path)
                .value_hint(ValueHint::DirPath),
        )
}

pub(super) fn run(call: &Call<'_>) -> Result<ExitCode> {
    let path = call.matches.get_one::<PathBuf>("path").cloned().unwrap_or_else(|| ".".into());
    let question = call.matches.get_one::<String>("ask").cloned().unwrap_or_default();
    let home = match call.matches.get_one::<PathBuf>("at") {
        Some(folder) => folder.clone(),
        None => temporary()?,
    };
    runtime::block_on(async {
        let watcher = progress::watcher(call.globals);
        let store = call.globals.db.clone().unwrap_or_else(|| home.join("heptad.db"));
        if let Some(folder) = store.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                Error::invalid(format!("the folder `{}` cannot be made", folder.display())).because(error)
            })?;
        }
        let opening = std::time::Instant::now();
        let globals = Globals { db: Some(store.clone()), ..call.globals.clone() };
        let platform = Platform::open(&globals, watcher.clone()).await?;
        let tour = stops::walk(platform.heptad(), &path, &question, &store, opening.elapsed());
        let tour = runtime::interruptible(tour).await;
        watcher.finish();
        let tour = tour?;
        if call.console.format.is_json() {
            let value = serde_json::to_value(&tour)
                .map_err(|error| Error::internal("the tour has no JSON form").because(error))?;
            call.console.print(&call.console.format.whole(&value, None))?;
        } else {
            call.console.print(&report::render(&tour))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// A folder of its own that stays, so that one can go on with what the tour made.
fn temporary() -> Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("heptad-tour-").tempdir();
    folder.map(tempfile::TempDir::keep).map_err(|error| {
        Error::invalid("no temporary folder can be made; name one with `--at`").because(error)
    })
}
