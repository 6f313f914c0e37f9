//! `heptad help`: the help of a command, or one of a few topics.

use std::{ffi::OsString, fmt::Write as _, process::ExitCode};

use clap::{Arg, ArgAction, Command};
use heptad::core::Result;

use super::Call;
use crate::{
    app::{self, WIDEST},
    exit,
    output::{
        markdown,
        style::{STRONG, paint},
        wrap,
    },
};

/// A page that belongs to no command.
struct Topic {
    name: &'static str,
    about: &'static str,
    text: fn() -> String,
    /// How far a line that goes on is indented.
    hang: usize,
}

const TOPICS: &[Topic] = &[
    Topic { name: "exit-codes", about: "What the exit code says", text: exit_codes, hang: 5 },
    Topic {
        name: "requests",
        about: "Flags, --json, and how they go together",
        text: || markdown::render(include_str!("help/requests.md")),
        hang: 0,
    },
    Topic {
        name: "formats",
        about: "--format, colours, and what goes where",
        text: || markdown::render(include_str!("help/formats.md")),
        hang: 0,
    },
    Topic {
        name: "database",
        about: "Where things are kept",
        text: || markdown::render(include_str!("help/database.md")),
        hang: 0,
    },
];

pub(super) fn command() -> Command {
    let names: Vec<_> = TOPICS.iter().map(|topic| topic.name).collect();
    let line = |topic: &Topic| {
        format!("  {}{}{}\n", paint(STRONG, topic.name), " ".repeat(14 - topic.name.len()), topic.about)
    };
    Command::new("help")
        .about(format!("Help on a command or a topic: {}", names.join(", ")))
        .arg(
            Arg::new("words")
                .value_name("COMMAND|TOPIC")
                .help("A command such as `review scan`, or a topic; nothing: all commands")
                .action(ArgAction::Append)
                .num_args(0..),
        )
        .after_help(format!("Topics:\n{}", TOPICS.iter().map(line).collect::<String>()))
}

pub(super) fn run(call: &Call<'_>) -> Result<ExitCode> {
    let words = call.matches.get_many::<String>("words").into_iter().flatten();
    let words: Vec<&str> = words.map(String::as_str).collect();
    match TOPICS.iter().find(|topic| words == [topic.name]) {
        Some(topic) => show_topic(topic, call),
        None => show_command(&words, call),
    }
}

fn show_topic(topic: &Topic, call: &Call<'_>) -> Result<ExitCode> {
    let width = call.console.width.map_or(WIDEST, |width| width.min(WIDEST));
    call.console.print(&wrap::hanging(&(topic.text)(), width, topic.hang))?;
    Ok(ExitCode::SUCCESS)
}

/// A command's help is what it says of itself. `review.scan` is understood as well.
fn show_command(words: &[&str], call: &Call<'_>) -> Result<ExitCode> {
    let words = words.iter().flat_map(|word| word.split('.')).map(|word| word.replace('_', "-"));
    let line: Vec<OsString> =
        std::iter::once("heptad".into()).chain(words.map(OsString::from)).chain(["--help".into()]).collect();
    match app::command(call.registry, app::Detail::Named(&line)).try_get_matches_from(&line) {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => crate::usage::report(&error, call.registry, call.console),
    }
}

fn exit_codes() -> String {
    let mut out = String::new();
    for (code, kinds, meaning) in exit::TABLE {
        let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
        let _ = writeln!(out, "{}  {meaning}{kinds}", paint(STRONG, &format!("{code:>3}")));
    }
    out
}
