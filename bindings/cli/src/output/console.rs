//! Where results, notes and errors go.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write},
    sync::{Mutex, PoisonError},
};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use heptad::core::{Error, ErrorKind, Result};

use super::{
    Format, safe,
    style::{ERROR, FAINT, HINT, KEY, NOTE, paint},
};
use crate::{exit, globals::Globals};

/// The standard output and the standard error, and what the former can show.
pub(crate) struct Console {
    /// The form asked for.
    pub(crate) format: Format,
    /// The columns of the terminal; nothing where the output is not one.
    pub(crate) width: Option<usize>,
    terminal: bool,
    styled: bool,
    quiet: bool,
    out: Mutex<Box<dyn Write + Send>>,
}

impl Console {
    pub(crate) fn new(globals: &Globals, format: Format) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let width = terminal.then(|| terminal_size::terminal_size_of(&stdout)).flatten();
        Self {
            format,
            width: width.map(|(columns, _)| usize::from(columns.0)),
            terminal,
            styled: AutoStream::choice(&stdout) != ColorChoice::Never,
            quiet: globals.quiet,
            out: Mutex::new(Box::new(stdout)),
        }
    }

    /// A console that writes to `out`, which is no terminal.
    #[cfg(test)]
    pub(crate) fn to(out: impl Write + Send + 'static, format: Format) -> Self {
        let out: Mutex<Box<dyn Write + Send>> = Mutex::new(Box::new(out));
        Self { format, width: None, terminal: false, styled: false, quiet: false, out }
    }

    /// Writes styled text to the standard output.
    ///
    /// # Errors
    /// `Unavailable` where nobody takes it; [`is_closed`] tells a reader that has left from a full disk.
    pub(crate) fn print(&self, styled: &str) -> Result<()> {
        if self.styled { self.write(styled) } else { self.write(&strip_str(styled).to_string()) }
    }

    /// Writes what an operation rendered itself: as it is, except that it cannot drive a terminal. Errors: see [`Console::print`].
    pub(crate) fn print_rendered(&self, text: &str) -> Result<()> {
        if !self.terminal {
            return self.write(text);
        }
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        self.print(&(safe::styled(text) + end))
    }

    fn write(&self, text: &str) -> Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the standard output cannot be written").because(error)
        })
    }

    /// Tells something that is good to know, unless asked to be quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.complain(&format!("{} {text}\n", paint(NOTE, "note:")));
        }
    }

    /// Writes styled text to the standard error.
    pub(crate) fn complain(&self, styled: &str) {
        let _ = anstream::stderr().write_all(styled.as_bytes());
    }

    /// Tells what went wrong: for people, or as one line of JSON. Nothing is left to do if that fails too.
    pub(crate) fn error(&self, error: &Error) {
        let text = if self.format.is_json() { error_json(error) } else { error_text(error) };
        self.complain(&text);
    }
}

/// Whether `error` says that whoever read our output has left, as `head` does: no reason to complain.
pub(crate) fn is_closed(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn error_text(error: &Error) -> String {
    let mut out = String::new();
    let place = error.operation().map(|operation| format!("{operation}: ")).unwrap_or_default();
    let _ = writeln!(out, "{} {place}{}", paint(ERROR, "error:"), safe::visible(error.message()));
    let mut fact = |key: &str, value: &str| {
        let _ = writeln!(out, "  {} {}", paint(KEY, &format!("{key}:")), safe::visible(value));
    };
    for (key, value) in error.context() {
        fact(key, value);
    }
    for cause in causes(error) {
        fact("because", &cause);
    }
    if let Some(hint) = exit::hint(error) {
        let _ = writeln!(out, "{} {hint}", paint(HINT, "hint:"));
    }
    if error.kind() == ErrorKind::Internal {
        let _ = writeln!(out, "{}", paint(FAINT, concat!("heptad ", env!("CARGO_PKG_VERSION"))));
    }
    out
}

/// `{"error": …}` with the error as it travels everywhere, its causes, and the exit code.
fn error_json(error: &Error) -> String {
    let mut json = error.to_json();
    if let Some(properties) = json.as_object_mut() {
        properties.insert("causes".to_owned(), causes(error).into());
        properties.insert("exit_code".to_owned(), exit::of(error.kind()).into());
    }
    super::json::line(&serde_json::json!({ "error": json }))
}

fn causes(error: &Error) -> Vec<String> {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
        .map(ToString::to_string)
        .collect()
}
