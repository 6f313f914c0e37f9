//! JSON from an argument, a file or the standard input.

use std::{fs, io::Read as _};

use heptad::core::{Error, Result};
use serde_json::Value;

/// `@FILE`, or the text itself.
pub(crate) fn read(text: &str) -> Result<Value> {
    match text.strip_prefix('@') {
        Some(path) => {
            let content = fs::read_to_string(path)
                .map_err(|error| Error::invalid(format!("`{path}` cannot be read: {error}")))?;
            parse(&content).map_err(|error| Error::invalid(format!("`{path}` is not JSON: {error}")))
        }
        None => parse(text).map_err(|error| Error::invalid(error.to_string())),
    }
}

/// What `--json` takes: also `-` for the standard input.
pub(crate) fn read_argument(text: &str) -> Result<Value> {
    if text != "-" {
        return read(text).map_err(|error| match text.starts_with('@') {
            true => error,
            false => Error::invalid(format!("`--json` is not JSON: {}", error.message())),
        });
    }
    let mut content = String::new();
    std::io::stdin()
        .read_to_string(&mut content)
        .map_err(|error| Error::invalid(format!("the standard input cannot be read: {error}")))?;
    parse(&content).map_err(|error| Error::invalid(format!("the standard input is not JSON: {error}")))
}

fn parse(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
}
