//! `heptad help`: the help of a command, or one of a few topics.

use std::{fmt::Write as _, process::ExitCode};

use clap::{Arg, ArgAction, Command};
use heptad::core::Result;

use super::Call;
use crate::{
    app::WIDEST,
    exit,
    output::{
        markdown,
        style::{STRONG, paint},
    },
};

/// Topics: a name, what it is about, and the text.
const TOPICS: &[(&str, &str, fn() -> String)] = &[
    ("exit-codes", "What the exit code says", exit_codes),
    ("requests", "Flags, --json, and how they go together", || markdown::render(REQUESTS)),
    ("formats", "--format, colours, and what goes where", || markdown::render(FORMATS)),
    ("database", "Where things are kept", || markdown::render(DATABASE)),
];

const REQUESTS: &str = include_str!("help/requests.md");
const FORMATS: &str = include_str!("help/formats.md");
const DATABASE: &str = include_str!("help/database.md");

pub(super) fn command() -> Command {
    let topics: String = TOPICS
        .iter()
        .map(|(name, about, _)| format!("  {}{}{about}\n", paint(STRONG, name), " ".repeat(14 - name.len())))
        .collect();
    Command::new("help")
        .about("Help on a command or a topic: exit-codes, requests, formats, database")
        .arg(Arg::new("words").value_name("COMMAND|TOPIC").action(ArgAction::Append).num_args(0..))
        .after_help(format!("Topics:\n{topics}"))
}

pub(super) fn run(call: &Call<'_>) -> Result<ExitCode> {
    let words: Vec<&str> =
        call.matches.get_many::<String>("words").into_iter().flatten().map(String::as_str).collect();
    if let [word] = words[..] {
        if let Some((.., text)) = TOPICS.iter().find(|(name, ..)| *name == word) {
            // clap wraps it to the terminal.
            let mut page =
                Command::new("topic").about(text()).help_template("{about}\n").max_term_width(WIDEST);
            call.console.print(&page.render_help().ansi().to_string())?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    // A command's help is what it says of itself. `review.scan` is understood as well.
    let words = words.iter().flat_map(|word| word.split('.')).map(|word| word.replace('_', "-"));
    let line = std::iter::once("heptad".to_owned()).chain(words).chain(["--help".to_owned()]);
    match crate::app::command(call.registry).try_get_matches_from(line) {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => crate::usage::report(&error, call.console),
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
