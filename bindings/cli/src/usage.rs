//! What clap has to say: help, the version, and what it did not understand.

use std::{ffi::OsString, process::ExitCode};

use anstream::ColorChoice;
use clap::error::ErrorKind as Usage;
use heptad::core::{Error, Result};

use crate::{
    exit,
    output::{Console, Format},
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
pub(crate) fn report(error: &clap::Error, console: &Console) -> Result<ExitCode> {
    match error.kind() {
        Usage::DisplayHelp | Usage::DisplayVersion => {
            console.print(&error.render().ansi().to_string())?;
            Ok(ExitCode::SUCCESS)
        }
        _ if console.format.is_json() => Err(as_error(error)),
        _ => {
            console.complain(&error.render().ansi().to_string());
            Ok(ExitCode::from(exit::USAGE))
        }
    }
}

/// clap's message as an error like all others; its tip is kept, its usage is not.
fn as_error(error: &clap::Error) -> Error {
    let text = error.render().to_string();
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
