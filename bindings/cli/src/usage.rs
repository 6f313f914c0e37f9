//! What clap has to say: help, the version, and what it did not understand.

use std::{ffi::OsString, process::ExitCode};

use anstream::ColorChoice;
use clap::error::{ContextKind, ContextValue, ErrorKind as Usage};
use heptad::core::{Error, ErrorKind, Result, operation::Registry};

use crate::{
    args::kebab,
    exit,
    output::{Console, Format},
    systems::SEVEN,
};

/// What has to be known before the arguments are understood, for it decides how a misunderstanding is told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Early {
    pub(crate) format: Format,
    pub(crate) color: ColorChoice,
}

impl Early {
    /// Looks for `--format` and `--color`, and believes whatever is plausible.
    pub(crate) fn peek(args: &[OsString]) -> Self {
        let mut early = Self::default();
        let args: Vec<_> =
            args.iter().map(|arg| arg.to_string_lossy()).take_while(|arg| arg != "--").collect();
        for (index, arg) in args.iter().enumerate() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (arg.as_ref(), args.get(index + 1).map(AsRef::as_ref)),
            };
            match (name, value) {
                ("--format", Some(value)) => early.format = Format::named(value).unwrap_or_default(),
                ("--color", Some("always")) => early.color = ColorChoice::Always,
                ("--color", Some("never")) => early.color = ColorChoice::Never,
                _ => {}
            }
        }
        early
    }
}

/// Shows the help that was asked for, or says what was not understood.
pub(crate) fn report(error: &clap::Error, registry: &Registry, console: &Console) -> Result<ExitCode> {
    if let Some(error) = known_word(error, registry) {
        return Err(error);
    }
    match error.kind() {
        // A system without an operation: what it has is what was asked for.
        Usage::DisplayHelpOnMissingArgumentOrSubcommand if !console.format.is_json() => {
            console.print(&error.render().ansi().to_string())?;
            Ok(ExitCode::SUCCESS)
        }
        Usage::DisplayHelp | Usage::DisplayVersion => {
            console.print(&error.render().ansi().to_string())?;
            Ok(ExitCode::SUCCESS)
        }
        _ if console.format.is_json() => Err(as_error(error)),
        _ => {
            console.complain(&in_our_words(&error.render().ansi().to_string()));
            Ok(ExitCode::from(exit::USAGE))
        }
    }
}

/// A word that is no command, but that we know: a system which this build lacks, or an operation by its full name.
fn known_word(error: &clap::Error, registry: &Registry) -> Option<Error> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    if SEVEN.iter().any(|(name, _)| name == word) {
        let message = format!("the system `{word}` is not in this build");
        return Some(Error::new(ErrorKind::Unsupported, message));
    }
    let operation = registry.get(&word.replace('-', "_"))?.spec;
    let right = format!("heptad {} {}", operation.system, kebab(operation.name));
    Some(Error::invalid(format!("`{word}` is typed as two words: `{right}`")))
}

/// What clap calls a subcommand is a system, an operation or a command here.
fn in_our_words(text: &str) -> String {
    text.replace("unrecognized subcommand", "unknown command")
        .replace("a similar subcommand exists", "did you mean")
        .replace("some similar subcommands exist", "did you mean")
        .replace("a similar argument exists", "did you mean")
        .replace("some similar arguments exist", "did you mean")
}

/// clap's message as an error like all others; its tip is kept, its usage is not.
fn as_error(error: &clap::Error) -> Error {
    let text = in_our_words(&error.render().to_string());
    let mut parts = text.split("\n\n");
    let message = parts.next().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
    let tip = parts.find_map(|part| part.trim().strip_prefix("tip: ").map(str::to_owned));
    let error = Error::invalid(message);
    match tip {
        Some(tip) => error.with("tip", tip),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use anstream::ColorChoice;

    use super::Early;
    use crate::output::Format;

    #[test]
    fn format_and_colour_are_known_before_anything_else_is_understood() {
        for (line, format, color) in [
            ("review scan", Format::Text, ColorChoice::Auto),
            ("--format json nonsense", Format::Json, ColorChoice::Auto),
            ("nonsense --format=jsonl --color=always", Format::Jsonl, ColorChoice::Always),
            ("--color never --format sarif", Format::Text, ColorChoice::Never),
            ("-- --format json", Format::Text, ColorChoice::Auto),
            ("--format", Format::Text, ColorChoice::Auto),
        ] {
            let args: Vec<_> = line.split(' ').map(Into::into).collect();
            assert_eq!(Early::peek(&args), Early { format, color }, "{line}");
        }
    }
}
